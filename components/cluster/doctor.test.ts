// `npm run doctor` as a user runs it, on a machine whose tools answer as a test says.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { inEmptyFolder } from './cluster.testing.ts';

const project = process.cwd();
inEmptyFolder();

/**
 * Puts tools on the PATH that print their versions, and a stack with ports below those that the
 * system hands out.
 */
function prepare(): void {
  mkdirSync('bin');
  const tool = (name: string, script: string) =>
    writeFileSync(join('bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  tool(
    'docker',
    'case "$*" in --version) echo "Docker version 28.2.2";; version*) echo 28.2.2;; info*) printf "17179869184\\t4\\t/nowhere";; esac',
  );
  tool('k3d', 'echo "k3d version v5.9.0"');
  tool('kubectl', `echo '{ "gitVersion": "v1.34.1" }'`);
  tool('pulumi', 'echo v3.259.0');
  const ports = { httpPort: 28_080, nodePortHostPort: 28_000, apiPort: 26_550, registryPort: 25_050 };
  const lines = Object.entries(ports).map(([key, port]) => `  cluster:${key}: ${port}\n`);
  writeFileSync('Pulumi.dev.yaml', `config:\n${lines.join('')}`);
}

/** Runs it as package.json says, but in the empty folder. */
function doctor(...args: readonly string[]) {
  const node = join(project, 'node_modules/.bin/node');
  const script = join(project, 'components/cluster/doctor.ts');
  // Its own node is found by its path; the tools are those of the folder alone, with a shell for
  // them.
  const env = { ...process.env, PATH: `${process.cwd()}/bin:/usr/bin:/bin` };
  const { status, stdout, stderr } = spawnSync(node, [script, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

test('a machine that is ready', () => {
  prepare();
  const { status, stdout, stderr } = doctor();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    'Stack dev, cluster:kind k3d. Found: docker 28.2.2, k3d 5.9.0, kubectl 1.34.1, pulumi 3.259.0, Docker engine 28.2.2, 16.0 GiB of memory, 4 cores.',
    expect.stringMatching(
      /^It takes [\d.]+ GiB of memory \([\d.]+ GiB at most\), [\d.]+ cores, and \d+ GiB of disk\.$/,
    ),
    'Ready.',
    '',
  ]);
});

test('a machine that is not: all at once', () => {
  prepare();
  writeFileSync('bin/k3d', '#!/bin/sh\necho "k3d version v5.4.0"\n');
  writeFileSync(
    'bin/docker',
    '#!/bin/sh\n[ "$1" = --version ] && echo "Docker version 28" && exit; echo "no daemon" >&2; exit 1\n',
  );
  const { status, stdout } = doctor();
  expect(status).toBe(1);
  expect(stdout).toContain('\n- k3d 5.4.0 is too old: install k3d 5.8.0 or newer');
  expect(stdout).toContain('\n- the Docker engine is not running (no daemon)');
  expect(stdout).toMatch(/Not ready: 2 problems\.\n$/);
});

test('a machine that is too small', () => {
  prepare();
  writeFileSync(
    'bin/docker',
    '#!/bin/sh\ncase "$*" in --version) echo "Docker version 28.2.2";; version*) echo 28.2.2;; info*) printf "4294967296\\t4\\t/nowhere";; esac',
  );
  const { status, stdout } = doctor();
  expect(status).toBe(1);
  expect(stdout).toMatch(/\n- the stack takes .* GiB of memory, and Docker has 4\.0 GiB: give Docker more/);
});

test('judges another stack, with keys from the command line', () => {
  prepare();
  writeFileSync('Pulumi.spike.yaml', 'config:\n  queue:kind: redis-streams\n');
  const { stdout } = doctor('--stack', 'spike', '--config', 'redis:memoryMiB=9000', '--config', 'cluster:agents=1');
  expect(stdout).toMatch(/^Stack spike, /);
  expect(stdout).toMatch(/\n- the stack takes .* GiB of memory, and Docker has 16\.0 GiB/);
});

test('what it could not look at', () => {
  prepare();
  expect(doctor('--stack', 'nope')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no Pulumi.nope.yaml'),
  });
  expect(doctor('--nope')).toMatchObject({ status: 2, stderr: expect.stringContaining('--nope') });
  expect(doctor('--config', 'x')).toMatchObject({ status: 2, stderr: expect.stringContaining('found "x"') });
  expect(doctor('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('npm run doctor') });
  rmSync('Pulumi.dev.yaml');
  expect(doctor()).toMatchObject({ status: 2 });
});
