// Test support: stand-ins for docker, k3d, kubectl and the kernel, and an empty folder to run in.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { CommandError, type CommandOptions, type Run, run } from '../../tooling/run.ts';
import type { Sysctls } from './sysctls.ts';

/** What a command prints; an Error is thrown. */
export type Answer = string | Error | ((args: readonly string[]) => string | Error);

/** One command that was run. */
export interface Call {
  /** Command and arguments, as one would type them. */
  readonly line: string;
  readonly options: CommandOptions;
}

/** What a tool says when it fails. */
export const failed = (reason: string): CommandError =>
  new CommandError(reason, { command: [], status: 1, signal: null, output: `${reason}\n`, reason });

/** What running a tool says that is not installed. */
export const missing = (program: string): CommandError =>
  new CommandError(`${program} is not on the PATH`, {
    command: [program],
    status: null,
    signal: null,
    output: '',
    reason: '',
    missing: true,
  });

/**
 * Notes what was run and answers as a test says.
 *
 * @param answers by the start of the command line; the longest that fits answers, and nothing is
 * printed where none does
 */
export function fakeRun(answers: Readonly<Record<string, Answer>>): { readonly run: Run; readonly calls: Call[] } {
  const calls: Call[] = [];
  const starts = Object.keys(answers).sort((a, b) => b.length - a.length);
  const noted: Run = async (command, args, options = {}) => {
    const line = [command, ...args].join(' ');
    calls.push({ line, options });
    const start = starts.find((text) => line.startsWith(text));
    const answer = start === undefined ? '' : answers[start]!;
    const said = typeof answer === 'function' ? answer(args) : answer;
    if (said instanceof Error) throw said;
    return said;
  };
  return { run: noted, calls };
}

/** The lines of the calls that start with a text. */
export const linesOf = (calls: readonly Call[], start = ''): readonly string[] =>
  calls.map(({ line }) => line).filter((line) => line.startsWith(start));

/** A container as `docker inspect` prints it. */
export interface FakeContainer {
  readonly name: string;
  readonly role?: string;
  readonly running?: boolean;
  readonly ports?: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>;
  readonly volumes?: readonly string[];
}

/** What `docker inspect` prints for containers. */
export const inspected = (containers: readonly FakeContainer[]): string =>
  JSON.stringify(
    containers.map(({ name, role = 'agent', running = true, ports = {}, volumes = [] }) => ({
      Id: `${name}-id`.padEnd(64, '0'),
      Name: `/${name}`,
      State: { Running: running },
      Config: { Image: 'image:1', Labels: { 'k3d.role': role, 'k3d.cluster': 'c' }, Env: ['A=b'] },
      HostConfig: { PortBindings: ports, Binds: ['c-images:/k3d/images'] },
      Mounts: [{ Type: 'bind' }, ...volumes.map((Name) => ({ Type: 'volume', Name }))],
    })),
  );

/** Answers of docker for a cluster of these containers. */
export const dockerOf = (containers: readonly FakeContainer[]): Readonly<Record<string, Answer>> => ({
  'docker ps --all --quiet --filter label=k3d.cluster=': containers.map(({ name }) => `${name}-id`).join('\n'),
  'docker inspect': inspected(containers),
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Containers and the machine with their kernel settings. */
export class FakeKernel {
  readonly #root = mkdtempSync(join(tmpdir(), 'breakwater-kernel-'));
  #containers: readonly FakeContainer[] = [];
  /** Settings whose values the kernel does not take. */
  readonly readOnly = new Set<string>();

  constructor() {
    folders.push(this.#root);
  }

  /** Adds a container, or the machine under the name `host`, with what it has at first. */
  add(container: FakeContainer, sysctls: Sysctls): void {
    if (container.name !== 'host') this.#containers = [...this.#containers, container];
    for (const [name, value] of Object.entries(sysctls)) this.set(container.name, name, value);
  }

  #file(container: string, name: string): string {
    return join(this.#root, container, name.replaceAll('.', '/'));
  }

  set(container: string, name: string, value: string): void {
    const file = this.#file(container, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${value}\n`);
  }

  /** What a setting is now; undefined where there is none. */
  get(container: string, name: string): string | undefined {
    const file = this.#file(container, name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  }

  /** docker, as far as the settings need it. */
  readonly run: Run = async (_command, args) => {
    if (args[0] === 'ps') return this.#containers.map(({ name }) => name).join('\n');
    if (args[0] === 'inspect') return inspected(this.#containers);
    const container = args[0] === 'exec' ? args[1]! : 'host';
    const script = args.indexOf('-c');
    const root = join(this.#root, container);
    const mapped = args.slice(script).map((arg) => arg.replace(/^\/proc\/sys/, root));
    // What the kernel refuses to set can still be read.
    const refusing = args[script + 1]!.includes('refused')
      ? [...this.readOnly].map((name) => this.#file(container, name))
      : [];
    const shell = mapped.map((arg) => (refusing.includes(arg) ? root : arg));
    return run('sh', shell);
  };
}

/** Makes every test of the file run in an empty folder. */
export function inEmptyFolder(): void {
  const home = process.cwd();
  let folder = '';
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'breakwater-test-')));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  });
}
