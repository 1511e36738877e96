// What an error of the SQS client means for records that were to be sent.
import { QueueOutcomeUnknownError, QueueRefusedError, QueueUnavailableError } from '../../errors.ts';

interface SdkError extends Error {
  /** Of the connection: `ECONNREFUSED`. */
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** The request has not left this machine. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Answers by which SQS says that it will never take this message. */
const NEVER = /InvalidMessageContents|InvalidParameterValue/;

/** The error to throw for a call that failed. */
export function classify(error: SdkError): Error {
  const options = { cause: error };
  const { name, message, $metadata: { httpStatusCode: status = 0 } = {} } = error;
  const code = error.code ?? (error.cause as SdkError | undefined)?.code ?? '';
  if (NEVER.test(name)) return new QueueRefusedError(`SQS refuses these records: ${message}`, options);
  if (name === 'CredentialsProviderError')
    return new QueueUnavailableError(`there are no credentials for SQS: ${message}`, options);
  if (NOT_SENT.has(code)) return new QueueUnavailableError(`SQS is not reachable (${code}); try again later`, options);
  if (status >= 400 && status < 500)
    return new QueueUnavailableError(`SQS refused: ${name}: ${message}; try again later`, options);
  return new QueueOutcomeUnknownError(
    `SQS did not confirm the records (${name}: ${message}); they may or may not be stored`,
    options,
  );
}
