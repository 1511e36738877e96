// What must be there before anything is created: tools, a Docker engine, free ports, a cluster that
// answers. A pure function from facts to everything that is wrong, each problem with what to do.
import type { ManagedConfig } from '../../config/managed.ts';
import { UserError } from '../../tooling/errors.ts';
import { isOlder } from '../../tooling/programs.ts';
import { type AwsFacts, awsProblems } from '../aws/observe.ts';
import type { StackNeeds } from '../stack/needs.ts';
import { clusterNameOf } from './names.ts';
import {
  type ClusterFacts,
  listed,
  type RequirementsConfig,
  requirementNotices,
  requirementProblems,
} from './requirements.ts';
import { type Room, roomProblems } from './room.ts';

/** Oldest version of each tool that works, and where to get a newer one. */
export const TOOLS = {
  /** It gives tokens for EKS. `aws sso login` requires version 2. */
  aws: { oldest: '1.32.0', from: 'https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html' },
  /** k3d needs its runc. */
  docker: { oldest: '20.10.5', from: 'https://docs.docker.com/engine/install/' },
  /** The config file's format, and limits for added agents. */
  k3d: { oldest: '5.8.0', from: 'https://k3d.io/stable/#installation' },
  /**
   * It may be a few versions behind the cluster for what is asked of it here: get, label, drain.
   */
  kubectl: { oldest: '1.28.0', from: 'https://kubernetes.io/docs/tasks/tools/' },
  /** Must not be older than its SDK, which package.json pins. */
  pulumi: { oldest: '3.245.0', from: 'https://www.pulumi.com/docs/iac/download-install/' },
} as const;

/** Part of the stack config that decides what is needed. */
export type PreflightConfig = RequirementsConfig & ManagedConfig;

/** A command-line tool that the program, or its user, needs. */
export type Tool = keyof typeof TOOLS;

/** A tool's version as it prints it; undefined where there is no such command. */
export type ToolFact = { readonly version: string } | undefined;

/** The Docker engine: its version, or what the client says when it can't reach it. */
export type EngineFact = { readonly version: string } | { readonly unreachable: string };

/** A port of this machine that is taken. */
export interface PortFact {
  /** Config key that asks for it. */
  readonly key: string;
  readonly port: number;
  /** Name of the container that has it; undefined where it is another program. */
  readonly container?: string;
}

/** What was found for `cluster:kind k3d`. */
export interface K3dFacts {
  readonly kind: 'k3d';
  readonly tools: Readonly<Partial<Record<Tool, ToolFact>>>;
  /** Undefined where there is no docker command. */
  readonly engine?: EngineFact;
  /** What Docker has; undefined where it does not say. */
  readonly room?: Room;
  /**
   * The stack's own cluster: there are containers of it that don't run, or all run, or there is
   * none.
   */
  readonly cluster: 'absent' | 'running' | 'stopped';
  /** Ports that are taken, but not by the stack's own cluster. */
  readonly taken: readonly PortFact[];
}

/** What was found for `cluster:kind kubeconfig`. */
export interface KubeconfigFacts {
  readonly kind: 'kubeconfig';
  readonly tools: Readonly<Partial<Record<Tool, ToolFact>>>;
  readonly engine?: EngineFact;
  /** What the nodes have; undefined where the cluster does not say. */
  readonly room?: Room;
  /** Contexts of the kubeconfig; undefined where there is no kubectl. */
  readonly contexts?: readonly string[];
  /** What the cluster said; only where the context exists. */
  readonly answer?: ClusterFacts | { readonly unreachable: string };
}

/** What was found for `cluster:kind eks`. */
export interface EksFacts extends AwsFacts {
  readonly kind: 'eks';
  readonly tools: Readonly<Partial<Record<Tool, ToolFact>>>;
  readonly engine?: EngineFact;
  /** Unknown: the autoscaler makes nodes. */
  readonly room?: undefined;
}

/** What was found on this machine. */
export type Facts = K3dFacts | KubeconfigFacts | EksFacts;

function toolProblems(tools: Facts['tools']): readonly string[] {
  return (Object.keys(tools) as Tool[]).flatMap((tool) => {
    const { oldest, from } = TOOLS[tool];
    const found = tools[tool];
    if (found === undefined)
      return [`${tool} is not installed, or not on the PATH: install ${tool} ${oldest} or newer from ${from}`];
    // The client of docker may be any; its engine counts.
    if (tool === 'docker' || !isOlder(found.version, oldest)) return [];
    return [`${tool} ${found.version} is too old: install ${tool} ${oldest} or newer from ${from}`];
  });
}

function engineProblems(engine: EngineFact | undefined): readonly string[] {
  if (engine === undefined) return [];
  if ('version' in engine) {
    const { oldest, from } = TOOLS.docker;
    return isOlder(engine.version, oldest)
      ? [`the Docker engine is version ${engine.version}, which is too old: install ${oldest} or newer from ${from}`]
      : [];
  }
  if (/permission denied/i.test(engine.unreachable))
    return [
      'your user may not use the Docker engine (permission denied): run sudo usermod -aG docker "$USER", then log in again',
    ];
  return [
    `the Docker engine is not running (${engine.unreachable}): start Docker Desktop, or run sudo systemctl start docker`,
  ];
}

const portProblem = ({ key, port, container }: PortFact): string =>
  `port ${port} of this machine (${key}) is taken by ${container === undefined ? 'another program' : `the container ${container}`}: stop it, or choose another port: pulumi config set ${key} PORT`;

function k3dProblems({ cluster, taken }: K3dFacts, stack: string): readonly string[] {
  const name = clusterNameOf(stack);
  const stopped =
    cluster === 'stopped'
      ? [`the k3d cluster ${name} of this stack is stopped: start it with k3d cluster start ${name}`]
      : [];
  return [...stopped, ...taken.map(portProblem)];
}

function kubeconfigProblems({ contexts, answer }: KubeconfigFacts, config: RequirementsConfig): readonly string[] {
  const { context = '' } = config.cluster;
  if (contexts === undefined) return [];
  if (!contexts.includes(context))
    return [
      `your kubeconfig has no context ${context} (cluster:context): it has ${listed(contexts)}. Choose one: pulumi config set cluster:context NAME`,
    ];
  if (answer === undefined) return [];
  if ('unreachable' in answer)
    return [
      `the cluster of the context ${context} does not answer (${answer.unreachable}): check that it runs and that you are logged in: kubectl --context ${context} get nodes`,
    ];
  return requirementProblems(answer, config);
}

function kindProblems(facts: Facts, stack: string, config: PreflightConfig): readonly string[] {
  switch (facts.kind) {
    case 'k3d':
      return k3dProblems(facts, stack);
    case 'kubeconfig':
      return kubeconfigProblems(facts, config);
    case 'eks':
      return awsProblems(facts, config);
  }
}

/** Everything that is wrong; empty when the stack can be made. */
export function problemsOf(facts: Facts, stack: string, config: PreflightConfig): readonly string[] {
  return [...toolProblems(facts.tools), ...engineProblems(facts.engine), ...kindProblems(facts, stack, config)];
}

/** What of the stack does not fit; empty where it fits, or where it is not known. */
export const shortagesOf = ({ kind, room }: Facts, needs: StackNeeds): readonly string[] =>
  room === undefined ? [] : roomProblems(needs, room, kind === 'k3d' ? 'docker' : 'nodes');

/** What the user should know, and may accept. */
export const noticesOf = (facts: Facts): readonly string[] =>
  facts.kind === 'kubeconfig' && facts.answer !== undefined && !('unreachable' in facts.answer)
    ? requirementNotices(facts.answer)
    : [];

/**
 * The stack can't be made on this machine as it is; `message` lists everything that is wrong, one a
 * line.
 */
export class PreflightError extends UserError {
  readonly problems: readonly string[];

  /** @param problems all that is wrong, each with what to do */
  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      'NOT_READY',
      `This machine is not ready: ${count}; nothing was created or changed:\n${problems.map((line) => `  ${line}`).join('\n')}`,
    );
    this.problems = problems;
  }
}
