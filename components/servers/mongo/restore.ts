// `npm run restore`: lists the backups of MongoDB in a cluster, or restores one.
import { fetchStats } from '../../../tooling/api-stats.ts';
import { Kubectl } from '../../../tooling/cluster/kubectl.ts';
import { readOutputs } from '../../../tooling/cluster/outputs.ts';
import { NotReadyError, UserError } from '../../../tooling/errors.ts';
import { refusal, runBackupJob } from './backup-job.ts';
import { parseRestoreArgs, RESTORE_HELP } from './restore-options.ts';

async function main(): Promise<number> {
  const options = parseRestoreArgs(process.argv.slice(2));
  if (options === null) {
    console.log(RESTORE_HELP);
    return 0;
  }
  const { backup, stack, existing } = options;
  const outputs = await readOutputs({ stack, directory: process.cwd() });
  const print = (text: string): void => void process.stdout.write(text);
  const run = (...args: string[]) => runBackupJob(new Kubectl(outputs), outputs.namespace, args, print);
  if (backup === undefined) return (await run('list')) ? 0 : 1;

  const { total_documents } = await fetchStats(outputs.apiUrl, outputs.apiHost).catch(() => ({
    total_documents: null,
  }));
  const why = refusal(existing, total_documents);
  if (why !== undefined) throw new NotReadyError(why);
  const restored = await run('restore', backup, ...(existing === 'drop' ? ['--drop'] : []));
  if (!restored) console.error('the restore failed; its records that arrived are kept, and --merge adds the rest');
  return restored ? 0 : 1;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    const expected = error instanceof UserError;
    console.error(expected ? error.message : error);
    process.exitCode = expected ? 2 : 1;
  },
);
