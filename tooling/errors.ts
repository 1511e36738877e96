// Errors that the user can do something about. Commands print their message alone, without a stack
// trace.
import { constants } from 'node:os';

/** Base of those errors: `message` says what to do. */
export class UserError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The command line is wrong; `message` says what is right. */
export class UsageError extends UserError {
  constructor(message: string) {
    super('BAD_USAGE', message);
  }
}

/** The system that a command works on is not there, or not ready. */
export class NotReadyError extends UserError {
  constructor(message: string, options?: ErrorOptions) {
    super('TARGET_NOT_READY', message, options);
  }
}

/** Exit status of a command that Ctrl-C ended. */
export const INTERRUPTED = 128 + constants.signals.SIGINT;
