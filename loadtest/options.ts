// The command line of `npm run loadtest`, parsed once into typed values.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { peakUsers, totalSeconds } from '../config/load-profiles.ts';
import { UsageError } from '../tooling/errors.ts';
import { PROFILES, type Profile, scaleProfile } from './profiles.ts';

export interface Options {
  readonly profile: Profile;
  /** A stack that runs in a cluster; undefined: the local run. What is undefined below is then as that stack says. */
  readonly stack: string | undefined;
  readonly target: string | undefined;
  /** Name that an ingress knows the API by. */
  readonly host: string | undefined;
  /** null: no ledger. */
  readonly mongoUrl: string | null | undefined;
  /** null: the gate is not checked. */
  readonly gateUrl: string | null | undefined;
  readonly redisUrl: string | undefined;
  readonly payloadChars: number | undefined;
  readonly reportDir: string;
  readonly drainTimeoutSeconds: number;
  /** undefined: k6 where it is on the PATH. */
  readonly engine: 'k6' | 'builtin' | undefined;
}

export const DEFAULTS = {
  profile: 'smoke',
  report: 'reports',
  'drain-timeout': '600',
};

/** The local run, see `local/`. */
const LOCAL_RUN = {
  target: 'http://127.0.0.1:8000',
  mongo: 'mongodb://127.0.0.1:27017/breakwater',
  gate: 'http://127.0.0.1:9465',
  redis: 'redis://127.0.0.1:6379',
  'payload-chars': '512',
};

const FLAGS = {
  profile: { value: 'NAME', help: 'what to run, see below' },
  vus: { value: 'N', help: 'peak number of users; the stages keep their proportions' },
  'time-scale': { value: 'F', help: 'factor on the duration; 0.1 runs in a tenth of the time' },
  stack: {
    value: 'NAME',
    help: 'the Pulumi stack of a cluster, which says all of what follows down to --payload-chars',
  },
  target: { value: 'URL', help: 'address of the API' },
  host: { value: 'NAME', help: 'host name that an ingress knows the API by, where the address has another' },
  mongo: { value: 'URL', help: "MongoDB's own address, past the gate, for the ledger; none leaves the ledger out" },
  gate: { value: 'URL', help: "the gate's metrics server; none leaves its check out" },
  redis: { value: 'URL', help: 'the Redis whose cache the profile cold empties' },
  'payload-chars': { value: 'N', help: 'length of the payloads that the API makes (api:payloadChars)' },
  report: { value: 'DIR', help: 'where reports/<run>/ is made' },
  'drain-timeout': { value: 'S', help: 'seconds that the queue may take to drain after the load' },
  engine: { value: 'NAME', help: 'k6 or builtin; without it k6 where it is on the PATH' },
} as const;

export function helpText(): string {
  const flags = Object.entries(FLAGS).map(([name, { value, help }]) => {
    const fallback = ({ ...DEFAULTS, ...LOCAL_RUN } as Record<string, string>)[name];
    return `  --${`${name} ${value}`.padEnd(18)} ${help}${fallback ? ` (default: ${fallback})` : ''}`;
  });
  const profiles = Object.values(PROFILES).map(({ name, question, stages }) => {
    const size = `${peakUsers(stages).toLocaleString('en-US')} users, ${totalSeconds(stages)} s`;
    return `  ${name.padEnd(11)} ${size.padEnd(20)} ${question}`;
  });
  return [
    'npm run loadtest -- [options]',
    '',
    'Puts load on the API, waits until everything is stored, and checks every record.',
    'Status 0: thresholds, ledger and gate hold; 1: they do not; 2: wrong usage or nothing to test.',
    '',
    'Options:',
    ...flags,
    '',
    'Profiles:',
    ...profiles,
  ].join('\n');
}

/** @returns null when help was asked for @throws UsageError with every problem, one a line */
export function parseOptions(args: readonly string[]): Options | null {
  const problems: string[] = [];
  const given = readFlags(args, problems);
  if (given === null) return null;
  const fallbacks: Record<string, string> = given.has('stack') ? DEFAULTS : { ...DEFAULTS, ...LOCAL_RUN };
  const value = (name: string): string | undefined => given.get(name) ?? fallbacks[name];
  const number = (name: string, min: number, max: number, whole: boolean): number | undefined => {
    const text = value(name);
    if (text === undefined) return undefined;
    const result = Number(text);
    if (text.trim() !== '' && result >= min && result <= max && (!whole || Number.isInteger(result))) return result;
    problems.push(`--${name}: must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}; it is "${text}"`);
    return undefined;
  };
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const text = value(name);
    if (text === undefined) return undefined;
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol.slice(0, -1)))
      problems.push(
        `--${name}: must be an address that begins with ${protocols.map((p) => `${p}://`).join(' or ')}; it is "${text}"`,
      );
    return text;
  };
  const urlOrNone = (name: string, protocols: readonly string[]) =>
    value(name) === 'none' ? null : url(name, protocols);

  const name = value('profile')!;
  const profile = PROFILES[name];
  if (!profile) problems.push(`--profile: there is no "${name}"; there are ${Object.keys(PROFILES).join(', ')}`);
  const engine = value('engine');
  if (engine !== undefined && engine !== 'k6' && engine !== 'builtin')
    problems.push(`--engine: must be k6 or builtin; it is "${engine}"`);
  const scaling = { vus: number('vus', 1, 100_000, true), timeScale: number('time-scale', 0.001, 100, false) };
  const rest = {
    stack: value('stack'),
    target: url('target', ['http']),
    host: value('host'),
    mongoUrl: urlOrNone('mongo', ['mongodb', 'mongodb+srv']),
    gateUrl: urlOrNone('gate', ['http']),
    redisUrl: url('redis', ['redis', 'rediss']),
    payloadChars: number('payload-chars', 1, 65_536, true),
    reportDir: value('report')!,
    drainTimeoutSeconds: number('drain-timeout', 0, 86_400, false) ?? 0,
  };
  if (problems.length > 0 || !profile)
    throw new UsageError(`${problems.join('\n')}\n\nnpm run loadtest -- --help shows all options.`);
  return { profile: scaleProfile(profile, scaling), engine: engine as Options['engine'], ...rest };
}

/** The flags by name; null when help was asked for. Collects what is wrong. */
function readFlags(args: readonly string[], problems: string[]): Map<string, string> | null {
  const options = { help: { type: 'boolean' as const, short: 'h' } };
  for (const name of Object.keys(FLAGS)) Object.assign(options, { [name]: { type: 'string' } });
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" stands alone; options begin with --`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.name === 'h') return null;
    if (!(token.name in FLAGS))
      problems.push(
        `${token.rawName}: there is no such option; did you mean --${closest(token.name, Object.keys(FLAGS))}?`,
      );
    else if (!token.value || token.value.startsWith('--')) problems.push(`--${token.name}: needs a value`);
    else given.set(token.name, token.value);
  }
  return given;
}

/** Whether an address leads to this machine. */
export const isLoopback = (target: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(target).hostname);
