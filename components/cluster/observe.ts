// Looks what there is on this machine, for preflight.ts to judge. Synchronous, so that the program can look before it declares
// anything, and quick: a preview waits for it.
import { spawnSync } from 'node:child_process';
import type { StackConfig } from '../../config/schema.ts';
import { clusterNameOf } from './names.ts';
import {
  type EngineFact,
  type Facts,
  type K3dFacts,
  type KubeconfigFacts,
  type PortFact,
  PreflightError,
  problemsOf,
  type Tool,
  type ToolFact,
} from './preflight.ts';
import { lastWords } from './run.ts';

/** What a command did: its output, what it said went wrong, and whether there is such a command. */
export interface Said {
  readonly found: boolean;
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export type Ask = (command: string, args: readonly string[]) => Said;

/** The real thing. */
export const askSystem: Ask = (command, args) => {
  const { error, status, stdout, stderr } = spawnSync(command, [...args], { encoding: 'utf8', timeout: 15_000 });
  const found = (error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT';
  return { found, ok: status === 0, stdout: stdout ?? '', stderr: stderr ?? error?.message ?? '' };
};

const version = (text: string): string => /v?(\d+(?:\.\d+)+)/.exec(text)?.[1] ?? 'unknown';

const versionArguments: Readonly<Record<Tool, readonly string[]>> = {
  docker: ['--version'],
  k3d: ['version'],
  kubectl: ['version', '--client', '--output=json'],
  pulumi: ['version'],
};

function toolFact(ask: Ask, tool: Tool): ToolFact {
  const { found, stdout } = ask(tool, versionArguments[tool]);
  if (!found) return undefined;
  if (tool !== 'kubectl') return { version: version(stdout) };
  return { version: version(/"gitVersion":\s*"([^"]*)"/.exec(stdout)?.[1] ?? '') };
}

function engineFact(ask: Ask): EngineFact {
  const { ok, stdout, stderr } = ask('docker', ['version', '--format={{.Server.Version}}']);
  return ok ? { version: stdout.trim() } : { unreachable: lastWords(stderr) || 'it does not answer' };
}

/** One line of `docker ps` in our format. */
interface Running {
  readonly name: string;
  readonly cluster: string;
  readonly state: string;
  readonly ports: readonly number[];
}

/** Reads `docker ps` in the format below: name, cluster, state and ports, such as `127.0.0.1:8080->80/tcp, 0.0.0.0:90-92->…`. */
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

const running = (ask: Ask): readonly Running[] =>
  parseRunning(
    ask('docker', ['ps', '--all', '--format={{.Names}}\t{{.Label "k3d.cluster"}}\t{{.State}}\t{{.Ports}}']).stdout,
  );

/** Tries to listen on each port in a process of its own, and prints those that are taken. A port that only root may have is not. */
const LISTEN = `
const { createServer } = require('node:net');
const [address, ...ports] = process.argv.slice(1);
Promise.all(ports.map((port) => new Promise((resolve) => {
  const server = createServer();
  server.once('error', (error) => resolve(error.code === 'EADDRINUSE' ? [port] : []));
  server.listen(Number(port), address, () => server.close(() => resolve([])));
}))).then((taken) => console.log(taken.flat().join(' ')));`;

function takenPorts(ask: Ask, address: string, ports: readonly number[]): readonly number[] {
  const { stdout } = ask(process.execPath, ['-e', LISTEN, '--', address, ...ports.map(String)]);
  return stdout
    .split(/\s+/)
    .filter((port) => port !== '')
    .map(Number);
}

function portFacts(
  ask: Ask,
  config: StackConfig['cluster'],
  name: string,
  containers: readonly Running[],
): readonly PortFact[] {
  const holder = (port: number) => containers.find(({ ports }) => ports.includes(port));
  const facts = (address: string, keys: readonly ('httpPort' | 'nodePortHostPort' | 'apiPort' | 'registryPort')[]) => {
    const wanted = keys.filter((key) => holder(config[key])?.cluster !== name);
    const taken =
      wanted.length === 0
        ? []
        : takenPorts(
            ask,
            address,
            wanted.map((key) => config[key]),
          );
    return wanted
      .filter((key) => taken.includes(config[key]))
      .map((key) => {
        const container = holder(config[key])?.name;
        return { key: `cluster:${key}`, port: config[key], ...(container !== undefined && { container }) };
      });
  };
  return [
    ...facts(config.hostAddress, ['httpPort', 'nodePortHostPort']),
    ...facts('127.0.0.1', ['apiPort', 'registryPort']),
  ];
}

function observeK3d(ask: Ask, stack: string, config: StackConfig['cluster'], tools: Facts['tools']): K3dFacts {
  const engine = tools.docker === undefined ? undefined : engineFact(ask);
  const name = clusterNameOf(stack);
  const containers = engine !== undefined && 'version' in engine ? running(ask) : [];
  const ours = containers.filter(({ cluster }) => cluster === name);
  const state = ours.some((container) => container.state !== 'running') ? 'stopped' : 'running';
  return {
    kind: 'k3d',
    tools,
    ...(engine && { engine }),
    cluster: ours.length === 0 ? 'absent' : state,
    taken: portFacts(ask, config, name, containers),
  };
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

function observeKubeconfig(ask: Ask, config: StackConfig['cluster'], tools: Facts['tools']): KubeconfigFacts {
  const engine = tools.docker === undefined ? undefined : engineFact(ask);
  const facts: KubeconfigFacts = { kind: 'kubeconfig', tools, ...(engine && { engine }) };
  if (tools.kubectl === undefined) return facts;
  const { ok, stdout } = ask('kubectl', ['config', 'get-contexts', '--output=name']);
  if (!ok) return { ...facts, contexts: [] };
  const contexts = stdout.split('\n').filter((line) => line !== '');
  const { context = '' } = config;
  if (!contexts.includes(context)) return { ...facts, contexts };
  const get = (what: string) =>
    ask('kubectl', [
      `--context=${context}`,
      '--request-timeout=10s',
      'get',
      what,
      '--output=jsonpath={.items[*].metadata.name}',
    ]);
  const storage = get('storageclasses');
  const ingress = get('ingressclasses');
  const answer =
    storage.ok && ingress.ok
      ? { storageClasses: words(storage.stdout), ingressClasses: words(ingress.stdout) }
      : { unreachable: lastWords(storage.ok ? ingress.stderr : storage.stderr) };
  return { ...facts, contexts, answer };
}

/**
 * Looks at this machine.
 *
 * @param tools tools that the caller needs besides those that the kind of cluster needs
 */
export function observe(
  stack: string,
  config: StackConfig['cluster'],
  tools: readonly Tool[] = [],
  ask: Ask = askSystem,
): Facts {
  const needed: readonly Tool[] = config.kind === 'k3d' ? ['docker', 'k3d', 'kubectl'] : ['docker', 'kubectl'];
  const found = Object.fromEntries([...needed, ...tools].map((tool) => [tool, toolFact(ask, tool)]));
  return config.kind === 'k3d' ? observeK3d(ask, stack, config, found) : observeKubeconfig(ask, config, found);
}

/**
 * Looks whether this machine is ready for the stack.
 *
 * @throws PreflightError with everything that is wrong, before anything is created
 */
export function requireReady(stack: string, config: StackConfig['cluster'], ask: Ask = askSystem): void {
  const problems = problemsOf(observe(stack, config, [], ask), stack, config);
  if (problems.length > 0) throw new PreflightError(problems);
}
