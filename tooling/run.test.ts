import { describe, expect, test } from '@jest/globals';
import { CommandError, run } from './run.ts';

const sh = (script: string, options = {}) => run('/bin/sh', ['-c', script], options);

describe('a command', () => {
  test('gives its output, and leaves out what it complained of', async () => {
    expect(await sh('echo found; echo hm >&2')).toBe('found\n');
  });
  test('gets its input, environment and directory', async () => {
    expect(await sh('cat; echo $A; pwd', { input: 'in\n', env: { A: 'b' }, cwd: '/' })).toBe('in\nb\n/\n');
  });
  test('that fails says how, with its last words', async () => {
    const failed = sh('echo one; echo two >&2; exit 3');
    await expect(failed).rejects.toBeInstanceOf(CommandError);
    await expect(failed).rejects.toMatchObject({ status: 3, message: expect.stringMatching(/status 3:\none\ntwo$/) });
  });
  test('that is not there is named', async () => {
    await expect(run('no-such-program', [])).rejects.toThrow('no-such-program is not on the PATH');
  });
  test('is interrupted once, and may clean up', async () => {
    const stop = new AbortController();
    let said = '';
    const running = sh('trap "echo bye; exit 7" INT; echo ready; while :; do sleep 0.05; done', {
      signal: stop.signal,
      onOutput: (text: string) => {
        said += text;
        if (said.includes('ready')) stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ status: 7 });
    expect(said).toContain('bye');
  });
  test('is killed when its time is up', async () => {
    await expect(sh('trap "" TERM INT; while :; do sleep 0.05; done', { timeoutMs: 100 })).rejects.toThrow('SIGKILL');
  });
});
