// Errors that cross module borders: a stable code, whether trying again can help, and the cause.

/** Base of the errors that callers tell apart by `code`. */
export abstract class BreakwaterError extends Error {
  abstract readonly code: string;
  /** True when the same call may work later. */
  abstract readonly canRetry: boolean;
}

/** The queue holds as much as it may; nothing was stored. */
export class QueueFullError extends BreakwaterError {
  override readonly name = 'QueueFullError';
  readonly code = 'QUEUE_FULL';
  readonly canRetry = true;
}

/** The queue did not take the records, and certainly none of them. */
export class QueueUnavailableError extends BreakwaterError {
  override readonly name = 'QueueUnavailableError';
  readonly code = 'QUEUE_UNAVAILABLE';
  readonly canRetry = true;
}

/**
 * The queue did not answer in time or the connection broke: the records may or may not be in it.
 */
export class QueueOutcomeUnknownError extends BreakwaterError {
  override readonly name = 'QueueOutcomeUnknownError';
  readonly code = 'OUTCOME_UNKNOWN';
  readonly canRetry = true;
}

/** The records can never be taken as they are (too large for the queue, say). */
export class QueueRefusedError extends BreakwaterError {
  override readonly name = 'QueueRefusedError';
  readonly code = 'RECORDS_REFUSED';
  readonly canRetry = false;
}

/** The store failed, or did not answer in time. */
export class StoreUnavailableError extends BreakwaterError {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'STORE_UNAVAILABLE';
  readonly canRetry = true;
}
