// Parses the lines that script.js writes.
import { type Judged, judge, judgeFailure } from '../witness/outcome.ts';

export interface K6Line {
  readonly user: number;
  readonly iteration: number;
  readonly latencyMs: number;
  readonly judged: Judged;
}

/** @returns null for a line of k6 itself, which writes its warnings to the same stream */
export function parseLine(line: string): K6Line | null {
  const parts = /^W (\d+) (\d+) ([\d.]+) (\d+) (\d+) (.*)$/.exec(line);
  if (!parts) return null;
  const [, user, iteration, latencyMs, status, errorCode, body] = parts;
  return {
    user: Number(user),
    iteration: Number(iteration),
    latencyMs: Number(latencyMs),
    judged: status === '0' ? judgeK6Error(Number(errorCode)) : judge(Number(status), body!),
  };
}

/** Judges an error code of k6. With 11xx (name resolution) and 121x (dialling) nothing was sent. */
function judgeK6Error(code: number): Judged {
  const unsent = (code >= 1100 && code < 1200) || (code >= 1210 && code < 1220);
  return judgeFailure(Object.assign(new Error(), { code: K6_ERRORS[code] ?? `k6 ${code}` }), !unsent);
}

const K6_ERRORS: Readonly<Record<number, string>> = {
  1050: 'TIMEOUT',
  1101: 'ENOTFOUND',
  1201: 'EPIPE',
  1211: 'TIMEOUT',
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET',
};

/** The number of iterations that k6 has cut, by its last progress line. */
export function interruptedIterations(output: string): number {
  const matches = [...output.matchAll(/and (\d+) interrupted iterations/g)];
  return Number(matches.at(-1)?.[1] ?? 0);
}
