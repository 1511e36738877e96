// The console's settings. config/schema/ says what those of the stack config mean.
import { z } from 'zod';
import {
  commonSettings,
  list,
  loadSettings,
  port,
  queueKind,
  SettingsError,
  storeKind,
  text,
  type Variables,
} from '../shared/settings.ts';
import { isLoopback } from './access.ts';
import type { LoadCommand } from './controls.ts';
import { problemTable } from './problems.ts';

/** `host:port`, separated by commas; a name stands for all of its addresses. May be empty. */
const targets = list
  .refine((all) => all.every((one) => /^.+:\d{1,5}$/.test(one)), 'must be host:port, separated by commas')
  .default([]);

const profile = z.object({ name: text, question: z.string(), users: z.number(), seconds: z.number() });
const loadCommand: z.ZodType<LoadCommand> = z.object({
  command: z.array(text).min(1),
  profiles: z.array(profile),
});

/** A value as JSON. @param shape what it must look like, for the error */
const json = <T>(schema: z.ZodType<T>, shape: string) =>
  z.string().transform((raw, context): T => {
    try {
      const parsed = schema.safeParse(JSON.parse(raw));
      if (parsed.success) return parsed.data;
      context.addIssue({ code: 'custom', message: `must be JSON: ${shape}\n${z.prettifyError(parsed.error)}` });
    } catch {
      context.addIssue({ code: 'custom', message: `must be JSON: ${shape}` });
    }
    return z.NEVER;
  });

export const consoleSettings = z.object({
  ...commonSettings,
  /** Address that the page is served on. One that other machines can reach requires a password. */
  CONSOLE_HOST: text,
  CONSOLE_PORT: port,
  CONSOLE_USER: text,
  /** Without a password the page requires no login. */
  CONSOLE_PASSWORD: text.optional(),
  /** Name of the stack, as the page shows it. */
  CONSOLE_STACK: text,
  QUEUE_KIND: queueKind,
  STORE_KIND: storeKind,
  API_TARGETS: targets,
  CONSUMER_TARGETS: targets,
  GATE_TARGETS: targets,
  PRODUCER_TARGETS: targets,
  /** What counts as a problem: the table that the stack's alerts are made from. */
  CONSOLE_PROBLEMS: json(problemTable, '{"LatencyHigh": {"severity": …}, …}'),
  /** How to start a load test, in the local run only. With it the page has controls. */
  CONSOLE_LOAD: json(loadCommand, '{"command": [...], "profiles": [...]}').optional(),
});

export type ConsoleSettings = z.infer<typeof consoleSettings>;

/** @throws SettingsError with all problems at once */
export function readSettings(env: Variables): ConsoleSettings {
  const settings = loadSettings(consoleSettings, env);
  if (isLoopback(settings.CONSOLE_HOST)) return settings;
  const problems = [
    ...(settings.CONSOLE_PASSWORD === undefined
      ? ['CONSOLE_PASSWORD: is required where other machines can reach CONSOLE_HOST']
      : []),
    ...(settings.CONSOLE_LOAD === undefined ? [] : ['CONSOLE_LOAD: controls are only for this machine; leave it out']),
  ];
  if (problems.length > 0) throw new SettingsError(`Bad settings:\n  ${problems.join('\n  ')}`);
  return settings;
}
