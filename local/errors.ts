// The errors of the local run: each says what to do, so that `npm start` can print the message alone.

/** Why the local run could not go on. */
export type LocalErrorCode =
  | 'server_unavailable'
  | 'server_failed'
  | 'port_taken'
  | 'data_in_use'
  | 'bad_arguments'
  | 'app_failed';

/** Base of every error that the local run reports; `message` is meant for the user and says what to do. */
export class LocalError extends Error {
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The server is not on this machine and cannot be got without asking (no Java, no apt, no network). */
export class ServerUnavailableError extends LocalError {
  constructor(message: string, options?: ErrorOptions) {
    super('server_unavailable', message, options);
  }
}

/** The server was found but did not start, or stopped by itself; the message ends with its last log lines. */
export class ServerFailedError extends LocalError {
  constructor(message: string, options?: ErrorOptions) {
    super('server_failed', message, options);
  }
}

/** Another process listens on the port that was asked for. */
export class PortTakenError extends LocalError {
  readonly port: number;

  constructor(port: number, holder: string | undefined, what: string) {
    const who = holder ? `${holder} holds it` : 'a process that this user cannot see holds it';
    super(
      'port_taken',
      `port ${port}, wanted for ${what}, is taken: ${who}. Stop that process or choose another port.`,
    );
    this.port = port;
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
