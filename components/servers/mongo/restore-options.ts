// The command line of `npm run restore`.
import { parseArgs } from 'node:util';
import { UsageError } from '../../../tooling/errors.ts';

/** What becomes of the records that MongoDB holds; `refuse` restores only if it holds none. */
export type Existing = 'refuse' | 'merge' | 'drop';

export interface RestoreOptions {
  /** Name of a backup, or `latest`; undefined: lists them. */
  readonly backup: string | undefined;
  /** Undefined: the stack that `pulumi stack select` chose. */
  readonly stack: string | undefined;
  readonly existing: Existing;
}

export const RESTORE_HELP = `npm run restore -- [BACKUP] [--merge | --drop] [--stack NAME]

Restores a backup of MongoDB (backup:enabled) in a cluster, at the backups' share of mongo:iops.
BACKUP is a name, or latest. Without BACKUP it lists them, the newest first. If MongoDB holds records,
nothing happens unless you choose:

  --merge        adds the records of the backup that are missing; changes and deletes none
  --drop         deletes all records first, those stored since the backup included
  --stack NAME   the Pulumi stack (default: the selected one)

Status 0: done; 1: the restore failed, and may be repeated with --merge; 2: it did not start.`;

/** @returns null if help is requested @throws UsageError */
export function parseRestoreArgs(args: readonly string[]): RestoreOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const [backup, second] = positionals;
  if (second !== undefined) throw new UsageError(`only one backup is allowed; given ${backup} and ${second}`);
  if (values.merge && values.drop) throw new UsageError('choose --merge or --drop, not both');
  if (backup === undefined && (values.merge || values.drop))
    throw new UsageError('name a backup to restore, such as latest');
  return { backup, stack: values.stack, existing: values.merge ? 'merge' : values.drop ? 'drop' : 'refuse' };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        merge: { type: 'boolean', default: false },
        drop: { type: 'boolean', default: false },
        stack: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${RESTORE_HELP}`);
  }
}
