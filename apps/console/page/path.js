// The path of a record: which number is shown where.
// @ts-check
import { bytes, count, duration, percent, plural, rate, UNKNOWN } from './format.js';
import { fillsByBytes, fullness } from './fullness.js';

/** @typedef {import('../snapshot.ts').Snapshot} Snapshot */

/**
 * The text of each number of the page.
 * @type {Readonly<Record<string, (snapshot: Snapshot) => string>>}
 */
export const NUMBERS = {
  connections: ({ api }) => (api.processes > 0 ? count(api.connections) : UNKNOWN),
  requests: ({ api }) => rate(api.processes > 0 ? api.requests : null),
  p50: ({ api }) => duration(api.p50),
  p95: ({ api }) => duration(api.p95),
  p99: ({ api }) => duration(api.p99),
  apiProcesses: ({ api }) => plural(api.processes, 'process', 'processes'),
  accepted: ({ api }) => rate(api.processes > 0 ? api.accepted : null),
  shed: ({ api }) => {
    const shed = Object.values(api.shed).reduce((sum, one) => sum + one, 0);
    return shed > 0 ? `${rate(shed)} shed/s` : '';
  },
  reads: ({ api, cache }) => rate(api.processes > 0 ? cache.reads : null),
  hitRatio: ({ cache }) => percent(cache.hitRatio),
  misses: ({ api, cache }) => rate(api.processes > 0 ? cache.misses : null),
  lag: ({ queue }) => count(queue.lag),
  maxLength: ({ queue }) => {
    if (fillsByBytes(queue)) return `${bytes(queue.lagBytes)}, full at ${bytes(queue.maxBytes)}`;
    return queue.maxLength === null ? '' : `full at ${count(queue.maxLength)}`;
  },
  deadLetters: ({ queue }) => count(queue.deadLetters),
  produced: ({ producer }) => rate(producer.processes > 0 ? producer.accepted : null),
  rate: ({ producer }) => {
    if (producer.rate === null) return 'not running';
    return producer.rate === 0 ? 'paused' : `${producer.rate < 1 ? producer.rate : rate(producer.rate)}/s`;
  },
  batch: ({ consumer }) => count(consumer.batch),
  consumers: ({ consumer }) => count(consumer.processes),
  delay: ({ consumer }) => (consumer.delayP95 === null ? '' : `stored after ${duration(consumer.delayP95)} (p95)`),
  stored: ({ consumer }) => rate(consumer.processes > 0 ? consumer.stored : null),
  operations: ({ gate }) => rate(gate.processes > 0 ? gate.operations : null),
  limit: ({ gate }) => {
    if (gate.limit === null) return '';
    return gate.limit === 0 ? 'operations/s' : `of ${count(gate.limit)}/s`;
  },
  waiting: ({ components, gate }) => {
    if (!components.includes('gate')) return 'none in this stack';
    if (gate.waiting === null) return '';
    return gate.waiting === 0 ? 'none waiting' : `${count(gate.waiting)} waiting`;
  },
  waitP95: ({ gate }) => duration(gate.waitP95),
  kinds: ({ gate }) =>
    Object.entries(gate.byKind)
      .sort(([, a], [, b]) => b - a)
      .slice(0, 3)
      .map(([kind, one]) => `${rate(one)} ${kind}/s`)
      .join('\n'),
  mongo: ({ gate, consumer }) => {
    if (gate.mongoUp === false) return 'down';
    if (consumer.storing === false) return 'refusing';
    return (gate.mongoUp ?? consumer.storing) ? 'up' : UNKNOWN;
  },
};

/**
 * How full each meter is, from 0 to 1.
 * @type {Readonly<Record<string, (snapshot: Snapshot) => number>>}
 */
export const METERS = {
  lag: ({ queue }) => fullness(queue) ?? 0,
  operations: ({ gate }) => (gate.limit ? gate.operations / gate.limit : 0),
};

/**
 * Flow over each hop per second: a busier line is thicker.
 * @type {Readonly<Record<string, (snapshot: Snapshot) => number>>}
 */
const FLOWS = {
  'to-api': ({ api }) => api.requests,
  'to-cache': ({ cache }) => cache.reads,
  'to-queue': ({ api }) => api.accepted,
  'from-producer': ({ producer }) => producer.accepted,
  'to-consumer': ({ consumer }) => consumer.stored,
  'to-gate': ({ consumer }) => consumer.stored,
  'to-mongo': ({ gate }) => gate.operations,
  misses: ({ cache }) => cache.misses,
  'to-dead': ({ consumer }) => consumer.deadLettered,
};

/** Width of a line, pixels. @param {number} flow @returns {number} */
export const lineWidth = (flow) => (flow <= 0 ? 1 : Math.min(5, 1.5 + Math.log10(1 + flow) * 0.85));

/**
 * Writes a snapshot into the page.
 * @param {Document} document
 * @param {Snapshot} snapshot
 * @param {readonly import('../diagnosis.ts').Problem[]} problems
 */
export function showPath(document, snapshot, problems) {
  for (const [name, text] of Object.entries(NUMBERS)) {
    const element = document.querySelector(`[data-number="${name}"]`);
    const value = text(snapshot);
    if (element && element.textContent !== value) element.textContent = value;
  }
  for (const [name, share] of Object.entries(METERS)) {
    const meter = /** @type {HTMLElement | null} */ (document.querySelector(`[data-meter="${name}"]`));
    meter?.style.setProperty('--share', String(Math.min(1, share(snapshot))));
  }
  for (const [name, flow] of Object.entries(FLOWS)) {
    const hop = /** @type {HTMLElement | null} */ (document.querySelector(`.hop.${name}`));
    hop?.style.setProperty('--line-px', `${lineWidth(flow(snapshot))}px`);
    hop?.classList.toggle('flows', flow(snapshot) > 0);
  }
  for (const node of document.querySelectorAll('[data-place]')) {
    // Critical problems come first.
    const worst = problems.find(({ place }) => place === node.getAttribute('data-place'))?.severity ?? '';
    if (node.getAttribute('data-severity') !== worst) node.setAttribute('data-severity', worst);
  }
}
