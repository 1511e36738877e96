// The command line of `npm run loadtest`, parsed into typed values.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { peakUsers, totalSeconds } from '../config/load-profiles.ts';
import { UsageError } from '../tooling/errors.ts';
import { STORE_PROTOCOLS } from './ledger/store-at.ts';
import { PROFILES, type Profile, scaleProfile } from './profiles.ts';
import type { ReplayOptions } from './replay/arrivals.ts';

export interface Options {
  /** Write the load as a plan for this program instead of running it. */
  readonly export: 'jmeter' | undefined;
  readonly profile: Profile;
  /** Repeat the traffic of these logs instead of the profile's stages. */
  readonly replay: (ReplayOptions & { readonly logs: readonly string[] }) | undefined;
  /** A stack in a cluster; undefined: the local run. The stack provides what is undefined below. */
  readonly stack: string | undefined;
  readonly target: string | undefined;
  /** Host name by which an ingress routes to the API. */
  readonly host: string | undefined;
  /** null: skip the ledger. */
  readonly mongoUrl: string | null | undefined;
  /** null: skip the check of the gate. */
  readonly gateUrl: string | null | undefined;
  readonly redisUrl: string | undefined;
  readonly payloadChars: number | undefined;
  readonly bodyLimitKiB: number | undefined;
  readonly reportDir: string;
  readonly drainTimeoutSeconds: number;
  /** undefined: k6 if it is on the PATH. */
  readonly engine: 'k6' | 'builtin' | undefined;
}

export const DEFAULTS = {
  profile: 'smoke',
  report: 'reports',
  'drain-timeout': '600',
};

/** Addresses of the local run. */
const LOCAL_RUN = {
  target: 'http://127.0.0.1:8000',
  mongo: 'mongodb://127.0.0.1:27017/breakwater',
  gate: 'http://127.0.0.1:9465',
  redis: 'redis://127.0.0.1:6379',
};

/** Default for a replay, as many as the largest profile has users. */
const MAX_CONNECTIONS = 10_000;

const FLAGS = {
  profile: { value: 'NAME', help: 'the load profile, see below' },
  vus: {
    value: 'N',
    help: `peak number of users, to which the stages are scaled; with --replay the connections at most (${MAX_CONNECTIONS})`,
  },
  'time-scale': { value: 'F', help: 'factor for the duration; 0.1 runs in a tenth of the time' },
  replay: {
    value: 'FILES',
    help: 'repeats the traffic of access logs: files or folders, gzip too, of ALB, CloudFront, nginx or Traefik',
  },
  'replay-factor': { value: 'F', help: 'requests for each request of the logs (default: 1)' },
  stack: {
    value: 'NAME',
    help: 'a Pulumi stack in a cluster; it provides the options from --target to --body-limit',
  },
  target: { value: 'URL', help: 'address of the API' },
  host: { value: 'NAME', help: 'host name by which an ingress routes to the API, if it is not that of the address' },
  mongo: {
    value: 'URL',
    help: 'address of MongoDB itself, past the gate, for the ledger; also mysql://user:password@host/database or dynamodb://region/table; none skips the ledger',
  },
  gate: { value: 'URL', help: "the gate's metrics server; none skips its check" },
  redis: { value: 'URL', help: 'the Redis whose cache the profile cold flushes' },
  'payload-chars': {
    value: 'N',
    help: 'length of the payloads that the API creates (default: api:payloadChars of the stack)',
  },
  'body-limit': {
    value: 'KIB',
    help: 'largest body of the profile mixed, KiB (default: api:bodyLimitKiB of the stack)',
  },
  report: { value: 'DIR', help: 'directory of the reports; each run gets a folder in it' },
  'drain-timeout': { value: 'S', help: 'maximum time for the queue to drain after the load, seconds' },
  export: {
    value: 'jmeter',
    help: 'writes the load as a plan for Apache JMeter to the report directory, and runs nothing',
  },
  engine: { value: 'NAME', help: 'k6 or builtin (default: k6 if it is on the PATH)' },
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
    'Puts load on the API, waits until everything is stored and checks every record.',
    'Exit status 0: all checks hold; 1: a check fails; 2: invalid usage, or no stack to test.',
    '',
    'Options:',
    ...flags,
    '',
    'Profiles:',
    ...profiles,
  ].join('\n');
}

/** @returns null if help is requested @throws UsageError with all problems, one per line */
export function parseOptions(args: readonly string[]): Options | null {
  const problems: string[] = [];
  const read = readFlags(args, problems);
  if (read === null) return null;
  const { given, logs } = read;
  const fallbacks: Record<string, string> = given.has('stack') ? DEFAULTS : { ...DEFAULTS, ...LOCAL_RUN };
  const value = (name: string): string | undefined => given.get(name) ?? fallbacks[name];
  const number = (name: string, min: number, max: number, whole: boolean): number | undefined => {
    const text = value(name);
    if (text === undefined) return undefined;
    const result = Number(text);
    if (text.trim() !== '' && result >= min && result <= max && (!whole || Number.isInteger(result))) return result;
    problems.push(`--${name}: must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}, not "${text}"`);
    return undefined;
  };
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const text = value(name);
    if (text === undefined) return undefined;
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol.slice(0, -1)))
      problems.push(
        `--${name}: must be a URL that starts with ${protocols.map((p) => `${p}://`).join(' or ')}, not "${text}"`,
      );
    return text;
  };
  const urlOrNone = (name: string, protocols: readonly string[]) =>
    value(name) === 'none' ? null : url(name, protocols);

  const name = value('profile')!;
  const profile = PROFILES[name];
  if (!profile) problems.push(`--profile: unknown profile "${name}"; choose from ${Object.keys(PROFILES).join(', ')}`);
  const engine = value('engine');
  if (engine !== undefined && engine !== 'k6' && engine !== 'builtin')
    problems.push(`--engine: must be k6 or builtin, not "${engine}"`);
  const exported = value('export');
  if (exported !== undefined && exported !== 'jmeter') problems.push(`--export: must be jmeter, not "${exported}"`);
  if (exported !== undefined && given.has('stack'))
    problems.push('--export: give the address with --target, not a stack');
  if (given.has('replay') && engine === 'k6') problems.push('--engine: k6 cannot replay logs; use builtin');
  if (!given.has('replay') && given.has('replay-factor')) problems.push('--replay-factor: needs --replay');
  const scaling = { vus: number('vus', 1, 100_000, true), timeScale: number('time-scale', 0.001, 100, false) };
  const factor = number('replay-factor', 0.000_001, 1_000_000, false) ?? 1;
  const { vus: connections = MAX_CONNECTIONS, timeScale = 1 } = scaling;
  const replay = given.has('replay') ? { logs, factor, timeScale, connections } : undefined;
  const rest = {
    export: exported as Options['export'],
    stack: value('stack'),
    target: url('target', ['http', 'https']),
    host: value('host'),
    mongoUrl: urlOrNone('mongo', ['mongodb', 'mongodb+srv', ...STORE_PROTOCOLS]),
    gateUrl: urlOrNone('gate', ['http']),
    redisUrl: url('redis', ['redis', 'rediss']),
    payloadChars: number('payload-chars', 1, 65_536, true),
    bodyLimitKiB: number('body-limit', 1, 1_048_576, true),
    reportDir: value('report')!,
    drainTimeoutSeconds: number('drain-timeout', 0, 86_400, false) ?? 0,
  };
  if (problems.length > 0 || !profile)
    throw new UsageError(`${problems.join('\n')}\n\nnpm run loadtest -- --help shows all options.`);
  if (replay) return { profile, replay, engine: 'builtin', ...rest };
  return { profile: scaleProfile(profile, scaling), replay, engine: engine as Options['engine'], ...rest };
}

/**
 * The flags by name, and the files of --replay; null if help is requested. Adds to the problems.
 */
function readFlags(args: readonly string[], problems: string[]): { given: Map<string, string>; logs: string[] } | null {
  const options = { help: { type: 'boolean' as const, short: 'h' } };
  for (const name of Object.keys(FLAGS)) Object.assign(options, { [name]: { type: 'string' } });
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string>();
  const logs: string[] = [];
  let last: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (last === 'replay') logs.push(token.value);
      else problems.push(`"${token.value}": unexpected argument; options start with --`);
    }
    if (token.kind !== 'option') continue;
    last = token.name;
    if (token.name === 'help' || token.name === 'h') return null;
    if (!(token.name in FLAGS))
      problems.push(`${token.rawName}: unknown option; did you mean --${closest(token.name, Object.keys(FLAGS))}?`);
    else if (!token.value || token.value.startsWith('--')) problems.push(`--${token.name}: needs a value`);
    else given.set(token.name, token.value);
    if (token.name === 'replay' && token.value) logs.push(token.value);
  }
  return { given, logs };
}

/** Whether an address is on this machine. */
export const isLoopback = (target: string): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(target).hostname);
