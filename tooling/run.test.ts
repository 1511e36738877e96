import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { isGone } from '../test/processes.ts';
import { until } from '../test/until.ts';
import { CommandError, type CommandOptions, run, runWithin } from './run.ts';

const sh = (script: string, options?: CommandOptions) => run('/bin/sh', ['-c', script], options);

const folder = mkdtempSync(join(tmpdir(), 'breakwater-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a command', () => {
  test('gives what it wrote to standard output', async () => {
    expect(await sh('echo found; echo hm >&2')).toBe('found\n');
  });

  test('gets its input, environment and directory', async () => {
    expect(
      await sh('cat; echo $A; test -n "$HOME" && echo set; pwd', { input: 'in\n', env: { A: 'b' }, cwd: '/' }),
    ).toBe('in\nb\nset\n/\n');
    expect(await sh('test -z "$HOME" && echo none', { env: { HOME: undefined } })).toBe('none\n');
  });

  test('may end before it has read its input', async () => {
    expect(await sh('exit 0', { input: 'x'.repeat(1_000_000) })).toBe('');
  });

  test('is run without a shell', async () => {
    expect(await run('/bin/echo', ['$HOME', '*', ';'])).toBe('$HOME * ;\n');
  });

  test('is heard while it runs', async () => {
    const signal = join(folder, 'heard');
    let heard = '';
    await sh(`echo one; echo two >&2; until [ -e ${signal} ]; do sleep 0.02; done`, {
      timeoutMs: 30_000,
      onOutput: (text) => {
        heard += text;
        if (heard.includes('one\n') && heard.includes('two\n')) writeFileSync(signal, '');
      },
    });
  });

  test('keeps characters whole that arrive in pieces', async () => {
    expect(await sh(`printf '\\342'; sleep 0.1; printf '\\202\\254'`)).toBe('€');
  });
});

describe('a command that fails', () => {
  test('names a file with all that it printed, which only its user can read', async () => {
    const error = (await run('/bin/sh', ['-c', 'echo one; echo "error: two" >&2; exit 1', 'sh', 'get/it']).catch(
      (e) => e,
    )) as CommandError;
    const { outputFile = '' } = error;
    expect(error.message).toBe(`sh sh get/it failed (exit status 1): two (all that it printed: ${outputFile})`);
    expect(readFileSync(outputFile, 'utf8').split('\n').sort()).toEqual(['', 'error: two', 'one']);
    expect(statSync(outputFile).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(outputFile)).mode & 0o777).toBe(0o700);
  });

  test('again and again keeps the last output only', async () => {
    const fail = async (text: string) =>
      ((await sh(`echo ${text}; echo; echo end; exit 1`).catch((e) => e)) as CommandError).outputFile;
    const file = (await fail('one'))!;
    expect(await fail('two')).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe('two\n\nend\n');
    rmSync(dirname(file), { recursive: true });
    expect(readFileSync((await fail('three'))!, 'utf8')).toContain('three');
  });

  test('needs no file for one line', async () => {
    await expect(sh('echo; echo " error: the cause"; exit 3')).rejects.toMatchObject({
      message: 'sh failed (exit status 3): the cause',
      outputFile: undefined,
    });
  });

  test('says what it was, how it ended, and its first error', async () => {
    const failed = run('/bin/sh', ['-c', 'echo out; echo "error: the cause" >&2; echo later >&2; exit 3', 'sh', 'get']);
    await expect(failed).rejects.toBeInstanceOf(CommandError);
    await expect(failed).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: expect.stringMatching(/^sh sh get failed \(exit status 3\): the cause \(all that it printed: \S+\)$/),
      reason: 'the cause',
      status: 3,
      signal: null,
      missing: false,
    });
  });

  test('keeps all that it printed, and the whole command', async () => {
    const error = (await sh('echo one; echo two >&2; sleep 0.1; echo three; exit 1').catch((e) => e)) as CommandError;
    expect(error.output.split('\n').sort()).toEqual(['', 'one', 'three', 'two']);
    expect(error.command).toEqual(['/bin/sh', '-c', 'echo one; echo two >&2; sleep 0.1; echo three; exit 1']);
  });

  test('and says nothing', async () => {
    await expect(sh('exit 3')).rejects.toThrow(/^sh failed \(exit status 3\)$/);
    await expect(sh('kill -KILL $$')).rejects.toMatchObject({ message: 'sh failed (SIGKILL)', signal: 'SIGKILL' });
  });

  test('that does not exist: what to do', async () => {
    await expect(run('no-such-program', ['x'])).rejects.toMatchObject({
      message: 'no-such-program is not on the PATH: install it, or add its folder to the PATH',
      missing: true,
      status: null,
      cause: expect.objectContaining({ code: 'ENOENT' }),
    });
    await expect(run('/no/such/program', [])).rejects.toThrow('there is no program /no/such/program');
  });

  test('whose directory does not exist, or that is no program', async () => {
    const elsewhere = run('sh', [], { cwd: '/no/such/folder' });
    await expect(elsewhere).rejects.toMatchObject({
      message: 'sh cannot be started: there is no folder /no/such/folder',
      missing: false,
    });
    await expect(run('/etc/passwd', [])).rejects.toThrow('/etc/passwd cannot be started: spawn /etc/passwd EACCES');
  });
});

describe('a command that is ended', () => {
  test('by an abort is interrupted once, and may clean up', async () => {
    const stop = new AbortController();
    let heard = '';
    const running = sh('trap "echo bye; exit 7" INT; echo ready; while :; do sleep 0.05; done', {
      signal: stop.signal,
      onOutput: (text) => {
        heard += text;
        if (heard.includes('ready')) stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ status: 7 });
    expect(heard).toContain('bye');
    await expect(sh(`touch ${folder}/never`, { signal: stop.signal })).rejects.toThrow('aborted');
    expect(existsSync(join(folder, 'never'))).toBe(false);
  });

  test('because its time is up is asked to end, with what it started', async () => {
    const running = sh(`sleep 600 & echo $! > ${folder}/child; trap "exit 0" TERM; wait`, { timeoutMs: 300 });
    await expect(running).rejects.toThrow(/^sh took longer than 0\.3 s$/);
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await until(() => isGone(child));
  });

  test('because its time is up is killed when it does not listen', async () => {
    const deaf = sh('trap "" TERM INT; while :; do sleep 0.05; done', { timeoutMs: 100 });
    await expect(deaf).rejects.toMatchObject({ signal: 'SIGKILL' });
  });

  test('by a limit for all commands, unless it has its own', async () => {
    const limited = runWithin(100);
    await expect(limited('sleep', ['600'])).rejects.toThrow('sleep 600 took longer than 0.1 s');
    expect(await limited('/bin/sh', ['-c', 'sleep 0.3; echo late'], { timeoutMs: 60_000 })).toBe('late\n');
  });
});
