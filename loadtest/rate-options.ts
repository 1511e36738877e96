// The command line of `npm run rate`.
import { UsageError } from '../tooling/errors.ts';

export interface RateOptions {
  /** Messages a second; undefined only reads the rate. */
  readonly rate: number | undefined;
  /**
   * A stack in a cluster; undefined: the local run, or the selected stack if there is no local run.
   */
  readonly stack: string | undefined;
}

export const RATE_HELP = `npm run rate -- [RATE] [--stack NAME]

Sets the rate of the running producer, in messages a second: 0 pauses, 0.008 is one message in two
minutes, 20000 is the maximum. Without RATE it prints the current rate. Nothing is restarted, and the
next "pulumi up" keeps the rate. To make it permanent, set producer:rate in the stack config.

  --stack NAME   the Pulumi stack in a cluster (default: the local run, or without one the selected stack)`;

/** @returns null if help is requested @throws UsageError */
export function parseRateArgs(args: readonly string[]): RateOptions | null {
  let rate: number | undefined;
  let stack: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const [name, inline] = args[at]!.split('=', 2);
    if (name === '--help' || name === '-h') return null;
    if (name === '--stack') {
      stack = inline ?? args[++at];
      if (!stack || stack.startsWith('--')) throw new UsageError('--stack: needs the name of a stack');
    } else if (name?.startsWith('--')) throw new UsageError(`${name}: unknown option\n\n${RATE_HELP}`);
    else if (rate !== undefined) throw new UsageError(`only one rate is allowed; given ${rate} and ${args[at]}`);
    else if (args[at]!.trim() === '' || !Number.isFinite(Number(args[at])))
      throw new UsageError(`the rate must be a number of messages a second, not "${args[at]}"`);
    else rate = Number(args[at]);
  }
  return { rate, stack };
}
