// npm run loadtest: puts load on the API, waits until everything is stored, checks every record, writes the report.
import { constants } from 'node:os';
import { emptyCache } from './cold.ts';
import { chooseEngine } from './engine.ts';
import { helpText, isLoopback, parseOptions, UsageError } from './options.ts';
import { totalSeconds } from './profiles.ts';
import { renderStatus, renderSummary } from './report/terminal.ts';
import { writeReport } from './report/write.ts';
import { NotReadyError, runLoadTest } from './run.ts';

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText());
    return 0;
  }
  const { profile, target } = options;
  const engine = chooseEngine(options.engine, process.env.PATH ?? '');
  console.log(`${profile.name}: ${profile.question}`);
  console.log(`engine: ${engine.name} (${engine.why})`);
  if (!isLoopback(target)) console.warn(`warning: ${target} is not this machine; make sure that it is yours to load`);
  if (profile.coldCache)
    console.log(`cache emptied: ${(await emptyCache(options.redisUrl)).toLocaleString('en-US')} records`);

  const interrupt = new AbortController();
  const hurry = new AbortController();
  process.on('SIGINT', () => {
    if (hurry.signal.aborted) process.exit(128 + constants.signals.SIGINT);
    if (interrupt.signal.aborted) hurry.abort();
    else console.log('\nending the load; draining and checking (Ctrl-C again: stop waiting for the queue)');
    interrupt.abort();
  });
  const progress = progressLine(process.stdout);
  const report = await runLoadTest({
    ...options,
    engine,
    interrupt: interrupt.signal,
    hurry: hurry.signal,
    onStatus: (row, sampler) => progress.print(renderStatus(row, totalSeconds(profile.stages), sampler.last)),
    onProgress: (text) => progress.show(text),
  });
  progress.clear();
  const files = await writeReport(report, options.reportDir);
  console.log(renderSummary(report));
  console.log(`report: ${files.html}\n`);
  if (report.interrupted) return 128 + constants.signals.SIGINT;
  return report.ok ? 0 : 1;
}

/** Lines that stay, and one that is overwritten (left out where nobody watches). */
function progressLine(out: NodeJS.WriteStream) {
  const clear = () => out.isTTY && out.write('\r\x1b[K');
  return {
    clear,
    print(text: string) {
      clear();
      out.write(`${text}\n`);
    },
    show(text: string) {
      if (!out.isTTY) return;
      clear();
      out.write(text.slice(0, (out.columns ?? 80) - 1));
    },
  };
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof UsageError || error instanceof NotReadyError;
  console.error(expected ? error.message : error);
  process.exitCode = expected ? 2 : 1;
}
