// What MySQL's error numbers mean for a batch.

/** The table was not created yet. */
const NO_SUCH_TABLE = 1146;

/**
 * Errors that speak of a row, so that it fails again however often it is tried: null, out of range,
 * cut short, wrong value, wrong text, row or column too large, a foreign key, no partition, a
 * trigger that objects, invalid JSON, a CHECK constraint (MySQL's and MariaDB's). Any other may
 * pass: a lock, a server that is read-only since a failover (1290, 1836), a full disk, a column
 * without a default that was added (1364), which would refuse every row.
 */
const PERMANENT = new Set([1048, 1118, 1264, 1265, 1292, 1366, 1406, 1411, 1452, 1526, 1644, 1690, 3140, 3819, 4025]);

const numberOf = (error: unknown): number | undefined => (error as { errno?: number }).errno;

export const isNoSuchTable = (error: unknown): boolean => numberOf(error) === NO_SUCH_TABLE;

/** Why the row was refused for good; undefined when trying again may help. */
export function refusalOf(error: unknown): string | undefined {
  const number = numberOf(error);
  return number !== undefined && PERMANENT.has(number) ? `MySQL ${number}: ${(error as Error).message}` : undefined;
}
