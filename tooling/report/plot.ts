// Plots as SVG text: pure functions from numbers to a picture that needs no script and no network.

export interface Series {
  readonly name: string;
  /** Which of the page's colours, 1 to 6. */
  readonly color: number;
  /** [x, y]; a null y is a gap. */
  readonly points: readonly (readonly [number, number | null])[];
  /** Filled down to zero. Default false. */
  readonly area?: boolean;
}

interface PlotOptions {
  readonly title: string;
  /** What the values are, shown at the axis. */
  readonly unit: string;
  readonly series: readonly Series[];
  /** x runs from 0 to here, seconds. */
  readonly seconds: number;
  /** A dashed line at this value. */
  readonly limit?: { readonly value: number; readonly name: string };
  /** Powers of ten instead of equal steps; for latencies. Default false. */
  readonly logarithmic?: boolean;
  /** y goes at least this high. */
  readonly atLeast?: number;
  /** A second at which the load ended. */
  readonly loadEnd?: number;
  readonly format?: (value: number) => string;
}

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 52;
const RIGHT = 10;
const TOP = 20;
const BOTTOM = 26;

/** A plot with its title and legend, as HTML. */
export function plot(options: PlotOptions): string {
  const { title, unit, series, seconds, limit } = options;
  const format = options.format ?? ((value: number) => shortNumber(value));
  const values = series.flatMap(({ points }) => points.flatMap(([, y]) => (y === null ? [] : [y])));
  const legend = series
    .map(({ name, color }) => `<span><i class="c${color}"></i>${escapeHtml(name)}</span>`)
    .concat(limit ? [`<span><i class="limit"></i>${escapeHtml(limit.name)}</span>`] : [])
    .join('');
  const head = `<figcaption><b>${escapeHtml(title)}</b> <small>${escapeHtml(unit)}</small><div class="legend">${legend}</div></figcaption>`;
  if (values.length === 0) return `<figure>${head}<p class="none">nothing was measured</p></figure>`;

  const ticks = options.logarithmic
    ? logTicks(values, limit?.value)
    : linearTicks(0, Math.max(...peak(values), limit?.value ?? 0, options.atLeast ?? 0));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const scale = options.logarithmic
    ? (y: number) => Math.log(Math.max(y, low) / low) / Math.log(high / low)
    : (y: number) => (y - low) / (high - low);
  const x = (second: number) =>
    round(LEFT + (Math.min(Math.max(second, 0), seconds) / seconds) * (WIDTH - LEFT - RIGHT));
  const y = (value: number) => round(HEIGHT - BOTTOM - scale(value) * (HEIGHT - TOP - BOTTOM));

  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${escapeHtml(format(tick))}</text>`,
  );
  const times = timeTicks(seconds).map(
    (second) => `<text x="${x(second)}" y="${HEIGHT - 8}" text-anchor="middle">${formatTime(second, seconds)}</text>`,
  );
  const end =
    options.loadEnd === undefined || options.loadEnd > seconds * 0.95
      ? ''
      : `<line class="end" x1="${x(options.loadEnd)}" x2="${x(options.loadEnd)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/><text x="${x(options.loadEnd)}" y="${TOP - 6}" text-anchor="middle">load ends</text>`;
  const limitLine = limit
    ? `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(limit.value)}" y2="${y(limit.value)}"/>`
    : '';
  const lines = series.map((one) => drawSeries(one, x, y, HEIGHT - BOTTOM)).join('');
  return `<figure>${head}<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">${grid.join('')}${times.join('')}${end}${lines}${limitLine}</svg></figure>`;
}

function drawSeries(
  { points, color, area }: Series,
  x: (s: number) => number,
  y: (v: number) => number,
  floor: number,
): string {
  return runsOf(thin(points))
    .map((run) => {
      const path = run.map(([s, v]) => `${x(s)},${y(v)}`).join(' ');
      const [first, last] = [run[0]!, run.at(-1)!];
      if (run.length === 1) return `<circle class="s c${color}" cx="${x(first[0])}" cy="${y(first[1])}" r="1.5"/>`;
      const fill = area
        ? `<polygon class="area c${color}" points="${x(first[0])},${floor} ${path} ${x(last[0])},${floor}"/>`
        : '';
      return `${fill}<polyline class="s c${color}" points="${path}"/>`;
    })
    .join('');
}

/** Stretches without gaps. */
export function runsOf(points: readonly (readonly [number, number | null])[]): [number, number][][] {
  const runs: [number, number][][] = [];
  let open: [number, number][] | null = null;
  for (const [x, y] of points) {
    if (y === null) open = null;
    else if (open === null) runs.push((open = [[x, y]]));
    else open.push([x, y]);
  }
  return runs;
}

const MAX_POINTS = 700;

/** No more points than pixels; of each group the highest, so that no peak disappears. */
export function thin(points: readonly (readonly [number, number | null])[]): (readonly [number, number | null])[] {
  if (points.length <= MAX_POINTS) return [...points];
  const size = Math.ceil(points.length / MAX_POINTS);
  const kept: (readonly [number, number | null])[] = [];
  for (let at = 0; at < points.length; at += size)
    kept.push(points.slice(at, at + size).reduce((a, b) => ((b[1] ?? -1) > (a[1] ?? -1) ? b : a)));
  return kept;
}

/** Round values from `low` to at least `high`, four to six steps. */
export function linearTicks(low: number, high: number): number[] {
  const span = Math.max(high - low, 1e-9);
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => span / one <= 5.001)!;
  const ticks = [low];
  while (ticks.at(-1)! < high - step * 1e-6) ticks.push(Number((ticks.at(-1)! + step).toPrecision(12)));
  return ticks.length === 1 ? [low, low + 1] : ticks;
}

/** Powers of ten around all values. */
export function logTicks(values: readonly number[], limit?: number): number[] {
  const positive = values.filter((value) => value > 0).concat(limit ?? []);
  const low = Math.floor(Math.log10(positive.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)));
  const high = Math.ceil(Math.log10(positive.reduce((a, b) => Math.max(a, b), 0)));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [1, 10];
  return Array.from({ length: Math.max(2, high - low + 1) }, (_, i) => Number((10 ** (low + i)).toPrecision(6)));
}

function timeTicks(seconds: number): number[] {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((one) => seconds / one <= 8) ?? 7200;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, i) => i * step);
}

const formatTime = (second: number, total: number): string =>
  total < 120 ? `${second} s` : `${Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`;

/** 1200 as 1.2k. */
export function shortNumber(value: number): string {
  const short = (by: number, suffix: string) => `${Number((value / by).toPrecision(3))}${suffix}`;
  if (value >= 1e6) return short(1e6, 'M');
  if (value >= 1e3) return short(1e3, 'k');
  return String(Number(value.toPrecision(3)));
}

const peak = (values: readonly number[]): number[] => [values.reduce((a, b) => Math.max(a, b), 0)];
const round = (value: number): number => Math.round(value * 10) / 10;
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
