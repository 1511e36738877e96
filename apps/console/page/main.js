// The page: turns events into numbers, sentences and plots.
// @ts-check
import { connect } from './connection.js';
import { createControls } from './controls.js';
import { showHealth } from './health.js';
import { append, merge } from './history.js';
import { showPath } from './path.js';
import { createPlots } from './plots.js';

/** @typedef {import('../server.ts').Hello} Hello */
/** @typedef {import('../server.ts').TickEvent} TickEvent */

const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const connection = find('connection');
let name = 'Breakwater';
/** @type {import('./history.js').Point[]} */
let points = [];
/** @type {ReturnType<typeof createPlots> | undefined} */
let plots;
/** @type {ReturnType<typeof createControls> | undefined} */
let controls;

/** @param {Hello} hello */
function greet({ stack, queue, store, columns, points: kept, profiles, tick }) {
  name = stack ? `Breakwater ${stack}` : 'Breakwater';
  find('stack').textContent = stack;
  for (const [place, text] of Object.entries({ queueName: queue, storeName: store })) {
    const element = document.querySelector(`[data-number="${place}"]`);
    if (element) element.textContent = text;
  }
  points = merge(points, kept);
  plots ??= createPlots(find('plots'), columns);
  if (profiles) controls ??= createControls(document, profiles);
  if (tick) show(tick);
  plots.describe();
}

/** @param {TickEvent} tick */
function show({ snapshot, point, problems, load }) {
  document.body.classList.remove('waiting');
  points = append(points, point);
  showPath(document, snapshot, problems);
  showHealth(document, problems, name);
  plots?.show(points, snapshot.gate.limit);
  controls?.show(load);
  controls?.showRate(snapshot.producer.rate);
}

/** @param {'live' | 'lost'} state */
function showState(state) {
  const before = connection.dataset.state;
  if (before === state) return;
  connection.dataset.state = state;
  document.body.classList.toggle('lost', state === 'lost');
  if (state === 'lost') connection.textContent = 'connection lost, reconnecting';
  else if (before === 'lost') {
    connection.textContent = 'reconnected';
    setTimeout(() => {
      if (connection.dataset.state === 'live') connection.textContent = 'live';
    }, 5_000);
  } else connection.textContent = 'live';
}

connect('events', { hello: greet, tick: show }, showState);
setInterval(() => plots?.describe(), 10_000);
