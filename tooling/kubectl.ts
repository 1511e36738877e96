// kubectl against one named cluster: never the current context of whoever runs this.
import { type CommandOptions, run } from './run.ts';

/** Which cluster. */
export interface ClusterAddress {
  readonly kubeconfigPath: string;
  readonly context: string;
}

/** A list as kubectl gives it. */
export interface List<T> {
  readonly items: readonly T[];
}

export class Kubectl {
  readonly #address: ClusterAddress;

  constructor(address: ClusterAddress) {
    this.#address = address;
  }

  /** The whole command line of a call. */
  args(args: readonly string[]): readonly string[] {
    const { kubeconfigPath, context } = this.#address;
    return ['--kubeconfig', kubeconfigPath, '--context', context, ...args];
  }

  /** @throws CommandError */
  text(args: readonly string[], options?: CommandOptions): Promise<string> {
    return run('kubectl', this.args(args), options);
  }

  /** The object or list that `get` finds. @throws CommandError */
  async get<T>(namespace: string, ...what: readonly string[]): Promise<T> {
    return JSON.parse(await this.text(['get', '--namespace', namespace, ...what, '--output', 'json'])) as T;
  }

  /** Runs a command in a pod. `pod` may be `deployment/api`. @throws CommandError */
  exec(namespace: string, pod: string, command: readonly string[], options?: CommandOptions): Promise<string> {
    return this.text(['exec', '--namespace', namespace, pod, '--', ...command], options);
  }
}
