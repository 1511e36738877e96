// What is wrong, as sentences. Their numbers change each second; a screen reader hears when a problem comes or goes.
// @ts-check

/** @typedef {import('../diagnosis.ts').Problem} Problem */

const WELL = 'All is well';
const WORDS = { bad: 'Problem', warn: 'Warning' };

/**
 * @param {Document} document
 * @param {readonly Problem[]} problems
 * @param {string} name what the title says
 */
export function showHealth(document, problems, name) {
  document.title = problems.length > 0 ? `(${problems.length}) ${name}` : name;
  const health = /** @type {HTMLElement} */ (document.getElementById('health'));
  const ids = problems.map(({ id }) => id).join(' ') || 'well';
  if (health.dataset.shows === ids) {
    // The same problems with newer numbers: change the text alone.
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
function line(document, { id, level, text }) {
  const paragraph = document.createElement('p');
  paragraph.className = level;
  paragraph.dataset.id = id;
  const word = document.createElement('strong');
  word.textContent = `${WORDS[level]}: `;
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
