// Numbers as text: short, and with the same number of digits while they change. The server's
// sentences use the same functions.
// @ts-check

/** Stands for an unknown number. */
export const UNKNOWN = '–';

/** @param {number | null} value a count @returns {string} `1,204` */
export const count = (value) => (value === null ? UNKNOWN : Math.round(value).toLocaleString('en-US'));

/** @param {number | null} value a rate @returns {string} one decimal below 10 */
export function rate(value) {
  if (value === null) return UNKNOWN;
  if (value === 0 || value >= 9.95) return count(value);
  return value < 0.05 ? '<0.1' : value.toFixed(1);
}

/** @param {number | null} value @returns {string} `1,204/s` */
export const perSecond = (value) => (value === null ? UNKNOWN : `${rate(value)}/s`);

/** @param {number | null} value @returns {string} for axes: `12k` */
export function short(value) {
  if (value === null) return '';
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 1e3) return `${trim(value / 1e3)}k`;
  return trim(value);
}

/** @param {number} value */
const trim = (value) => String(Number(value.toFixed(value < 10 ? 1 : 0)));

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** @param {number | null} value @returns {string} `700 B`, `5.1 KiB`, `150 GiB` */
export function bytes(value) {
  if (value === null) return UNKNOWN;
  let unit = 0;
  let scaled = value;
  for (; scaled >= 999.5 && unit < BYTES.length - 1; unit++) scaled /= 1024;
  return `${unit === 0 || scaled >= 9.95 ? count(scaled) : scaled.toFixed(1)} ${BYTES[unit]}`;
}

/** @param {number | null} ms @returns {string} `4.2 ms`, `120 ms`, `2.5 s`, `3 min`, `2 h` */
export function duration(ms) {
  if (ms === null) return UNKNOWN;
  if (ms >= 5_400_000) return `${Math.round(ms / 3_600_000)} h`;
  if (ms >= 59_950) return `${Math.round(ms / 60_000)} min`;
  if (ms >= 9_950) return `${Math.round(ms / 1000)} s`;
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 9.95 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/**
 * @param {number | null} ratio from 0 to 1
 * @returns {string} `98.1 %`; neither 0 % nor 100 % unless it is
 */
export function percent(ratio) {
  if (ratio === null) return UNKNOWN;
  if (ratio === 0 || ratio === 1) return `${ratio * 100} %`;
  return ratio < 0.0005 ? '<0.1 %' : `${Math.min(99.9, ratio * 100).toFixed(1)} %`;
}

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 * @returns {string} `1 process`, `2 processes`
 */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
