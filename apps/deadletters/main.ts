// deadletters: a command for people, run beside the stack (its environment is in .local/running.env) or in a consumer's pod.
import { z } from 'zod';
import { createLogger } from '../shared/logger.ts';
import { createQueue } from '../shared/queue/create.ts';
import { loadSettings, queueSettings, SettingsError, withQueue } from '../shared/settings.ts';
import { HELP, runCommand, UsageError } from './commands.ts';

const argv = process.argv.slice(2);
if (argv.length === 0 || argv.includes('--help') || argv.includes('-h')) {
  console.log(HELP);
  process.exit(argv.length === 0 ? 2 : 0);
}
try {
  const settings = loadSettings(withQueue(z.object(queueSettings)), process.env);
  const queue = createQueue(settings, createLogger('deadletters', 'silent'));
  try {
    process.exitCode = await runCommand(argv, queue.deadLetters, console.log);
  } finally {
    await queue.close();
  }
} catch (error) {
  const { message } = error as Error;
  if (error instanceof SettingsError)
    console.error(
      `${message}\nNo running stack was found here: start one with npm start, or name the queue in the environment.`,
    );
  else console.error(error instanceof UsageError ? `${message}; see npm run deadletters -- --help` : message);
  process.exitCode = error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
}
