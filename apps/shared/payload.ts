// Payloads that can be checked: text that follows from (origin, index), so that the ledger knows what must be stored.

const TEXT = makeText(65_536);

/** Pseudo-random printable text (about as compressible as real text), the same in every process. */
function makeText(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789';
  let state = 0x9e3779b9;
  // Joined, not added up: k6 copies a text for each letter that is added, and does so for each user.
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return alphabet[(state >>> 16) % alphabet.length];
  }).join('');
}

/** FNV-1a, 32 bits. @param from the hash of what comes before the text */
export function fnv1a(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * The payloads of the first `count` records of `origin`: each names the origin and its index, then
 * goes on with text chosen by the hash of both.
 * @param chars the length of each
 */
export function payloadsFor(origin: string, count: number, chars: number): string[] {
  const hash = fnv1a(`${origin}#`);
  return Array.from({ length: count }, (_, index) => {
    const tail = `${index} `;
    return fill(`${origin}#${tail}`, fnv1a(tail, hash), chars);
  });
}

/** The payload of one record, as above. */
export function payloadFor(origin: string, index: number, chars: number): string {
  const head = `${origin}#${index} `;
  return fill(head, fnv1a(head), chars);
}

function fill(head: string, hash: number, chars: number): string {
  if (head.length >= chars) return head.slice(0, chars);
  const rest = chars - head.length;
  const start = hash % TEXT.length;
  let text = head + TEXT.slice(start, start + rest);
  while (text.length < chars) text += TEXT.slice(0, chars - text.length);
  return text;
}
