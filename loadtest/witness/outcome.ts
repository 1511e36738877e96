// Judges one request by its answer. Every engine is judged by the same pure functions.
import { fnv1a } from '../../apps/shared/payload.ts';

/** What happened to a request, as the caller knows it. */
export type Outcome = 'accepted' | 'refused' | 'unknown';

/** Records that one request writes. */
export const RECORDS_PER_REQUEST = 5;

export interface Judged {
  readonly outcome: Outcome;
  /** Refused with 503: the API protects itself from overload. */
  readonly shed: boolean;
  /** Checksum of the promised ids, see `checksumOf`; 0 if none were promised. */
  readonly checksum: number;
  /** Number of records that the answer returns as read. */
  readonly reads: number;
  /** Why the request counts as failed; null for a correct 200. */
  readonly problem: string | null;
}

/** Checksum of a set of ids, in any order. */
export function checksumOf(ids: readonly string[]): number {
  let sum = 0;
  for (const id of ids) sum ^= fnv1a(id);
  return sum >>> 0;
}

interface Body {
  status?: unknown;
  code?: unknown;
  writes?: unknown;
  reads?: unknown;
}

/**
 * Judges an answer. A 5xx without a code does not come from the API but from a proxy, for example,
 * so the outcome is unknown.
 */
export function judge(status: number, text: string): Judged {
  const body = parse(text);
  if (status === 200) {
    const ids = body?.writes;
    const good = body?.status === 'success' && isIds(ids) && ids.length === RECORDS_PER_REQUEST;
    return {
      outcome: 'accepted',
      shed: false,
      checksum: good ? checksumOf(ids) : 0,
      reads: Array.isArray(body?.reads) ? body.reads.length : 0,
      problem: good ? null : 'a 200 without five ids',
    };
  }
  const code = typeof body?.code === 'string' ? body.code : undefined;
  const refused = status >= 400 && code !== 'OUTCOME_UNKNOWN' && (status < 500 || code !== undefined);
  return {
    outcome: refused ? 'refused' : 'unknown',
    shed: refused && status === 503,
    checksum: 0,
    reads: 0,
    problem: code ? `${status} ${code}` : String(status),
  };
}

/**
 * Judges a broken or missing answer.
 * @param sent whether any byte of the request may have been sent
 */
export function judgeFailure(error: NodeJS.ErrnoException, sent: boolean): Judged {
  const problem = `${error.code ?? error.message}${sent ? '' : ' (not sent)'}`;
  return { outcome: sent ? 'unknown' : 'refused', shed: false, checksum: 0, reads: 0, problem };
}

const isIds = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((id) => typeof id === 'string' && id !== '');

function parse(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // Not JSON: only the status counts.
  }
}
