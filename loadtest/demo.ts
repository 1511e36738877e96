// npm run demo: starts the whole stack on this machine, puts a minute of load on it, shows the
// report and stops the stack.
import { ConfigError } from '../config/errors.ts';
import { LocalError } from '../local/errors.ts';
import { type Options, parseOptions } from '../local/options.ts';
import { startStack } from '../local/stack.ts';
import { INTERRUPTED, UsageError, UserError } from '../tooling/errors.ts';
import { consumersOf } from './consumers.ts';
import { chooseEngine } from './engine.ts';
import { DEFAULTS } from './options.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { runSession } from './session.ts';

const HELP = `npm run demo -- [--profile NAME] [options of npm start]

Starts the stack as npm start does, runs a load profile on it (default: demo), prints the report and
stops the stack. npm run loadtest -- --help lists the profiles, npm start -- --help the other options.`;

async function main(): Promise<number> {
  const { profile, rest } = takeProfile(process.argv.slice(2));
  const options = parseOptions(rest);
  if (options === null) {
    console.log(HELP);
    return 0;
  }
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new LocalError('app_failed', 'interrupted while starting'));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  console.log(`starting the stack ${options.stack}`);
  const stack = await start(options, interrupted.signal);
  process.off('SIGINT', interrupt);
  if (stack.consoleUrl) console.log(`watch it live: ${stack.consoleUrl}`);
  try {
    return await runSession({
      profile,
      target: stack.apiUrl,
      mongoUrl: stack.directMongoUrl,
      gateUrl: stack.gateMetricsUrl,
      consumers: consumersOf(stack.environment),
      payloadChars: stack.config.api.payloadChars,
      bodyLimitKiB: stack.config.api.bodyLimitKiB,
      drainTimeoutSeconds: Number(DEFAULTS['drain-timeout']),
      reportDir: DEFAULTS.report,
      engine: chooseEngine(undefined, process.env.PATH ?? ''),
    });
  } finally {
    console.log('stopping the stack; its data is kept');
    await stack.stop();
  }
}

/** Separates the option of the load from those of the stack. @throws UsageError */
function takeProfile(args: string[]): { profile: Profile; rest: string[] } {
  const at = args.indexOf('--profile');
  const name = at < 0 ? 'demo' : args[at + 1];
  const profile = PROFILES[name ?? ''];
  if (!profile)
    throw new UsageError(`--profile: unknown profile "${name}"; choose from ${Object.keys(PROFILES).join(', ')}`);
  return { profile, rest: at < 0 ? args : args.toSpliced(at, 2) };
}

const start = (options: Options, signal: AbortSignal) =>
  startStack({ ...options, dataDir: options.data, env: process.env, log: console.log, signal });

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UserError || error instanceof ConfigError;
  console.error(expected ? error.message : error);
  process.exitCode = (error as Error).message.startsWith('interrupted') ? INTERRUPTED : expected ? 2 : 1;
}
