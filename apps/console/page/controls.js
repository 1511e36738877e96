// The controls of the local run: start and stop a load test, set the producer's rate.
// @ts-check
import { count, plural } from './format.js';

/** @typedef {import('../controls.ts').LoadState} LoadState */
/** @typedef {import('../controls.ts').LoadProfile} LoadProfile */

/**
 * Sends a command to the console.
 * @param {string} method
 * @param {string} name
 * @param {object} body
 * @throws Error with the server's message
 */
async function send(method, name, body) {
  const options = { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(`control/${name}`, options).catch(() => {
    throw new Error('the console does not answer');
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.message);
  return result;
}

/** The state of a load test, in words. @param {LoadState | null} load */
export function inWords(load) {
  if (!load) return '';
  const { profile, progress, stopping } = load;
  if (!progress) return `${profile} is starting`;
  switch (progress.phase) {
    case 'load':
      return stopping
        ? 'stopping'
        : `${plural(progress.users, 'user')}, ${progress.second} of ${Math.ceil(progress.seconds)} s`;
    case 'checking':
      return progress.text;
    default:
      return `${profile}: ${progress.text}`;
  }
}

/** @param {Document} document @param {readonly LoadProfile[]} profiles */
export function createControls(document, profiles) {
  const find = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
  const [section, load, producer] = [find('controls'), find('load'), find('producer')];
  const [select, progress, loadState, rate, rateState] = [
    'profile',
    'progress',
    'load-state',
    'rate',
    'rate-state',
  ].map(find);
  const button = load.querySelector('button');
  /** @type {LoadState | null} */
  let current = null;

  select.replaceChildren(
    ...profiles.map(({ name, users, seconds, question }) => {
      const option = document.createElement('option');
      option.value = name;
      option.textContent = `${name}: ${plural(users, 'user')}, ${count(seconds)} s`;
      option.title = question;
      return option;
    }),
  );
  section.hidden = false;

  /** @param {LoadState | null} state */
  const show = (state) => {
    current = state;
    const running = state?.running ?? false;
    const at = state?.progress?.phase === 'load' && !state.stopping ? state.progress : undefined;
    select.disabled = running;
    button.textContent = !running ? 'Start' : state?.stopping ? 'Stop waiting' : 'Stop';
    progress.hidden = !running;
    if (at) progress.value = at.second / at.seconds;
    else progress.removeAttribute('value');
    const words = inWords(state);
    if (loadState.textContent !== words) loadState.textContent = words;
    loadState.dataset.outcome =
      state?.progress?.phase === 'done'
        ? state.progress.ok
          ? 'good'
          : 'bad'
        : state?.progress?.phase === 'failed'
          ? 'bad'
          : '';
  };

  load.onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      show(current?.running ? await send('DELETE', 'load', {}) : await send('POST', 'load', { profile: select.value }));
    } catch (error) {
      loadState.dataset.outcome = 'bad';
      loadState.textContent = /** @type {Error} */ (error).message;
    } finally {
      button.disabled = false;
    }
  };
  producer.onsubmit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    rateState.dataset.outcome = '';
    try {
      const result = await send('PUT', 'rate', { rate: rate.valueAsNumber });
      rateState.textContent = result.rate === 0 ? 'paused' : 'changed';
    } catch (error) {
      rateState.dataset.outcome = 'bad';
      rateState.textContent = /** @type {Error} */ (error).message;
    }
  };

  return {
    show,
    /** Shows the producer's rate, unless the user is editing it. @param {number | null} now */
    showRate(now) {
      producer.hidden = now === null;
      if (now !== null && document.activeElement !== rate && rate.dataset.shown !== String(now)) {
        rate.value = String(now);
        rate.dataset.shown = String(now);
      }
    },
  };
}
