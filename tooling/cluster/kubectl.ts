// kubectl against one named cluster, never against the current context of the user.
import type { ChildProcess } from 'node:child_process';
import { spawnGroup } from '../process/guard.ts';
import { type CommandOptions, type Run, run } from '../run.ts';

/** Which cluster. */
interface ClusterAddress {
  readonly kubeconfigPath: string;
  /** Context in the kubeconfig. @default its current one */
  readonly context?: string;
  /** Seconds that the API server may take to answer a request. @default no limit */
  readonly requestTimeoutSeconds?: number;
}

/** A list as kubectl prints it. */
export interface List<T> {
  readonly items: readonly T[];
}

export class Kubectl {
  readonly #options: readonly string[];
  readonly #run: Run;

  /** @param runWith runs kubectl; tests give another @default run */
  constructor({ kubeconfigPath, context, requestTimeoutSeconds }: ClusterAddress, runWith: Run = run) {
    this.#options = [
      `--kubeconfig=${kubeconfigPath}`,
      ...(context === undefined ? [] : [`--context=${context}`]),
      ...(requestTimeoutSeconds === undefined ? [] : [`--request-timeout=${requestTimeoutSeconds}s`]),
    ];
    this.#run = runWith;
  }

  /** What it prints. @throws CommandError */
  text(args: readonly string[], options?: CommandOptions): Promise<string> {
    return this.#run('kubectl', [...this.#options, ...args], options);
  }

  /** The object or list that `get` finds. @throws CommandError */
  async get<T>(namespace: string, ...what: readonly string[]): Promise<T> {
    return JSON.parse(await this.text(['get', '--namespace', namespace, ...what, '--output', 'json'])) as T;
  }

  /** Runs a command in a pod. `pod` may be `deployment/api`. @throws CommandError */
  exec(namespace: string, pod: string, command: readonly string[], options?: CommandOptions): Promise<string> {
    return this.text(['exec', '--namespace', namespace, pod, '--', ...command], options);
  }

  /** Runs a command in a pod with its standard input and output as pipes. Errors are printed. */
  execPiped(namespace: string, pod: string, command: readonly string[]): ChildProcess {
    const args = [...this.#options, 'exec', '--stdin', '--namespace', namespace, pod, '--', ...command];
    return spawnGroup('kubectl', args, { env: process.env, stdio: ['pipe', 'pipe', 'inherit'] });
  }
}
