// A dead letter as it is kept.
import type { DataRecord } from '../../record.ts';

export interface Letter {
  readonly id: string;
  /** When it was refused, milliseconds since 1970. */
  readonly at: number;
  /** JSON of a DeadLetter without its id. */
  readonly text: string;
}

export function letterOf(id: string, reason: string, record: DataRecord, failedAt = new Date()): Letter {
  return { id, at: failedAt.getTime(), text: JSON.stringify({ reason, failedAt: failedAt.toISOString(), record }) };
}

/** What is no record is shown as one without an id, its text as the payload. */
export const unreadableLetter = (id: string, reason: string, payload: string, failedAt?: Date): Letter =>
  letterOf(id, reason, { _id: '', type: 'unreadable', index: 0, payload, createdAt: '', origin: '' }, failedAt);
