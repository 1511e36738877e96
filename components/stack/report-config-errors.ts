// Ends the program with the message of an error: a user who has to fix the config or the machine
// needs no stack trace.
import * as pulumi from '@pulumi/pulumi';

/** Returns what `check` returns. If it throws, Pulumi prints the message and nothing else. */
export function reportConfigErrors<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw new pulumi.RunError((error as Error).message);
  }
}
