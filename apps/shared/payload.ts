// Payloads that can be checked: text that follows from (origin, index), so that the ledger knows what must be stored.

const TEXT = makeText(65_536);

/** Pseudo-random printable text (about as compressible as real text), the same in every process. */
function makeText(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789';
  let state = 0x9e3779b9;
  let text = '';
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet[(state >>> 16) % alphabet.length];
  }
  return text;
}

/** FNV-1a, 32 bits. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The payload of record `index` of `origin`: it names both, then goes on with text chosen by their hash. @param chars its length */
export function payloadFor(origin: string, index: number, chars: number): string {
  const head = `${origin}#${index} `;
  if (head.length >= chars) return head.slice(0, chars);
  const rest = chars - head.length;
  const start = fnv1a(head) % TEXT.length;
  let text = head + TEXT.slice(start, start + rest);
  while (text.length < chars) text += TEXT.slice(0, chars - text.length);
  return text;
}
