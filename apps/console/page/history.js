// The points of the plots: those that the server keeps, and those that this page received before
// the server restarted.
// @ts-check

/** @typedef {readonly (number | null)[]} Point the first number is its Unix time, milliseconds */

/** Range of the plots, milliseconds. */
export const HISTORY_MS = 300_000;
/** A longer pause leaves a gap in the lines, milliseconds. */
const GAP_MS = 12_000;

/** @param {Point} point */
const at = (point) => Number(point[0]);

/**
 * @param {readonly Point[]} points
 * @returns {Point[]} those of the last five minutes, oldest first
 */
function withinRange(points) {
  const last = points.at(-1);
  return last ? points.filter((point) => at(point) >= at(last) - HISTORY_MS) : [];
}

/**
 * @param {readonly Point[]} seen by this page
 * @param {readonly Point[]} kept by the server
 * @returns {Point[]}
 */
export function merge(seen, kept) {
  const first = kept[0];
  return withinRange(first ? [...seen.filter((point) => at(point) < at(first)), ...kept] : seen);
}

/**
 * @param {readonly Point[]} points
 * @param {Point} point
 * @returns {Point[]} with the point, unless it is already there
 */
export const append = (points, point) => {
  const last = points.at(-1);
  return last && at(last) >= at(point) ? [...points] : withinRange([...points, point]);
};

/**
 * Points in uPlot's form: columns, time in seconds, and an empty row for each gap.
 * @param {readonly Point[]} points
 * @param {number} columns numbers per point
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
