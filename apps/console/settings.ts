// The console's settings. config/schema/ says what those of the stack config mean.
import { z } from 'zod';
import { commonSettings, list, loadSettings, port, SettingsError, text, type Variables } from '../shared/settings.ts';
import { isLoopback } from './access.ts';
import type { LoadCommand } from './load-control.ts';

/** `host:port` each; a name stands for all of its addresses. None where the variable is empty. */
const targets = list
  .refine((all) => all.every((one) => /^.+:\d{1,5}$/.test(one)), 'must be host:port, separated by commas')
  .default([]);

const profile = z.object({ name: text, question: z.string(), users: z.number(), seconds: z.number() });
const loadCommand = z.object({ command: z.array(text).min(1), profiles: z.array(profile) });

/** A load command as JSON. */
const json = z.string().transform((raw, context): LoadCommand => {
  try {
    const parsed = loadCommand.safeParse(JSON.parse(raw));
    if (parsed.success) return parsed.data;
  } catch {
    // reported below
  }
  context.addIssue({ code: 'custom', message: 'must be JSON: {"command": [...], "profiles": [...]}' });
  return z.NEVER;
});

export const consoleSettings = z.object({
  ...commonSettings,
  /** Address that the page is served on. Beyond this machine, a password is required. */
  CONSOLE_HOST: text,
  CONSOLE_PORT: port,
  CONSOLE_USER: text,
  /** Without one, the page requires no login. */
  CONSOLE_PASSWORD: text.optional(),
  /** The stack's name, as shown on the page. */
  CONSOLE_STACK: text,
  QUEUE_KIND: z.enum(['kafka', 'redis-streams']),
  API_TARGETS: targets,
  CONSUMER_TARGETS: targets,
  GATE_TARGETS: targets,
  PRODUCER_TARGETS: targets,
  /** How to start a load test, in the local run only. With it, the page has controls. */
  CONSOLE_LOAD: json.optional(),
});

export type ConsoleSettings = z.infer<typeof consoleSettings>;

/** @throws SettingsError with all problems at once */
export function readSettings(env: Variables): ConsoleSettings {
  const settings = loadSettings(consoleSettings, env);
  if (isLoopback(settings.CONSOLE_HOST)) return settings;
  const problems = [
    ...(settings.CONSOLE_PASSWORD === undefined
      ? ['CONSOLE_PASSWORD: is required where CONSOLE_HOST leads beyond this machine']
      : []),
    ...(settings.CONSOLE_LOAD === undefined ? [] : ['CONSOLE_LOAD: controls are for this machine alone; leave it out']),
  ];
  if (problems.length > 0) throw new SettingsError(`Bad settings:\n  ${problems.join('\n  ')}`);
  return settings;
}
