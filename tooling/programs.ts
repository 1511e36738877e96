// Programs on this machine: where they are, and whether they are new enough.
import semver from 'semver';
import which from 'which';

/**
 * Finds a program as a shell would.
 *
 * @param path text of a PATH variable; without one nothing is found
 * @returns path of the first executable file of that name, or undefined
 */
export const findProgram = (program: string, path: string | undefined): string | undefined =>
  path ? (which.sync(program, { path, nothrow: true }) ?? undefined) : undefined;

/**
 * Whether a version is older than another, by its numbers. It need not be what semver calls a
 * version: `v1.32.4-dispatcher`, `20.10.24+dfsg1` and `2.36` will do. A text without a number is
 * older than everything.
 */
export function isOlder(version: string, than: string): boolean {
  const parsed = (text: string) => semver.coerce(text, { loose: true }) ?? '0.0.0'; // loose: 18.09.1
  return semver.lt(parsed(version), parsed(than));
}
