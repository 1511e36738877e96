// Runs the pod of the CronJob `backup` once, with other arguments, and shows what it prints.
import type { Kubectl, List } from '../../../tooling/cluster/kubectl.ts';
import { NotReadyError } from '../../../tooling/errors.ts';
import { waitFor } from '../../../tooling/poll.ts';
import type { Existing } from './restore-options.ts';

const NAME = 'backup';
/** Time for the image to be pulled and the volume to be mounted. */
const START_SECONDS = 600;
/** Kubernetes deletes the job, with its log, so long after its end. */
const KEEP_SECONDS = 3_600;

interface CronJob {
  readonly spec: {
    readonly jobTemplate: {
      readonly spec: {
        readonly template: { readonly spec: { readonly containers: readonly [Record<string, unknown>] } };
      };
    };
  };
}
interface Status<T> {
  readonly status?: T;
}

/** The job that runs the CronJob's pod once, with these arguments. It is not tried again. */
function jobOf({ spec: { jobTemplate } }: CronJob, args: readonly string[]) {
  const { template } = jobTemplate.spec;
  const [container] = template.spec.containers;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { generateName: `${NAME}-${args[0]}-` },
    spec: {
      ...jobTemplate.spec,
      backoffLimit: 0,
      ttlSecondsAfterFinished: KEEP_SECONDS,
      template: { ...template, spec: { ...template.spec, containers: [{ ...container, args }] } },
    },
  };
}

/**
 * Runs `backup.sh` with these arguments in the cluster.
 * @param print gets what it prints, as it comes
 * @returns whether it succeeded
 * @throws NotReadyError without backups; CommandError; WaitTimeoutError when its pod does not start
 */
export async function runBackupJob(
  kubectl: Kubectl,
  namespace: string,
  args: readonly string[],
  print: (text: string) => void,
): Promise<boolean> {
  const found = await kubectl.text([
    ...['get', '--namespace', namespace, `cronjob/${NAME}`],
    ...['--ignore-not-found', '--output', 'json'],
  ]);
  if (found === '')
    throw new NotReadyError('the stack makes no backups; run "pulumi config set backup:enabled true" and "pulumi up"');
  const created = await kubectl.text(['create', '--namespace', namespace, '--filename', '-', '--output', 'name'], {
    input: JSON.stringify(jobOf(JSON.parse(found) as CronJob, args)),
  });
  const job = created.trim().replace(/^job\.batch\//, 'job/');

  const label = `--selector=job-name=${job.replace('job/', '')}`;
  await waitFor(
    `the pod of ${job} starts; see: kubectl --namespace ${namespace} describe pod ${label}`,
    async () => {
      const { items } = await kubectl.get<List<Status<{ phase: string }>>>(namespace, 'pods', label);
      return items.some(({ status }) => status !== undefined && status.phase !== 'Pending');
    },
    { within: START_SECONDS },
  );
  await kubectl.text(['logs', '--namespace', namespace, '--follow', job], { onOutput: print });
  const end = await waitFor(
    `${job} ends`,
    async () => {
      const { status } = await kubectl.get<Status<{ succeeded?: number; failed?: number }>>(namespace, job);
      return (status?.succeeded ?? 0) + (status?.failed ?? 0) > 0 && status;
    },
    { within: 60 },
  );
  return end.succeeded === 1;
}

/**
 * Why a restore must not start; undefined if it may.
 * @param documents number of records in MongoDB; null: not known
 */
export function refusal(existing: Existing, documents: number | null): string | undefined {
  if (existing !== 'refuse' || documents === 0) return undefined;
  const found =
    documents === null
      ? 'the API does not say whether MongoDB holds records'
      : `MongoDB holds ${documents.toLocaleString('en-US')} records`;
  return `${found}. Choose --merge, which adds those of the backup that are missing, or --drop, which deletes all records first`;
}
