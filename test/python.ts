// Python for tests of clients in that language, with packages from PyPI in a folder of the cache.
import { join, resolve } from 'node:path';
import { findProgram } from '../tooling/programs.ts';
import { run } from '../tooling/run.ts';

/**
 * The cache of local/install/, by another way: tests of the program are no ES modules, and npm runs
 * all tests at the top of the repository.
 */
const CACHE_DIR = resolve('.local', 'cache');

/** Why a test is left out. */
export const NO_PYTHON = 'there is no python3 on this machine';

/** Path of python3; undefined where there is none. */
export const findPython = (env: Readonly<Record<string, string | undefined>>): string | undefined =>
  findProgram('python3', env.PATH);

/**
 * A Python that has one package, which is fetched the first time.
 *
 * @param python path of the machine's own
 * @param pinned the package with its version: `name==1.2.3`
 * @returns path of the program
 * @throws CommandError when the package cannot be fetched
 */
export async function pythonWith(python: string, pinned: string): Promise<string> {
  const folder = join(CACHE_DIR, `python-${pinned.replace('==', '-')}`);
  const program = join(folder, 'bin', 'python');
  const [name, version] = pinned.split('==');
  const check = `import importlib.metadata as m; assert m.version('${name}') == '${version}'`;
  try {
    await run(program, ['-c', check]);
  } catch {
    await run(python, ['-m', 'venv', '--clear', folder]);
    await run(program, ['-m', 'pip', 'install', '--quiet', pinned], { timeoutMs: 300_000 });
  }
  return program;
}
