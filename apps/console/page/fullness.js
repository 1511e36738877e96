// How full the queue is, by records or by bytes. The server's sentences use the same functions.
// @ts-check

/** @typedef {import('../snapshot.ts').Snapshot['queue']} Queue */

/**
 * @param {number | null} part
 * @param {number | null} whole
 * @returns {number | null} null where a number is unknown
 */
const share = (part, whole) => (part === null || !whole ? null : part / whole);

/** @param {Queue} queue */
const byRecords = ({ lag, maxLength }) => share(lag, maxLength);
/** @param {Queue} queue */
const byBytes = ({ lagBytes, maxBytes }) => share(lagBytes, maxBytes);

/**
 * Whether the queue reaches its limit in bytes before the one in records.
 * @param {Queue} queue
 */
export const fillsByBytes = (queue) => (byBytes(queue) ?? 0) > (byRecords(queue) ?? 0);

/**
 * Share of the limit that the queue reaches first.
 * @param {Queue} queue
 * @returns {number | null} null where it is unknown
 */
export const fullness = (queue) => (fillsByBytes(queue) ? byBytes(queue) : byRecords(queue));
