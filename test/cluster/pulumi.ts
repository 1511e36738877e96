// The stack of a run, driven through Pulumi's Automation API. State, project file, config and logs
// are in a folder of the run, so the user's stacks, stack files and selected stack stay untouched.
import { createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
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
import { parseOutputs, type StackOutputs } from '../../tooling/cluster/outputs.ts';
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
  /** Cancels operations except `destroy`, as half a destroyed stack is the hardest to clean up. */
  readonly signal: AbortSignal;
}

/** A first `up` on a line of 20 Mbit/s takes half of it. */
const CLI_TIMEOUT_MS = 40 * 60_000;

export class Pulumi {
  /** Whether this run created the stack. */
  readonly isNew: boolean;
  readonly #stack: Stack;
  readonly #paths: Paths;
  readonly #signal: AbortSignal;
  #operations = 0;

  private constructor(stack: Stack, paths: Paths, signal: AbortSignal, isNew: boolean) {
    this.#stack = stack;
    this.#paths = paths;
    this.#signal = signal;
    this.isNew = isNew;
  }

  /** Selects the stack in the folder, or creates it there. @throws CommandError */
  static async open({ program, work, name, from, signal }: PulumiOptions): Promise<Pulumi> {
    const pulumiCommand = await detachedCli();
    const folders = { project: join(work, 'project'), state: join(work, 'state'), logs: join(work, 'logs') };
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
    const config = join(folders.project, `Pulumi.${name}.yaml`);
    const isNew = !existsSync(config);
    if (isNew) await copyFile(join(program, `Pulumi.${from}.yaml`), config);
    const settings: ProjectSettings = parse(await readFile(join(program, 'Pulumi.yaml'), 'utf8'));
    const workspace = await LocalWorkspace.create({
      workDir: folders.project,
      projectSettings: { ...settings, main: program },
      pulumiCommand,
      envVars: {
        PULUMI_BACKEND_URL: `file://${folders.state}`,
        PULUMI_CONFIG_PASSPHRASE: 'e2e',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
      },
    });
    const stack = await (isNew ? Stack.create(name, workspace) : Stack.select(name, workspace));
    return new Pulumi(stack, { ...folders, config }, signal, isNew);
  }

  get name(): string {
    return this.#stack.name;
  }

  /** Folder to run `pulumi` in by hand. */
  get project(): string {
    return this.#paths.project;
  }

  /** Environment in which `pulumi` finds the stack. */
  get environment(): Readonly<Record<string, string>> {
    return this.#stack.workspace.envVars;
  }

  /** Whether the stack has not been removed. */
  get exists(): boolean {
    return existsSync(this.#paths.config);
  }

  /** The stack's current config. */
  get config(): StackConfig {
    return loadStackConfig(this.name, this.#paths.project);
  }

  /** @param config values by their path, as in `cluster:sysctls["net.core.somaxconn"]` */
  async set(config: Readonly<Record<string, string>>): Promise<void> {
    const isNested = Object.keys(config).some((path) => path.includes('['));
    const values = Object.entries(config).map(([path, value]) => [path, { value }]);
    if (values.length > 0) await this.#stack.setAllConfig(Object.fromEntries(values), isNested);
  }

  /** Runs `body` with other config, and restores the config in any case. */
  async withConfig<T>(config: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
    const before = await readFile(this.#paths.config, 'utf8');
    try {
      await this.set(config);
      return await body();
    } finally {
      await writeFile(this.#paths.config, before);
    }
  }

  preview(): Promise<Operation> {
    return this.#operate('preview', (options) => this.#stack.preview({ ...options, signal: this.#signal }));
  }

  /** Previews first, as the CLI does and the API does not: a refused change changes nothing. */
  async up(): Promise<Operation> {
    return this.#afterPreview(await this.preview(), 'up', (options) =>
      this.#stack.up({ ...options, signal: this.#signal, showSecrets: false }),
    );
  }

  refresh(): Promise<Operation> {
    return this.#operate('refresh', (options) =>
      this.#stack.refresh({ ...options, signal: this.#signal, showSecrets: false }),
    );
  }

  /** Previews first, so that a protected resource stops it before others are deleted. */
  async destroy(): Promise<Operation> {
    const preview = await this.#operate('destroy-preview', (options) => this.#stack.previewDestroy(options));
    return this.#afterPreview(preview, 'destroy', (options) => this.#stack.destroy({ ...options, showSecrets: false }));
  }

  /** @throws NotReadyError when the stack is not up */
  async outputs(): Promise<StackOutputs> {
    const values = Object.entries(await this.#stack.outputs()).map(([name, { value }]) => [name, value]);
    return parseOutputs(JSON.stringify(Object.fromEntries(values)), `the stack ${this.name}`);
  }

  /** What the CLI shows and has printed. The API returns state and outputs only decrypted. */
  async visible(): Promise<Readonly<Record<'state' | 'outputs' | 'logs', string>>> {
    const show = (...args: readonly string[]) =>
      run('pulumi', ['stack', ...args, '--stack', this.name, '--non-interactive'], {
        cwd: this.#paths.project,
        env: this.environment,
      });
    const files = await readdir(this.#paths.logs);
    const logs = await Promise.all(files.map((file) => readFile(join(this.#paths.logs, file), 'utf8')));
    return { state: await show('export'), outputs: await show('output', '--json'), logs: logs.join('\n') };
  }

  /** Removes the stack with its config. @throws CommandError while it has resources */
  async remove(): Promise<void> {
    await this.#stack.workspace.removeStack(this.name);
  }

  /** Runs an operation unless its preview failed. */
  async #afterPreview(preview: Operation, name: string, call: ApiCall): Promise<Operation> {
    if (!preview.ok) return preview;
    const operation = await this.#operate(name, call);
    return { ...operation, seconds: preview.seconds + operation.seconds };
  }

  /** Runs an operation; its failure is a result. The log grows as the CLI prints. */
  async #operate(name: string, call: ApiCall): Promise<Operation> {
    const number = String(++this.#operations).padStart(2, '0');
    const file = join(this.#paths.logs, `${number}-${name}.log`);
    const log = createWriteStream(file);
    const events: EngineEvent[] = [];
    let text = '';
    let ok = true;
    const begun = performance.now();
    // Up to the last event: the API then reads outputs and history, which is not the operation.
    let ended: number | undefined;
    try {
      await call({
        color: 'never',
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
    return { ...summarize(events), ok, seconds: ((ended ?? performance.now()) - begun) / 1000, text, log: file };
  }
}

type Paths = Readonly<Record<'project' | 'state' | 'logs' | 'config', string>>;

type ApiCall = (options: {
  readonly color: 'never';
  readonly onOutput: (piece: string) => void;
  readonly onEvent: (event: EngineEvent) => void;
}) => Promise<unknown>;

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
