// npm run demo: the whole stack on this machine, a minute of load, the report, and everything stopped again.
import { ConfigError } from '../config/errors.ts';
import { LocalError } from '../local/errors.ts';
import { type Options, parseOptions } from '../local/options.ts';
import { startStack } from '../local/stack.ts';
import { chooseEngine } from './engine.ts';
import { DEFAULTS } from './options.ts';
import { PROFILES } from './profiles.ts';
import { INTERRUPTED, runSession } from './session.ts';

const HELP = `npm run demo -- [--stack NAME] [--queue kafka|redis-streams] [--data DIR]

Starts the stack as npm start does (with its options), runs the load profile "demo" on it, prints the report, and stops it.`;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
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
  try {
    return await runSession({
      profile: PROFILES.demo!,
      target: stack.apiUrl,
      mongoUrl: stack.directMongoUrl,
      gateUrl: stack.gateMetricsUrl,
      payloadChars: stack.config.api.payloadChars,
      drainTimeoutSeconds: Number(DEFAULTS['drain-timeout']),
      reportDir: DEFAULTS.report,
      engine: chooseEngine(undefined, process.env.PATH ?? ''),
    });
  } finally {
    console.log('stopping the stack; its data stays');
    await stack.stop();
  }
}

const start = (options: Options, signal: AbortSignal) =>
  startStack({ ...options, dataDir: options.data, env: process.env, log: console.log, signal });

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof LocalError || error instanceof ConfigError;
  console.error(expected ? error.message : error);
  process.exitCode = (error as Error).message.startsWith('interrupted') ? INTERRUPTED : expected ? 2 : 1;
}
