// npm run restore: its command line, what it refuses, and the job that it makes of the CronJob.
import { describe, expect, test } from '@jest/globals';
import { Kubectl } from '../../../tooling/cluster/kubectl.ts';
import { NotReadyError, UsageError } from '../../../tooling/errors.ts';
import type { Run } from '../../../tooling/run.ts';
import { refusal, runBackupJob } from './backup-job.ts';
import { parseRestoreArgs } from './restore-options.ts';

describe('the command line', () => {
  test.each([
    [[], { backup: undefined, stack: undefined, existing: 'refuse' }],
    [['latest', '--stack', 'production'], { backup: 'latest', stack: 'production', existing: 'refuse' }],
    [['a.archive.gz', '--merge'], { backup: 'a.archive.gz', stack: undefined, existing: 'merge' }],
    [['--drop', 'latest'], { backup: 'latest', stack: undefined, existing: 'drop' }],
    [['latest', '--help'], null],
  ])('%j', (args, expected) => expect(parseRestoreArgs(args)).toEqual(expected));

  test.each([
    [['a', 'b'], /given a and b/],
    [['a', '--merge', '--drop'], /not both/],
    [['--drop'], /name a backup/],
    [['--force'], /'--force'[\s\S]*npm run restore -- \[BACKUP\]/],
  ])('refused: %j', (args, message) => {
    expect(() => parseRestoreArgs(args)).toThrow(UsageError);
    expect(() => parseRestoreArgs(args)).toThrow(message);
  });
});

test.each([
  ['refuse', 0, undefined],
  ['refuse', 1_234, /^MongoDB holds 1,234 records\. Choose --merge/],
  ['refuse', null, /^the API does not say/],
  ['merge', 1_234, undefined],
  ['drop', null, undefined],
] as const)('%s with %p records', (existing, documents, expected) => {
  if (expected === undefined) expect(refusal(existing, documents)).toBeUndefined();
  else expect(refusal(existing, documents)).toMatch(expected);
});

describe('the job', () => {
  const cronJob = {
    spec: {
      jobTemplate: {
        spec: {
          backoffLimit: 2,
          template: {
            metadata: { labels: { a: 'b' } },
            spec: { containers: [{ name: 'backup', image: 'mongo:7', args: ['dump'] }], volumes: [{ name: 'data' }] },
          },
        },
      },
    },
  };
  const ended = { succeeded: { succeeded: 1 }, failed: { failed: 1 } };

  /** kubectl in front of a cluster where the job ends so. */
  function cluster(end: keyof typeof ended) {
    const created: unknown[] = [];
    const answer: Run = async (_program, [, ...args], options) => {
      const line = args.join(' ');
      if (line.startsWith('create ')) created.push(JSON.parse(options?.input ?? ''));
      if (line.startsWith('logs ')) options?.onOutput?.('3 document(s) restored successfully.\n');
      if (line.includes('cronjob/backup')) return JSON.stringify(cronJob);
      if (line.startsWith('create ')) return 'job.batch/backup-restore-x7\n';
      if (line.includes(' pods ')) return JSON.stringify({ items: [{ status: { phase: 'Succeeded' } }] });
      return JSON.stringify({ status: ended[end] });
    };
    return { kubectl: new Kubectl({ kubeconfigPath: '/k' }, answer), created };
  }

  test('is the pod of the CronJob with other arguments, and runs once', async () => {
    const { kubectl, created } = cluster('succeeded');
    const printed: string[] = [];
    const print = (text: string) => printed.push(text);
    expect(await runBackupJob(kubectl, 'shop', ['restore', 'latest', '--drop'], print)).toBe(true);
    expect(printed.join('')).toContain('3 document(s) restored');
    expect(created).toEqual([
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { generateName: 'backup-restore-' },
        spec: {
          backoffLimit: 0,
          ttlSecondsAfterFinished: 3_600,
          template: {
            metadata: { labels: { a: 'b' } },
            spec: {
              containers: [{ name: 'backup', image: 'mongo:7', args: ['restore', 'latest', '--drop'] }],
              volumes: [{ name: 'data' }],
            },
          },
        },
      },
    ]);
  });

  test('that fails is reported', async () => {
    expect(await runBackupJob(cluster('failed').kubectl, 'shop', ['list'], () => {})).toBe(false);
  });

  test('needs backups', async () => {
    const without: Run = async () => '';
    const run = runBackupJob(new Kubectl({ kubeconfigPath: '/k' }, without), 'shop', ['list'], () => {});
    await expect(run).rejects.toThrow(NotReadyError);
    await expect(run).rejects.toThrow(/backup:enabled true/);
  });
});
