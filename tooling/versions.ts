// Compares versions as tools and packages print them, which is not always as semver wants them.
import semver from 'semver';

/**
 * Whether a version is older than another, by its numbers: `v1.32.4-dispatcher`, `20.10.24+dfsg1`
 * and `2.36` are versions as well. A text without a number is older than everything.
 */
export function isOlder(version: string, than: string): boolean {
  const parsed = (text: string) => semver.coerce(text, { loose: true }) ?? '0.0.0'; // loose: 18.09.1
  return semver.lt(parsed(version), parsed(than));
}
