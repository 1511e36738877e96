// The plots' points: those that the server keeps, and those that this page saw before the server was started again.
// @ts-check

/** @typedef {readonly (number | null)[]} Point the first is its time, Unix milliseconds */

/** How far back the plots go, milliseconds. */
export const HISTORY_MS = 300_000;
/** A longer pause leaves a gap in the lines, milliseconds. */
const GAP_MS = 12_000;

/** @param {Point} point */
const at = (point) => Number(point[0]);

/** @param {readonly Point[]} points @returns {Point[]} those of the last five minutes, oldest first */
function lately(points) {
  const last = points.at(-1);
  return last ? points.filter((point) => at(point) >= at(last) - HISTORY_MS) : [];
}

/** @param {readonly Point[]} seen @param {readonly Point[]} kept what the server has @returns {Point[]} */
export function merge(seen, kept) {
  const first = kept[0];
  return lately(first ? [...seen.filter((point) => at(point) < at(first)), ...kept] : seen);
}

/** @param {readonly Point[]} points @param {Point} point @returns {Point[]} with one more, unless it is there already */
export const append = (points, point) => {
  const last = points.at(-1);
  return last && at(last) >= at(point) ? [...points] : lately([...points, point]);
};

/**
 * Points as uPlot wants them: a column each, time in seconds, with an empty row where nobody looked.
 * @param {readonly Point[]} points
 * @param {number} columns how many numbers a point has
 * @returns {(number | null)[][]}
 */
export function toColumns(points, columns) {
  /** @type {(number | null)[][]} */
  const result = Array.from({ length: columns }, () => []);
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (before && at(point) - at(before) > GAP_MS) push(result, [at(before) + 1_000]);
    push(result, point);
  });
  return result;
}

/** @param {(number | null)[][]} columns @param {Point} row */
function push(columns, row) {
  columns.forEach((column, i) => {
    const value = row[i] ?? null;
    column.push(i === 0 && value !== null ? value / 1000 : value);
  });
}
