// Errors as they may be logged: what drivers hang onto theirs (commands, documents, request bodies)
// holds payloads and passwords.

/** An error in a log line. */
export interface SafeError {
  readonly type: string;
  readonly code?: string | number;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: SafeError | string;
}

/** Longer texts are cut: a driver may put a whole document into its message. */
const MAX_CHARS = 2_000;
/** Causes of causes are followed so far. */
const MAX_DEPTH = 4;

const SCRUBBED: readonly (readonly [RegExp, string])[] = [
  // MongoDB quotes the values of a key that is there already.
  [/dup key: \{.*\}/gs, 'dup key: {…}'],
  // MySQL quotes the value that does not fit, or that a unique index has already.
  [/(value: |entry )'.*' for (column|key) /gs, "$1'…' for $2 "],
  [/(no partition for value ).*/gs, '$1…'],
  // V8 quotes the text that is not JSON.
  [/("|\.\.\.).*("|\.\.\.) is not valid JSON/gs, 'the text is not valid JSON'],
  // user:password@ in an address.
  [/\/\/[^\s/@]+@/g, '//***@'],
];

/** A text of a server or a library, without the values that it quotes. */
export function scrub(text: string): string {
  let clean = text;
  for (const [pattern, instead] of SCRUBBED) clean = clean.replace(pattern, instead);
  return clean.length > MAX_CHARS ? `${clean.slice(0, MAX_CHARS)}… (${clean.length} characters)` : clean;
}

/** What of an error (or of its message) may be logged. */
export function safeError(error: unknown, depth = 0): SafeError | string {
  if (!(error instanceof Error))
    return scrub(typeof error === 'string' ? error : Object.prototype.toString.call(error));
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message: scrub(error.message),
    ...(error.stack !== undefined && { stack: scrub(error.stack) }),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: safeError(error.cause, depth + 1) }),
  };
}
