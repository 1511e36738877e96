// The command line of `npm run rate`.
import { UsageError } from '../tooling/errors.ts';

export interface RateOptions {
  /** Messages a second; undefined only asks. */
  readonly rate: number | undefined;
  /** A stack in a cluster; undefined: the local run, or the selected stack where there is none. */
  readonly stack: string | undefined;
}

export const RATE_HELP = `npm run rate -- [RATE] [--stack NAME]

Sets the rate of the producer that runs, in messages a second: 0 pauses, 0.008 is one in two minutes, at most 20000.
Without a rate it tells the one there is. Nothing is restarted, and the next "pulumi up" does not take it back;
to keep it, set producer:rate in the stack config.

  --stack NAME   the Pulumi stack in a cluster (default: the local run, or the selected stack where none runs here)`;

/** @returns null when help was asked for @throws UsageError */
export function parseRateArgs(args: readonly string[]): RateOptions | null {
  let rate: number | undefined;
  let stack: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = args[at]!.split('=', 2);
    if (name === '--help' || name === '-h') return null;
    if (name === '--stack') {
      stack = inline ?? args[++at];
      if (!stack || stack.startsWith('--')) throw new UsageError('--stack: needs the name of a stack');
    } else if (name?.startsWith('--')) throw new UsageError(`${name}: there is no such option\n\n${RATE_HELP}`);
    else if (rate !== undefined) throw new UsageError(`one rate is enough; given ${rate} and ${args[at]}`);
    else if (args[at]!.trim() === '' || !Number.isFinite(Number(args[at])))
      throw new UsageError(`the rate must be a number of messages a second; it is "${args[at]}"`);
    else rate = Number(args[at]);
  }
  return { rate, stack };
}
