// The errors of the local run. Each message says what to do, so that `npm start` prints it alone.
import { UserError } from '../tooling/errors.ts';

/** Why the local run failed. */
type LocalErrorCode = 'server_unavailable' | 'port_taken' | 'data_in_use' | 'bad_arguments' | 'app_failed';

/** An error of the local run. */
export class LocalError extends UserError {
  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/**
 * The server is not on this machine and cannot be fetched without asking (no Java, no apt, no
 * network).
 */
export class ServerUnavailableError extends LocalError {
  constructor(message: string, options?: ErrorOptions) {
    super('server_unavailable', message, options);
  }
}

/** Another run uses the same data directory. */
export class DataInUseError extends LocalError {
  constructor(path: string, holder: string | undefined) {
    super(
      'data_in_use',
      `${path} is in use by ${holder ?? 'another run'}. Stop that run first, or give this one a directory of its own.`,
    );
  }
}
