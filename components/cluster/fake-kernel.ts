// For tests of kernel settings: containers whose /proc/sys is a folder, so that the real scripts run in a real shell.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from '@jest/globals';
import { type FakeContainer, inspected } from './fake-run.ts';
import type { Run } from './run.ts';
import type { Sysctls } from './sysctls.ts';

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
    return execFileSync('sh', shell, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  };
}
