// Config of the backups of MongoDB.
import { z } from 'zod';
import { textOr, toggle, volumeGiB, wholeNumber } from '../keys.ts';

const FIELD = String.raw`(\*|\d+(-\d+)?(,\d+(-\d+)?)*)(\/\d+)?`;

/** `backup:*` */
export const backupSchema = z.object({
  enabled: toggle({
    default: false,
    description:
      'Whether MongoDB is dumped to a volume on a schedule, in a cluster. A dump holds stored records only, not those in the queue.',
    change:
      'Creates or deletes the schedule and rolls the gate: connections to MongoDB break and are retried. The volume with the backups stays until you delete the claim.',
  }),
  schedule: textOr('0 3 * * *', {
    pattern: new RegExp(`^${Array(5).fill(FIELD).join(' ')}$`),
    allowed: 'five fields in the form of cron, in UTC',
    description: 'When MongoDB is dumped. A dump that is due while another one runs is left out.',
    change: 'In place.',
  }),
  keep: wholeNumber({
    min: 1,
    max: 1_000,
    default: 7,
    unit: 'backups',
    description: 'Number of backups on the volume. After a new one, older ones are deleted.',
    change: 'In place. A lower number deletes older backups after the next one.',
  }),
  iopsPercent: wholeNumber({
    min: 1,
    max: 100,
    default: 20,
    unit: '%',
    description:
      'Share of `mongo:iops` that a dump or restore may use. An operation reads 256 KiB at most: with 20 operations per second, 1 GiB takes three and a half minutes.',
    change: 'Rolls the gate: connections to MongoDB break and are retried. Data stays.',
  }),
  volumeGiB: volumeGiB(16, 'the volume of the backups, which must hold `backup:keep` of them and one more'),
});
