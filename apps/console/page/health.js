// The problems, as sentences. Their numbers change every second; a screen reader announces only
// when a problem appears or disappears.
// @ts-check

/** @typedef {import('../diagnosis.ts').Problem} Problem */

const WELL = 'All is well';
const WORDS = { critical: 'Problem', warning: 'Warning' };

/**
 * @param {Document} document
 * @param {readonly Problem[]} problems
 * @param {string} name of the page
 */
export function showHealth(document, problems, name) {
  document.title = problems.length > 0 ? `(${problems.length}) ${name}` : name;
  const health = /** @type {HTMLElement} */ (document.getElementById('health'));
  const ids = problems.map(({ id }) => id).join(' ') || 'well';
  if (health.dataset.shows === ids) {
    // The same problems with newer numbers: only the texts change.
    for (const { id, text } of problems) {
      const element = health.querySelector(`[data-id="${id}"] .words`);
      if (element && element.textContent !== text) element.textContent = text;
    }
    return;
  }
  health.dataset.shows = ids;
  const news = /** @type {HTMLElement} */ (document.getElementById('news'));
  news.textContent = problems.map(({ text }) => text).join(' ') || WELL;
  health.replaceChildren(
    ...(problems.length > 0 ? problems.map((problem) => line(document, problem)) : [well(document)]),
  );
}

/** @param {Document} document @param {Problem} problem */
function line(document, { id, severity, text }) {
  const paragraph = document.createElement('p');
  paragraph.className = severity;
  paragraph.dataset.id = id;
  const word = document.createElement('strong');
  word.textContent = `${WORDS[severity]}: `;
  const words = document.createElement('span');
  words.className = 'words';
  words.textContent = text;
  paragraph.append(word, words);
  return paragraph;
}

/** @param {Document} document */
function well(document) {
  const paragraph = document.createElement('p');
  paragraph.className = 'well';
  paragraph.textContent = WELL;
  return paragraph;
}
