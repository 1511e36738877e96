// The pulumi CLI on a stack of our own: its state in a folder of ours, its config in a copy of the stack file.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadStackConfig } from '../../config/load.ts';
import type { StackConfig } from '../../config/schema.ts';
import { readOutputs, type StackOutputs } from '../../tooling/cluster/outputs.ts';
import { CommandError, run } from '../../tooling/run.ts';
import { type Changes, readEvents } from './events.ts';

/** What one `pulumi` operation did. */
export interface Operation extends Changes {
  readonly ok: boolean;
  readonly seconds: number;
  /** Everything that it printed. */
  readonly text: string;
}

export interface PulumiOptions {
  /** Where Pulumi.yaml and index.ts are. */
  readonly program: string;
  /** Folder of ours: state, config, logs. */
  readonly work: string;
  /** Name of the stack in our state. */
  readonly name: string;
  readonly signal: AbortSignal;
}

const OPERATION_TIMEOUT_MS = 20 * 60_000;

export class Pulumi {
  readonly #options: PulumiOptions;
  readonly #project: string;
  readonly #configFile: string;
  #operations = 0;

  constructor(options: PulumiOptions) {
    this.#options = options;
    this.#project = join(options.work, 'project');
    this.#configFile = join(this.#project, `Pulumi.${options.name}.yaml`);
  }

  /** What a person needs in the environment to go on by hand. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PULUMI_BACKEND_URL: `file://${join(this.#options.work, 'state')}`,
      PULUMI_CONFIG_PASSPHRASE: 'e2e',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      // Shows --event-log, as Pulumi's Automation API does.
      PULUMI_DEBUG_COMMANDS: 'true',
    };
  }

  /** Name of the stack. */
  get name(): string {
    return this.#options.name;
  }

  get configFile(): string {
    return this.#configFile;
  }

  get exists(): boolean {
    return existsSync(this.#configFile);
  }

  /** Makes the stack, in a project folder beside the copied stack file: `pulumi stack init` writes there. */
  async init(from: string): Promise<void> {
    const { program, work, name } = this.#options;
    for (const folder of ['state', 'project', 'logs']) await mkdir(join(work, folder), { recursive: true });
    await copyFile(join(program, 'Pulumi.yaml'), join(this.#project, 'Pulumi.yaml'));
    await copyFile(join(program, `Pulumi.${from}.yaml`), this.#configFile);
    await this.#run(['stack', 'init', name, '--no-select'], this.#project);
  }

  /** The stack's config as it is now. */
  get config(): StackConfig {
    return loadStackConfig(this.#options.name, this.#project);
  }

  /** `pulumi config set`. @param path as in `cluster:sysctls["net.core.somaxconn"]` */
  async set(path: string, value: string): Promise<void> {
    const nested = path.includes('[') ? ['--path'] : [];
    await this.#run(['config', 'set', ...nested, ...this.#config(), path, value]);
  }

  /** Runs `body` with other config, then puts back what was there, whatever happened. */
  async withConfig<T>(changes: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
    const before = await readFile(this.#configFile, 'utf8');
    try {
      for (const [key, value] of Object.entries(changes)) await this.set(key, value);
      return await body();
    } finally {
      await writeFile(this.#configFile, before);
    }
  }

  preview(): Promise<Operation> {
    return this.#operate('preview', []);
  }

  /** As a person runs it: with its preview. */
  up(): Promise<Operation> {
    return this.#operate('up', ['--yes']);
  }

  refresh(): Promise<Operation> {
    return this.#operate('refresh', ['--yes']);
  }

  /** Not ended by Ctrl-C: half a destroy is the worst of all. */
  destroy(): Promise<Operation> {
    return this.#operate('destroy', ['--yes'], undefined);
  }

  outputs(): Promise<StackOutputs> {
    const { name: stack, program: directory } = this.#options;
    return readOutputs({ stack, directory, env: this.environment });
  }

  /** The whole state and the outputs as anyone sees them who has no passphrase. */
  async visible(): Promise<Readonly<Record<'state' | 'outputs', string>>> {
    const stack = ['--stack', this.#options.name];
    return {
      state: await this.#run(['stack', 'export', ...stack]),
      outputs: await this.#run(['stack', 'output', '--json', ...stack]),
    };
  }

  /** Forgets the stack; fails while it has resources. */
  async remove(): Promise<void> {
    await this.#run(['stack', 'rm', '--yes', '--stack', this.#options.name], this.#project);
    await rm(this.#configFile, { force: true });
  }

  #config(): readonly string[] {
    return ['--stack', this.#options.name, '--config-file', this.#configFile];
  }

  #run(args: readonly string[], cwd = this.#options.program): Promise<string> {
    return run('pulumi', [...args, '--non-interactive'], { cwd, env: this.environment });
  }

  /** Never throws because of what Pulumi says: a refusal is a result. */
  async #operate(
    command: string,
    args: readonly string[],
    signal: AbortSignal | undefined = this.#options.signal,
  ): Promise<Operation> {
    const { program, work } = this.#options;
    const log = join(work, 'logs', `${String(++this.#operations).padStart(2, '0')}-${command}`);
    const begun = performance.now();
    const all = [
      command,
      ...args,
      ...this.#config(),
      '--non-interactive',
      '--color=never',
      '--event-log',
      `${log}.json`,
    ];
    let text: string;
    let ok = true;
    try {
      text = await run('pulumi', all, {
        cwd: program,
        env: this.environment,
        signal,
        timeoutMs: OPERATION_TIMEOUT_MS,
      });
    } catch (error) {
      if (!(error instanceof CommandError) || error.status === null) throw error;
      ok = false;
      text = error.output;
    }
    const seconds = (performance.now() - begun) / 1000;
    await writeFile(`${log}.log`, text);
    const events = await readFile(`${log}.json`, 'utf8').catch(() => '');
    return { ...readEvents(events), ok, seconds, text };
  }
}
