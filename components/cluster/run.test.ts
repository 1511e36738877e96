// How commands are run, and what is said when they fail.
import { describe, expect, test } from '@jest/globals';
import { lastWords, type RunOptions, run } from './run.ts';

const node = (script: string, options?: RunOptions) => run(process.execPath, ['-e', script], options);

describe('a command', () => {
  test('gives what it prints', async () => {
    expect(await node('process.stdout.write("a b")')).toBe('a b');
  });

  test('gets variables on top of ours, and input', async () => {
    const script = 'process.stdin.on("data", (d) => process.stdout.write(d + process.env.EXTRA + !!process.env.PATH))';
    expect(await node(script, { env: { EXTRA: 'x' }, input: 'in ' })).toBe('in xtrue');
  });

  test('that does not read its input is no error', async () => {
    expect(await node('process.exit(0)', { input: 'x'.repeat(1_000_000) })).toBe('');
  });

  test('that fails says which it was and what it said', async () => {
    await expect(node('console.error("no such thing"); process.exit(3)')).rejects.toThrow(
      / -e .* failed: no such thing$/s,
    );
  });

  test('that says nothing fails too', async () => {
    await expect(node('process.exit(3)')).rejects.toThrow(/failed: Command failed/);
  });

  test('that takes too long is ended', async () => {
    await expect(node('setInterval(() => {}, 1000)', { timeoutMs: 300 })).rejects.toThrow('took longer than 0.3 s');
  });

  test('that does not exist', async () => {
    await expect(run('no-such-command-here', ['a', 'b', 'c'])).rejects.toThrow(
      'no-such-command-here a b failed: spawn no-such-command-here ENOENT',
    );
  });
});

test('the last words of k3d, without its colours and times', () => {
  const said =
    '\u001b[36mINFO\u001b[0m[0000] Prep: Network   \nINFO[0001] two\n\u001b[31mFATA\u001b[0m[0002] Failed: x   \n\n';
  expect(lastWords(said)).toBe('Prep: Network; two; Failed: x');
  expect(lastWords('a\nb\nc\nd')).toBe('b; c; d');
  expect(lastWords(' ')).toBe('');
});
