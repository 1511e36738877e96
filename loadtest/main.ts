// npm run loadtest: puts load on the API, waits until everything is stored, checks every record, writes the report.
import { emptyCache } from './cold.ts';
import { chooseEngine } from './engine.ts';
import { helpText, isLoopback, parseOptions, UsageError } from './options.ts';
import { NotReadyError } from './run.ts';
import { runSession } from './session.ts';

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText());
    return 0;
  }
  const { profile, target } = options;
  if (!isLoopback(target)) console.warn(`warning: ${target} is not this machine; make sure that it is yours to load`);
  if (profile.coldCache)
    console.log(`cache emptied: ${(await emptyCache(options.redisUrl)).toLocaleString('en-US')} records`);
  return runSession({ ...options, engine: chooseEngine(options.engine, process.env.PATH ?? '') });
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UsageError || error instanceof NotReadyError;
  console.error(expected ? error.message : error);
  process.exitCode = expected ? 2 : 1;
}
