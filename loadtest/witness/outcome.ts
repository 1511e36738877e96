// Reads the outcome of a request out of its answer: pure, and the same for our generator and for k6's lines.
import { fnv1a } from '../../apps/shared/payload.ts';
import type { Outcome } from '../plan.ts';

/** Records that one request writes. */
export const RECORDS_PER_REQUEST = 5;

export interface Judged {
  readonly outcome: Outcome;
  /** The API refused to protect itself. */
  readonly shed: boolean;
  /** Of the ids that were promised, see `checksumOf`; 0 where nothing was. */
  readonly checksum: number;
  /** How many records the answer says it read. */
  readonly reads: number;
  /** Why it counts as failed; null for a proper 200. */
  readonly problem: string | null;
}

/** One number for a set of ids, whatever their order. */
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

/** What an answer means. A 5xx without a code is not the API's word (a proxy's, say), so nobody knows what it did. */
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

/** What a broken or missing answer means. @param sent whether any byte of the request may have left */
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
    return undefined; // Not JSON: the status alone must tell.
  }
}
