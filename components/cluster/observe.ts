// Finds out what there is on this machine, for preflight.ts to judge. Quick: a preview waits for
// it.

import { statfs } from 'node:fs/promises';
import type { ManagedConfig } from '../../config/managed.ts';
import type { StackConfig } from '../../config/schema.ts';
import { brokerNodePorts } from '../../config/servers.ts';
import { isPortTaken } from '../../tooling/ports.ts';
import { CommandError, type Run, runWithin } from '../../tooling/run.ts';
import { observeAws } from '../aws/observe.ts';
import { stackNeeds } from '../stack/needs.ts';
import { clusterNameOf } from './names.ts';
import {
  type EngineFact,
  type Facts,
  type K3dFacts,
  type KubeconfigFacts,
  noticesOf,
  type PortFact,
  PreflightError,
  problemsOf,
  shortagesOf,
  type Tool,
  type ToolFact,
} from './preflight.ts';
import { type ClusterFacts, parseClasses, parseKeda } from './requirements.ts';
import { ENGINE_FORMAT, NODES_FORMAT, parseEngine, parseNodes } from './room.ts';

const version = (text: string): string => /v?(\d+(?:\.\d+)+)/.exec(text)?.[1] ?? 'unknown';

const versionArguments: Readonly<Record<Tool, readonly string[]>> = {
  aws: ['--version'],
  docker: ['--version'],
  k3d: ['version'],
  kubectl: ['version', '--client', '--output=json'],
  pulumi: ['version'],
};

/** Limit of a command, milliseconds. */
const COMMAND_MS = 15_000;

async function toolFact(run: Run, tool: Tool): Promise<ToolFact> {
  const printed = await run(tool, versionArguments[tool]).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    return error.missing ? undefined : error.output;
  });
  if (printed === undefined) return undefined;
  if (tool !== 'kubectl') return { version: version(printed) };
  return { version: version(/"gitVersion":\s*"([^"]*)"/.exec(printed)?.[1] ?? '') };
}

/** What `look` gives, or why a command of it failed. */
const orUnreachable = <T>(look: Promise<T>): Promise<T | { readonly unreachable: string }> =>
  look.catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    return { unreachable: error.reason || 'it does not answer' };
  });

const engineFact = (run: Run): Promise<EngineFact> =>
  orUnreachable(
    run('docker', ['version', '--format={{.Server.Version}}']).then((printed) => ({ version: printed.trim() })),
  );

/** One line of `docker ps` in our format. */
interface Running {
  readonly name: string;
  readonly cluster: string;
  readonly state: string;
  readonly ports: readonly number[];
}

/**
 * Reads `docker ps` in the format below: name, cluster, state and ports, such as
 * `127.0.0.1:8080->80/tcp, 0.0.0.0:90-92->…`.
 */
export function parseRunning(printed: string): readonly Running[] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', cluster = '', state = '', ports = ''] = line.split('\t');
      const published = [...ports.matchAll(/:(\d+)(?:-(\d+))?->/g)].flatMap(([, first, last = first]) =>
        Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
      );
      return { name, cluster, state, ports: published };
    });
}

const PS = ['ps', '--all', '--format={{.Names}}\t{{.Label "k3d.cluster"}}\t{{.State}}\t{{.Ports}}'];

/** Ports that the stack wants and others have. The stack's own cluster has its ports by right. */
async function portFacts(
  config: ManagedConfig,
  cluster: string,
  containers: readonly Running[],
): Promise<readonly PortFact[]> {
  const { hostAddress, httpPort, nodePortHostPort, apiPort, registryPort } = config.cluster;
  const wanted: readonly (readonly [key: string, port: number, address: string])[] = [
    ['cluster:httpPort', httpPort, hostAddress],
    ['cluster:nodePortHostPort', nodePortHostPort, hostAddress],
    ['cluster:apiPort', apiPort, '127.0.0.1'],
    ['cluster:registryPort', registryPort, '127.0.0.1'],
    ...brokerNodePorts(config).map((port) => ['kafka:nodePort', port, hostAddress] as const),
  ];
  const facts = await Promise.all(
    wanted.map(async ([key, port, address]): Promise<readonly PortFact[]> => {
      const holder = containers.find(({ ports }) => ports.includes(port));
      if (holder?.cluster === cluster || !(await isPortTaken(port, address))) return [];
      return [{ key, port, ...(holder && { container: holder.name }) }];
    }),
  );
  return facts.flat();
}

/**
 * Free space where a folder is; undefined where there is no such folder, as with Docker Desktop.
 */
const freeBytes = (folder: string): Promise<number | undefined> =>
  statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );

async function observeK3d(run: Run, stack: string, config: ManagedConfig, tools: Facts['tools']): Promise<K3dFacts> {
  const engine = tools.docker === undefined ? undefined : await engineFact(run);
  const name = clusterNameOf(stack);
  const containers = engine !== undefined && 'version' in engine ? parseRunning(await run('docker', PS)) : [];
  const room = await run('docker', ['info', ENGINE_FORMAT]).then(
    (printed) => parseEngine(printed, freeBytes),
    () => undefined,
  );
  const ours = containers.filter(({ cluster }) => cluster === name);
  const state = ours.some((container) => container.state !== 'running') ? 'stopped' : 'running';
  return {
    kind: 'k3d',
    tools,
    ...(engine && { engine }),
    ...(room && { room }),
    cluster: ours.length === 0 ? 'absent' : state,
    taken: await portFacts(config, name, containers),
  };
}

/** What `look` gives; undefined where the user may not see it. */
const ifAllowed = <T>(look: Promise<T>): Promise<T | undefined> =>
  look.catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    return undefined;
  });

type Get = (...what: string[]) => Promise<string>;

/** Asks an existing cluster what the stack requires of it. */
async function clusterFacts(get: Get): Promise<ClusterFacts> {
  const [classes, priorityClasses, daemonSets, nodeVersions, metrics, keda] = await Promise.all([
    get('storageclasses,ingressclasses', '--output=json').then(parseClasses),
    ifAllowed(get('priorityclasses', '--output=jsonpath={.items[*].metadata.name}').then(words)),
    ifAllowed(get('daemonsets', '--all-namespaces', '--output=jsonpath={.items[*].metadata.name}').then(words)),
    ifAllowed(get('nodes', '--output=jsonpath={.items[*].status.nodeInfo.kubeletVersion}').then(words)),
    ifAllowed(
      get('apiservices', 'v1beta1.metrics.k8s.io', '--ignore-not-found', '--output=name').then((name) => name !== ''),
    ),
    ifAllowed(
      get('deployments', '--all-namespaces', '--selector=app.kubernetes.io/name=keda-operator', '--output=json').then(
        parseKeda,
      ),
    ),
  ]);
  return {
    ...classes,
    ...(priorityClasses && { priorityClasses }),
    ...(daemonSets && { daemonSets }),
    ...(nodeVersions && { nodeVersions }),
    ...(metrics !== undefined && { metrics }),
    ...(keda !== undefined && { keda }),
  };
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

async function observeKubeconfig(
  run: Run,
  config: StackConfig['cluster'],
  tools: Facts['tools'],
): Promise<KubeconfigFacts> {
  const engine = tools.docker === undefined ? undefined : await engineFact(run);
  const facts: KubeconfigFacts = { kind: 'kubeconfig', tools, ...(engine && { engine }) };
  if (tools.kubectl === undefined) return facts;
  const printed = await run('kubectl', ['config', 'get-contexts', '--output=name']).catch(() => '');
  const contexts = printed.split('\n').filter((line) => line !== '');
  const { context = '' } = config;
  if (!contexts.includes(context)) return { ...facts, contexts };
  const get: Get = (...what) => run('kubectl', [`--context=${context}`, '--request-timeout=10s', 'get', ...what]);
  const [answer, room] = await Promise.all([
    orUnreachable(clusterFacts(get)),
    get('nodes', NODES_FORMAT).then(parseNodes, () => undefined),
  ]);
  return { ...facts, contexts, answer, ...(room && { room }) };
}

/** Tools that each kind of cluster needs. */
const NEEDED: Readonly<Record<StackConfig['cluster']['kind'], readonly Tool[]>> = {
  k3d: ['docker', 'k3d', 'kubectl'],
  kubeconfig: ['docker', 'kubectl'],
  eks: ['aws', 'docker', 'kubectl'],
};

/**
 * Looks at this machine.
 *
 * @param tools tools that the caller needs besides those that the kind of cluster needs
 */
export async function observe(
  stack: string,
  config: ManagedConfig,
  tools: readonly Tool[] = [],
  run: Run = runWithin(COMMAND_MS),
): Promise<Facts> {
  const { kind } = config.cluster;
  const facts = [...NEEDED[kind], ...tools].map(async (tool) => [tool, await toolFact(run, tool)] as const);
  const found = Object.fromEntries(await Promise.all(facts));
  if (kind === 'k3d') return observeK3d(run, stack, config, found);
  if (kind === 'kubeconfig') return observeKubeconfig(run, config.cluster, found);
  const engine = found.docker === undefined ? undefined : await engineFact(run);
  return { kind, tools: found, ...(engine && { engine }), ...(await observeAws(run, config, !!found.aws)) };
}

/**
 * Checks whether this machine is ready for the stack.
 *
 * @returns what the user should know, and may accept: what does not fit, which is an estimate, and
 * what the cluster is not known to have
 * @throws PreflightError with everything that is wrong, before anything is created
 */
export async function requireReady(stack: string, config: StackConfig, run?: Run): Promise<readonly string[]> {
  const facts = await observe(stack, config, [], run);
  const problems = problemsOf(facts, stack, config);
  if (problems.length > 0) throw new PreflightError(problems);
  return [...shortagesOf(facts, stackNeeds(config)), ...noticesOf(facts)];
}
