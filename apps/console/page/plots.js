// Six plots of the last five minutes, with a common cursor.
// @ts-check
import { count, duration, percent, perSecond, short, UNKNOWN } from './format.js';
import { HISTORY_MS, toColumns } from './history.js';
import uPlot from './uplot.js';

/** @typedef {import('./history.js').Point} Point */

/**
 * @typedef {object} Line
 * @property {string} column name of a point's number; `limit` is the gate's limit
 * @property {string} label
 * @property {string} color variable of the style sheet
 * @property {boolean} [fill]
 */

/**
 * @typedef {object} Plot
 * @property {string} title
 * @property {(value: number | null) => string} format of a value, with its unit
 * @property {(value: number | null) => string} axis of a value on the axis
 * @property {readonly Line[]} lines
 * @property {boolean} [ratio] the axis always goes from 0 to 1
 */

/** @type {readonly Plot[]} */
const PLOTS = [
  {
    title: 'Requests',
    format: perSecond,
    axis: short,
    lines: [
      { column: 'requests', label: 'all', color: '--c1', fill: true },
      { column: 'shed', label: 'shed', color: '--critical' },
    ],
  },
  {
    title: 'Latency',
    format: duration,
    axis: (value) => duration(value).replace('.0 ', ' '),
    lines: [
      { column: 'p99', label: 'p99', color: '--c4' },
      { column: 'p95', label: 'p95', color: '--c1' },
      { column: 'p50', label: 'p50', color: '--c6' },
    ],
  },
  {
    title: 'Records',
    format: perSecond,
    axis: short,
    lines: [
      { column: 'accepted', label: 'accepted', color: '--c1' },
      { column: 'stored', label: 'stored', color: '--c6' },
    ],
  },
  {
    title: 'Lag',
    format: (value) => (value === null ? UNKNOWN : `${count(value)} records`),
    axis: short,
    lines: [{ column: 'lag', label: 'accepted, not yet stored', color: '--c2', fill: true }],
  },
  {
    title: 'MongoDB',
    format: perSecond,
    axis: short,
    lines: [
      { column: 'operations', label: 'operations', color: '--c6', fill: true },
      { column: 'limit', label: 'limit', color: '--critical' },
    ],
  },
  {
    title: 'Cache',
    format: percent,
    axis: (value) => percent(value).replace('.0 ', ' '),
    lines: [{ column: 'hitRatio', label: 'hits', color: '--c4', fill: true }],
    ratio: true,
  },
];

const HEIGHT = 134;

/**
 * Draws the plots into `parent`.
 * @param {HTMLElement} parent
 * @param {readonly string[]} columns names of a point's numbers
 */
export function createPlots(parent, columns) {
  /** @type {{ plot: Plot, figure: HTMLElement, values: HTMLElement[], chart: uPlot }[]} */
  let drawn = [];
  /** @type {readonly Point[]} */
  let points = [];
  /** @type {number | null} */
  let limit = null;
  /** Index of the point under the cursor; null: the newest. @type {number | null} */
  let cursorAt = null;

  /** The data of a plot. @param {Plot} plot @param {(number | null)[][]} all */
  const dataOf = (plot, all) => {
    const [times = []] = all;
    const line = (/** @type {Line} */ { column }) =>
      column === 'limit' ? times.map(() => limit || null) : (all[columns.indexOf(column)] ?? []);
    return /** @type {any} */ ([times, ...plot.lines.map(line)]);
  };

  const showValues = () => {
    for (const { plot, values, chart } of drawn) {
      const newest = chart.data[0].length - 1;
      plot.lines.forEach((_line, i) => {
        const value = chart.data[i + 1]?.[cursorAt ?? newest] ?? null;
        const element = values[i];
        if (element) element.textContent = plot.format(value);
      });
    }
  };

  const update = () => {
    const all = toColumns(points, columns.length);
    const last = Number(all[0]?.at(-1) ?? Date.now() / 1000);
    for (const { plot, chart } of drawn) {
      chart.setData(dataOf(plot, all), false);
      chart.setScale('x', { min: last - HISTORY_MS / 1000, max: last });
    }
    showValues();
  };

  const draw = () => {
    for (const { chart } of drawn) chart.destroy();
    const style = getComputedStyle(parent);
    drawn = PLOTS.map((plot) => {
      const { figure, values } = caption(parent.ownerDocument, plot);
      const chart = new uPlot(options(plot, style, onCursor), /** @type {any} */ ([[]]), figure);
      chart.root.setAttribute('role', 'img');
      return { plot, figure, values, chart };
    });
    parent.replaceChildren(...drawn.map(({ figure }) => figure));
    resize();
    update();
  };

  /** @param {uPlot} chart */
  const onCursor = (chart) => {
    cursorAt = chart.cursor.idx ?? null;
    showValues();
  };
  const resize = () => {
    for (const { chart, figure } of drawn) {
      const width = figure.clientWidth - parseFloat(getComputedStyle(figure).paddingLeft) * 2;
      if (width > 0 && width !== chart.width) chart.setSize({ width, height: HEIGHT });
    }
  };

  draw();
  new ResizeObserver(resize).observe(parent);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  return {
    /**
     * @param {readonly Point[]} newPoints
     * @param {number | null} newLimit of the gate, operations per second
     */
    show(newPoints, newLimit) {
      points = newPoints;
      limit = newLimit;
      update();
    },
    /** Describes the plots to screen readers; not every second. */
    describe() {
      for (const { plot, figure, chart } of drawn)
        figure.querySelector('.uplot')?.setAttribute('aria-label', inWords(plot, chart));
    },
  };
}

/** @param {Document} document @param {Plot} plot */
function caption(document, plot) {
  const figure = document.createElement('figure');
  const text = document.createElement('figcaption');
  const title = document.createElement('h2');
  title.className = 'title';
  title.textContent = plot.title;
  text.append(title);
  const values = plot.lines.map(({ label, color }) => {
    const item = document.createElement('span');
    const key = document.createElement('i');
    key.className = 'key';
    key.style.background = `var(${color})`;
    const value = document.createElement('b');
    value.className = 'value';
    item.append(key, `${label} `, value);
    text.append(item);
    return value;
  });
  figure.append(text);
  return { figure, values };
}

/**
 * @param {Plot} plot
 * @param {CSSStyleDeclaration} style
 * @param {(chart: uPlot) => void} onCursor
 * @returns {any}
 */
function options(plot, style, onCursor) {
  const color = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: color('--soft'),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: color('--line'), width: 1 },
  };
  return {
    width: 300,
    height: HEIGHT,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'console' }, points: { size: 6 }, drag: { x: false, y: false }, y: false },
    scales: {
      x: { time: true },
      y: {
        range: (/** @type {any} */ _chart, /** @type {number} */ _min, /** @type {number} */ max) => [
          0,
          plot.ratio ? 1 : roomFor(max),
        ],
      },
    },
    axes: [
      {
        ...axis,
        size: 22,
        space: 54,
        ticks: { show: false },
        values: (/** @type {any} */ _chart, /** @type {number[]} */ all) => all.map(clock),
      },
      {
        ...axis,
        size: 48,
        space: 28,
        ticks: { show: false },
        values: (/** @type {any} */ _chart, /** @type {number[]} */ all) => all.map(plot.axis),
      },
    ],
    series: [
      {},
      ...plot.lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: line.column === 'limit' ? 1 : 1.75,
        ...(line.column === 'limit' && { dash: [5, 4] }),
        ...(line.fill && { fill: `color-mix(in srgb, ${color(line.color)} 14%, transparent)` }),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [onCursor] },
  };
}

/** Upper end of an axis, with some room above the largest value. @param {number | null} max */
const roomFor = (max) => (max === null || !(max > 0) ? 1 : max * 1.12);

/** @param {number} seconds */
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/** @param {Plot} plot @param {uPlot} chart */
function inWords(plot, chart) {
  const lines = plot.lines.map(({ label }, i) => {
    const values = [...(chart.data[i + 1] ?? [])].filter((value) => typeof value === 'number');
    if (values.length === 0) return `${label}: no numbers`;
    const [now, least, most] = [values.at(-1) ?? null, Math.min(...values), Math.max(...values)];
    return `${label}: now ${plot.format(now)}, between ${plot.format(least)} and ${plot.format(most)}`;
  });
  return `${plot.title} over the last five minutes. ${lines.join('. ')}`;
}
