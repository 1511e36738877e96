// Finds a program as a shell would.
import which from 'which';

/**
 * @param path text of a PATH variable; without one nothing is found
 * @returns path of the first executable file of that name in it, or undefined
 */
export const findProgram = (program: string, path: string | undefined): string | undefined =>
  path ? (which.sync(program, { path, nothrow: true }) ?? undefined) : undefined;
