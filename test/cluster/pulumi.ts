// The stack of a run, driven through Pulumi's Automation API. State, project file, config and logs
// are in a folder of the run, so the user's stacks, stack files and selected stack stay untouched.
import { createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import {
  type EngineEvent,
  LocalWorkspace,
  type ProjectSettings,
  PulumiCommand,
  Stack,
} from '@pulumi/pulumi/automation/index.js';
import { parse } from 'yaml';
import { loadStackConfig } from '../../config/load.ts';
import type { StackConfig } from '../../config/schema.ts';
import { parseOutputs, type StackOutputs } from '../../loadtest/cluster/outputs.ts';
import { CommandError, run } from '../../tooling/run.ts';
import { type Operation, summarize } from './operation.ts';

export interface PulumiOptions {
  /** Folder with Pulumi.yaml, the stack files and index.ts. */
  readonly program: string;
  /** Folder of the run, created if missing. A stack from an earlier run in it is continued. */
  readonly work: string;
  /** Name of the stack. */
  readonly name: string;
  /** Stack whose file a new stack starts from. */
  readonly from: string;
  /** Cancels operations, except `destroy`. */
  readonly signal: AbortSignal;
}

const CLI_TIMEOUT_MS = 20 * 60_000;

export class Pulumi {
  /** Whether this run created the stack. */
  readonly isNew: boolean;
  readonly #stack: Stack;
  readonly #folders: Folders;
  readonly #signal: AbortSignal;
  #operations = 0;

  private constructor(stack: Stack, folders: Folders, { signal, isNew }: { signal: AbortSignal; isNew: boolean }) {
    this.#stack = stack;
    this.#folders = folders;
    this.#signal = signal;
    this.isNew = isNew;
  }

  /** Selects the stack in the folder, or creates it there. @throws CommandError */
  static async open({ program, work, name, from, signal }: PulumiOptions): Promise<Pulumi> {
    const folders = { project: join(work, 'project'), state: join(work, 'state'), logs: join(work, 'logs') };
    const configFile = join(folders.project, `Pulumi.${name}.yaml`);
    const isNew = !existsSync(configFile);
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
    if (isNew) await copyFile(join(program, `Pulumi.${from}.yaml`), configFile);
    const settings: ProjectSettings = parse(await readFile(join(program, 'Pulumi.yaml'), 'utf8'));
    const workspace = await LocalWorkspace.create({
      workDir: folders.project,
      projectSettings: { ...settings, main: program },
      pulumiCommand: await detachedCli(),
      envVars: {
        PULUMI_BACKEND_URL: `file://${folders.state}`,
        PULUMI_CONFIG_PASSPHRASE: 'e2e',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
      },
    });
    const stack = await (isNew ? Stack.create(name, workspace) : Stack.select(name, workspace));
    return new Pulumi(stack, folders, { signal, isNew });
  }

  get name(): string {
    return this.#stack.name;
  }

  /** Folder to run `pulumi` in by hand. */
  get project(): string {
    return this.#folders.project;
  }

  /** Environment in which `pulumi` finds the stack. */
  get environment(): Readonly<Record<string, string>> {
    return this.#stack.workspace.envVars;
  }

  /** Whether the stack has not been removed. */
  get exists(): boolean {
    return existsSync(this.#configFile);
  }

  /** The stack's current config. */
  get config(): StackConfig {
    return loadStackConfig(this.name, this.#folders.project);
  }

  /** @param config values by their path, as in `cluster:sysctls["net.core.somaxconn"]` */
  async set(config: Readonly<Record<string, string>>): Promise<void> {
    const isNested = Object.keys(config).some((path) => path.includes('['));
    const values = Object.entries(config).map(([path, value]) => [path, { value }]);
    if (values.length > 0) await this.#stack.setAllConfig(Object.fromEntries(values), isNested);
  }

  /** Runs `body` with other config, and restores the config in any case. */
  async withConfig<T>(config: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
    const before = await readFile(this.#configFile, 'utf8');
    try {
      await this.set(config);
      return await body();
    } finally {
      await writeFile(this.#configFile, before);
    }
  }

  preview(): Promise<Operation> {
    return this.#operate('preview', (options) => this.#stack.preview(options));
  }

  /** Previews first, as the CLI does and the API does not: a refused change changes nothing. */
  async up(): Promise<Operation> {
    const preview = await this.preview();
    if (!preview.ok) return preview;
    return after(preview, await this.#operate('up', (options) => this.#stack.up({ ...options, showSecrets: false })));
  }

  refresh(): Promise<Operation> {
    return this.#operate('refresh', (options) => this.#stack.refresh({ ...options, showSecrets: false }));
  }

  /** Previews first, so that protected resources stop it before it deletes others. */
  async destroy(): Promise<Operation> {
    const preview = await this.#operate('destroy-preview', ({ signal: _, ...options }) =>
      this.#stack.previewDestroy(options),
    );
    if (!preview.ok) return preview;
    const destroyed = await this.#operate('destroy', ({ signal: _, ...options }) =>
      this.#stack.destroy({ ...options, showSecrets: false }),
    );
    return after(preview, destroyed);
  }

  /** @throws NotReadyError when the stack is not up */
  async outputs(): Promise<StackOutputs> {
    const values = Object.entries(await this.#stack.outputs()).map(([name, { value }]) => [name, value]);
    return parseOutputs(JSON.stringify(Object.fromEntries(values)), `the stack ${this.name}`);
  }

  /** What the CLI shows of the stack with secrets masked. The API only returns them decrypted. */
  async visible(): Promise<Readonly<Record<'state' | 'outputs', string>>> {
    const show = (...args: readonly string[]) =>
      run('pulumi', ['stack', ...args, '--stack', this.name, '--non-interactive'], {
        cwd: this.#folders.project,
        env: this.environment,
      });
    return { state: await show('export'), outputs: await show('output', '--json') };
  }

  /** Removes the stack with its config. @throws CommandError while it has resources */
  async remove(): Promise<void> {
    await this.#stack.workspace.removeStack(this.name);
  }

  get #configFile(): string {
    return join(this.#folders.project, `Pulumi.${this.name}.yaml`);
  }

  /** Runs an operation, whose failure is a result. The log grows as the CLI prints. */
  async #operate(name: string, operation: (options: OperationOptions) => Promise<unknown>): Promise<Operation> {
    const log = createWriteStream(
      join(this.#folders.logs, `${String(++this.#operations).padStart(2, '0')}-${name}.log`),
    );
    const events: EngineEvent[] = [];
    let text = '';
    let ok = true;
    const begun = performance.now();
    // Up to the last event: the API then reads outputs and history, which is not the operation.
    let ended: number | undefined;
    try {
      await operation({
        color: 'never',
        signal: this.#signal,
        onOutput: (piece) => {
          text += piece;
          log.write(piece);
        },
        onEvent: (event) => {
          events.push(event);
          ended = performance.now();
        },
      });
    } catch (error) {
      if (!(error instanceof CommandError) || error.status === null) throw error;
      ok = false;
    } finally {
      await finished(log.end());
    }
    return { ...summarize(events), ok, seconds: ((ended ?? performance.now()) - begun) / 1000, text };
  }
}

type Folders = Readonly<Record<'project' | 'state' | 'logs', string>>;

interface OperationOptions {
  readonly color: 'never';
  readonly signal: AbortSignal;
  readonly onOutput: (piece: string) => void;
  readonly onEvent: (event: EngineEvent) => void;
}

const after = (preview: Operation, operation: Operation): Operation => ({
  ...operation,
  seconds: preview.seconds + operation.seconds,
});

/** How the API calls the CLI. The method is not part of its declared types. */
interface Cli {
  run(
    args: readonly string[],
    cwd: string,
    env: Readonly<Record<string, string>>,
    onOutput?: (piece: string) => void,
    onError?: (piece: string) => void,
    signal?: AbortSignal,
  ): Promise<{ stdout: string; stderr: string; code: number }>;
}

/**
 * The CLI in a process group of its own. The API starts it in our group, where Ctrl-C reaches it
 * twice: from the terminal and from the API. The second one makes it quit at once, and resources
 * that it is creating are lost from the state.
 */
async function detachedCli(): Promise<PulumiCommand> {
  await run('pulumi', ['version']); // unlike the API, says so when it is missing
  const command = await PulumiCommand.get();
  const cli: Cli = {
    async run(args, cwd, env, onOutput, _onError, signal) {
      const all = args.includes('--non-interactive') ? args : [...args, '--non-interactive'];
      const stdout = await run(command.command, all, {
        cwd,
        env: { ...env, PULUMI_AUTOMATION_API: 'true' },
        ...(onOutput && { onOutput }),
        signal,
        timeoutMs: CLI_TIMEOUT_MS,
      });
      return { stdout, stderr: '', code: 0 };
    },
  };
  return Object.assign(command, cli);
}
