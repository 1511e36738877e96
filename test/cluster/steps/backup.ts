// Backups: the ledger of a load is clean after its records were deleted and restored, and nothing is
// overwritten unasked.
import { createHash } from 'node:crypto';
import { connectMongo } from '../../../apps/shared/mongo.ts';
import { RECORDS } from '../../../apps/shared/store/store.ts';
import { runBackupJob } from '../../../components/servers/mongo/backup-job.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Step } from '../context.ts';
import { checkLoad, LIGHT, startLoad } from '../load.ts';
import { npmRun } from '../machine.ts';
import type { RunningStack } from '../running-stack.ts';

const RECORDS_AT_LEAST = 500;

export const backup: Step = async (context) => {
  const { check, pulumi, say, signal } = context;
  const stack = await context.stack();
  const load = await startLoad(stack, LIGHT, signal);
  await load.accepted(RECORDS_AT_LEAST / 5);
  const report = await load.end(async () => {
    const before = await contentOf(stack);
    check('there are records to back up', before.records >= RECORDS_AT_LEAST, `${before.records} records`);

    const dumped = await runBackupJob(stack.kubectl, stack.namespace, ['dump'], (text) => say(`    ${text.trim()}`));
    check('a backup is written', dumped);
    const restore = (...args: string[]) => npmRun('restore', [...args, '--stack', pulumi.name], pulumi.environment);
    const [newest = ''] = (await restore()).split(' ');
    check('it is listed', newest.endsWith('.archive.gz'), newest);

    const refused = await restore('latest').then(
      () => '',
      (error: unknown) => (error instanceof CommandError ? error.output.trim() : String(error)),
    );
    check('a restore over records is refused', refused.includes('Choose --merge'), refused);

    await removeRecords(stack);
    await restore('latest', '--merge');
    const after = await contentOf(stack);
    check('every record is back, byte for byte', after.digest === before.digest, `${after.records} records`);
  });
  // Its ledger compares the restored records with what clients were answered.
  checkLoad(context, report, 0.01);
};

/** Number of the records in MongoDB, and a digest of their bytes in the order of their ids. */
async function contentOf(stack: RunningStack) {
  return withRecords(stack, async (records) => {
    const hash = createHash('sha256');
    let count = 0;
    for await (const record of records.find({}, { sort: { _id: 1 }, raw: true })) {
      hash.update(record as unknown as Buffer);
      count++;
    }
    return { records: count, digest: hash.digest('hex') };
  });
}

const removeRecords = (stack: RunningStack) => withRecords(stack, (records) => records.deleteMany({}));

type Records = ReturnType<ReturnType<typeof connectMongo>['db']['collection']>;

async function withRecords<T>(stack: RunningStack, body: (records: Records) => Promise<T>): Promise<T> {
  const { addresses, close } = await stack.access('store');
  const { client, db } = connectMongo({ url: addresses.storeUrl!, appName: 'e2e' });
  try {
    return await body(db.collection(RECORDS));
  } finally {
    await client.close();
    await close();
  }
}
