// Ends the program with a message alone: a user who has to mend something needs no stack trace.
import * as pulumi from '@pulumi/pulumi';

/** What the function gives; if it throws, the program ends with the error's message and nothing else. */
export function plainly<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}
