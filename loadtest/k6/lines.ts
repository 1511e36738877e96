// Understands the lines that script.js writes.
import { type Judged, judge, judgeFailure } from '../witness/outcome.ts';

export interface K6Line {
  readonly user: number;
  readonly iteration: number;
  readonly latencyMs: number;
  readonly judged: Judged;
}

/** @returns null for a line that is not the script's (k6's own warnings come the same way) */
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

/** k6's error codes: 11xx is the name service, 121x dialling: nothing was sent. */
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

/** How many iterations k6 says that it cut, from its last progress line. */
export function interruptedIterations(output: string): number {
  const matches = [...output.matchAll(/and (\d+) interrupted iterations/g)];
  return Number(matches.at(-1)?.[1] ?? 0);
}
