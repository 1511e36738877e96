// Requests like those of real callers: reads and writes, sizes from one character to the body
// limit, unusual text. All of it follows from the origin, so that the ledger knows what must be
// stored. k6 runs this too, which has nothing of Node.
import { fnv1a, payloadFor } from '../apps/shared/payload.ts';
import { RECORDS_PER_REQUEST } from './witness/outcome.ts';

/** What a mixed load is made of. */
export interface Mix {
  /** Largest request body, bytes: that of the API (`api:bodyLimitKiB`). */
  readonly maxBodyBytes: number;
}

/** A request to `/api/data`: a POST if there is a body. */
export interface MixedRequest {
  readonly body?: string;
  /** What the records must hold; undefined where the API makes the payloads. */
  readonly payloads?: readonly string[];
}

/** Half of the bodies are smaller, bytes. */
const MEDIAN_BYTES = 2_000;
/** Spread of the logarithm: one body in 40 is more than 50 times the median. */
const SIGMA = 2;
/** One POST in this many has half a surrogate pair, which the API must refuse. */
const MALFORMED_ONE_IN = 200;

const PIECES = [
  'plain words, ',
  '👩‍👩‍👧‍👦🏳️‍🌈🇨🇭 ',
  'e\u0301a\u0308o\u0302n\u0303 Z\u0351\u036b\u0343 ',
  'nul\u0000in\u0000side ',
  'שלום \u202eعالم\u202c ',
  '"quotes" \\ \'single\' `back` ',
  '\r\n\t\b\u001f\u007f\u0085\u2028\u2029 ',
  '{"$where":"1","a.b":[null]} ',
  '漢字かな交じり文 ',
  '\ufeff\ufffd\uffff ',
  '<script>&amp;</script> ',
];

/** Bytes of each of them as part of a JSON string. */
const PIECE_BYTES = PIECES.map((piece) => encodeURIComponent(JSON.stringify(piece)).replace(/%../g, '%').length - 2);

/** The request with this origin: every other one is a GET. */
export function mixedRequest(origin: string, { maxBodyBytes }: Mix): MixedRequest {
  const random = randomOf(origin);
  if (random() < 0.5) return {};
  const malformed = random() < 1 / MALFORMED_ONE_IN;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const wanted = Math.round(MEDIAN_BYTES * Math.exp(SIGMA * normal));
  let left = Math.min(wanted, maxBodyBytes) - JSON.stringify({ payloads: Array(RECORDS_PER_REQUEST).fill('') }).length;
  const payloads = Array.from({ length: RECORDS_PER_REQUEST }, (_, index) => {
    const share = index === RECORDS_PER_REQUEST - 1 ? left : Math.floor(left * random());
    const text = textOf(share, random, `${origin}#${index}`);
    left -= Math.max(1, share);
    return text;
  });
  if (malformed) payloads[0] = '\ud800';
  return { body: JSON.stringify({ payloads }), payloads };
}

/**
 * The payload that record `index` of this origin must have.
 * @param payloadChars the length of the payloads that the API makes
 * @param mix the mix of the load; default: GET only
 */
export const expectedPayload = (origin: string, index: number, payloadChars: number, mix?: Mix): string | undefined => {
  const { payloads } = mix ? mixedRequest(origin, mix) : {};
  return payloads ? payloads[index] : payloadFor(origin, index, payloadChars);
};

/**
 * Text that takes `bytes` in JSON; at least one character.
 * @param name plain text that differs from record to record
 */
function textOf(bytes: number, random: () => number, name: string): string {
  if (bytes < 1) return 'x';
  let text = '';
  let size = 0;
  // Enough of the unusual to differ from record to record. The rest is plain: it is quicker to
  // make.
  for (let i = 0; i < 40; i++) {
    const piece = Math.floor(random() * PIECES.length);
    if (size + PIECE_BYTES[piece]! > bytes) break;
    text += PIECES[piece]!;
    size += PIECE_BYTES[piece]!;
  }
  return text + payloadFor(name, 0, bytes - size);
}

/** Numbers from 0 to 1 that follow from a text (mulberry32). */
function randomOf(seed: string): () => number {
  let state = fnv1a(seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
