// What is wrong, in words: from the last minute's numbers to sentences that say what it means for users.
import type { Component } from './readings.ts';
import { type Snapshot, totalShed } from './snapshot.ts';

export interface Problem {
  /** Stays the same while the problem does. */
  readonly id: string;
  /** `bad`: users are refused, or work stands still; `warn`: it may come to that. */
  readonly level: 'bad' | 'warn';
  /** Where on the path it is. */
  readonly where: Place;
  readonly text: string;
}

/** Places of the path. */
export type Place = Component | 'queue' | 'cache' | 'mongo' | 'dead-letters';

export interface Names {
  /** The queue, as people know it: Kafka. */
  readonly queue: string;
}

/** A process may fail to answer for so long before it is named: it may be starting, or leaving with its name still there. */
const DEAF_SECONDS = 10;
/** Something may be away for so long before it is called so. */
const AWAY_SECONDS = 5;
/** Records are stored within a second or two; later, something on their way is slow, milliseconds, and for so long, seconds. */
const LATE_P95_MS = 3_000;
const LATE_SECONDS = 10;
/** Work that stands still for so long is called stuck. */
const STUCK_SECONDS = 10;
/** The lag must have grown in each of so many parts of so many seconds. */
const GROWING_PARTS = 3;
const GROWING_PART_SECONDS = 10;
/** By so much from the first to the last. */
const GROWN_RECORDS = 1_000;
/** Share of its limit at which the queue is called nearly full, and the gate at its limit. */
const NEARLY_FULL = 0.8;
const AT_LIMIT = 0.97;
/** What users are promised (see the load tests' thresholds), milliseconds. */
const SLOW_P95_MS = 2_000;

type Rule = (now: Snapshot, recent: readonly Snapshot[], names: Names) => Problem | undefined;

/** @param recent the last minute's snapshots, the newest last */
export function diagnose(recent: readonly Snapshot[], names: Names): Problem[] {
  const now = recent.at(-1);
  if (now === undefined) return [];
  const found = RULES.flatMap((rule) => rule(now, recent, names) ?? []);
  return [...found.filter(({ level }) => level === 'bad'), ...found.filter(({ level }) => level === 'warn')];
}

const bad = (id: string, where: Place, text: string): Problem => ({ id, level: 'bad', where, text });
const warn = (id: string, where: Place, text: string): Problem => ({ id, level: 'warn', where, text });

const APPS: Readonly<Record<Component, { one: string; many: string; none: string }>> = {
  api: { one: 'API process', many: 'API processes', none: 'Nobody is served.' },
  consumer: { one: 'consumer', many: 'consumers', none: 'Accepted records wait in the queue.' },
  gate: { one: 'gate', many: 'gates', none: 'Nothing can be stored, and only cached records can be read.' },
  producer: { one: 'producer', many: 'producers', none: 'It makes no messages.' },
};

/** Processes that should answer and do not. */
const deaf =
  (component: Component): Rule =>
  (now) => {
    const { one, many, none } = APPS[component];
    const away = now.deaf.filter((target) => target.component === component && target.seconds >= DEAF_SECONDS);
    if (away.length === 0) return undefined;
    const all = now[component].processes + away.length;
    const who = away.length <= 3 ? `: ${away.map(({ address, why }) => `${address}, ${why}`).join('; ')}` : '';
    if (now[component].processes === 0)
      return bad(
        `${component}-away`,
        component,
        `${all === 1 ? `The ${one} does` : `All ${all} ${many} do`} not answer${who}. ${none}`,
      );
    return warn(
      `${component}-away`,
      component,
      `${count(away.length)} of ${count(all)} ${many} ${away.length === 1 ? 'does' : 'do'} not answer${who}.`,
    );
  };

/** Nobody is there at all. A stack may do without consumers for a while, and without a producer for ever. */
const nobody =
  (component: 'api' | 'gate'): Rule =>
  (now, recent) => {
    const absent = (snapshot: Snapshot) =>
      snapshot[component].processes === 0 && !snapshot.deaf.some((target) => target.component === component);
    if (!now.asked.includes(component) || now.lost[component] !== undefined) return undefined;
    if (!lasting(recent, AWAY_SECONDS, absent)) return undefined;
    const { one, none } = APPS[component];
    return bad(`${component}-none`, component, `No ${one} runs. ${none}`);
  };

const lookups: Rule = ({ lost }) => {
  const [where] = Object.keys(lost) as Component[];
  return where && warn('lookup', where, `Numbers may be missing: ${Object.values(lost).join('; ')}.`);
};

const mongoAway: Rule = ({ gate }) =>
  gate.mongoUp === false
    ? bad(
        'mongo-away',
        'mongo',
        'MongoDB is unreachable. Accepted records wait in the queue, none is lost; records that are not cached cannot be read.',
      )
    : undefined;

const mongoRefuses: Rule = ({ gate }, recent) =>
  gate.mongoUp !== false && lasting(recent, AWAY_SECONDS, ({ consumer }) => consumer.storing === false)
    ? bad(
        'mongo-refuses',
        'mongo',
        'MongoDB takes no batches: the consumers try again and again. Accepted records wait in the queue, none is lost.',
      )
    : undefined;

const notStoring: Rule = ({ gate, consumer }, recent) => {
  const still = ({ consumer, queue }: Snapshot) =>
    consumer.processes > 0 &&
    (queue.lag ?? 0) > 0 &&
    consumer.stored + consumer.duplicates + consumer.deadLettered === 0;
  if (gate.mongoUp === false || consumer.storing === false || !lasting(recent, STUCK_SECONDS, still)) return undefined;
  return bad('not-storing', 'consumer', 'Records wait, and the consumers store none of them.');
};

const noConsumer: Rule = ({ queue, deaf }, recent) => {
  // One that runs and doesn't answer is told of by itself.
  if (deaf.some(({ component }) => component === 'consumer')) return undefined;
  const alone = (snapshot: Snapshot) => snapshot.consumer.processes === 0 && (snapshot.queue.lag ?? 0) > 0;
  return lasting(recent, STUCK_SECONDS, alone)
    ? bad('no-consumer', 'consumer', `${count(queue.lag!)} records wait and no consumer runs.`)
    : undefined;
};

const queueAway: Rule = (_now, recent, { queue }) => {
  const silent = (snapshot: Snapshot) => snapshot.api.processes > 0 && snapshot.queue.lag === null;
  return lasting(recent, AWAY_SECONDS, silent)
    ? bad(
        'queue-away',
        'queue',
        `The queue (${queue}) does not answer. New writes get 503; nothing that was accepted is lost.`,
      )
    : undefined;
};

const queueFull: Rule = ({ api, queue, consumer, producer }, _recent, { queue: name }) => {
  const { lag, maxLength } = queue;
  if (lag === null || maxLength === null) return undefined;
  const refused = (api.shed.queue_full ?? 0) > 0;
  const nearlyFull = lag >= maxLength * NEARLY_FULL;
  if (refused || lag >= maxLength)
    return bad(
      'queue-full',
      'queue',
      nearlyFull
        ? `The queue is full: ${count(lag)} records wait. New writes get 503 until the consumers catch up.`
        : // Its server may have no room for what the queue's own limit allows.
          `The queue takes no more, though just ${count(lag)} of ${count(maxLength)} records wait: ${name} has no room left. New writes get 503.`,
    );
  if (!nearlyFull) return undefined;
  const growth = api.accepted + producer.accepted - consumer.stored;
  const soon = growth > 0 ? `, and full in ${duration((maxLength - lag) / growth)} at this pace` : '';
  return warn('queue-nearly-full', 'queue', `The queue is ${Math.floor((lag / maxLength) * 100)} % full${soon}.`);
};

/** Reasons that have a sentence of their own. */
const TOLD: ReadonlySet<string> = new Set(['queue_full']);
const SHED_WORDS: Readonly<Record<string, string>> = {
  waited: 'they waited too long for their turn',
  event_loop: 'the processes are late',
  overloaded: 'the processes are late',
  queue_unavailable: 'the queue is unreachable',
  outcome_unknown: 'the queue did not confirm in time, so that nobody knows whether they are stored',
  store_unavailable: 'MongoDB did not give records that are not cached in time',
};

const shedding: Rule = (now) => {
  const reasons = Object.entries(now.api.shed).filter(([reason]) => !TOLD.has(reason));
  if (reasons.length === 0) return undefined;
  const rate = reasons.reduce((sum, [, one]) => sum + one, 0);
  const words = [...new Set(reasons.map(([reason]) => SHED_WORDS[reason] ?? reason))].join('; ');
  const share =
    now.api.requests > 0 ? ` (${percent(totalShed(now) / Math.max(now.api.requests, totalShed(now)))} of all)` : '';
  return warn('shedding', 'api', `The API sheds ${perSecond(rate)} requests a second with 503${share}: ${words}.`);
};

const slow: Rule = (_now, recent) => {
  const over = ({ api }: Snapshot) => (api.p95 ?? 0) > SLOW_P95_MS;
  return lasting(recent, AWAY_SECONDS, over)
    ? warn(
        'slow',
        'api',
        `One request in twenty takes longer than ${(recent.at(-1)!.api.p95! / 1000).toFixed(1)} s; at most 2 s are promised.`,
      )
    : undefined;
};

const gateAtLimit: Rule = ({ gate }) => {
  const { limit, waiting, operations } = gate;
  if (!limit || !waiting || operations < limit * AT_LIMIT) return undefined;
  const wait = gate.waitP95 === null ? '' : `; one in twenty waits longer than ${duration(gate.waitP95 / 1000)}`;
  return warn(
    'gate-limit',
    'gate',
    `MongoDB is at its limit: ${count(Math.round(operations))} of ${count(limit)} operations a second, ${count(waiting)} wait${wait}.`,
  );
};

/** Batches make the lag a saw: what counts is that its low grows. */
const lagGrows: Rule = ({ at }, recent) => {
  const consumed = ({ consumer }: Snapshot) => consumer.processes > 0;
  if (!lasting(recent, GROWING_PARTS * GROWING_PART_SECONDS, consumed)) return undefined;
  const lows = Array.from({ length: GROWING_PARTS }, (_, i) => {
    const until = at - (GROWING_PARTS - 1 - i) * GROWING_PART_SECONDS * 1000;
    const part = recent.filter((one) => one.at > until - GROWING_PART_SECONDS * 1000 && one.at <= until);
    return Math.min(...part.map(({ queue }) => queue.lag ?? 0));
  });
  const rising = lows.every((low, i) => i === 0 || low > lows[i - 1]!);
  const grew = lows.at(-1)! - lows[0]!;
  if (!rising || grew < GROWN_RECORDS) return undefined;
  const pace = grew / ((GROWING_PARTS - 1) * GROWING_PART_SECONDS);
  return warn(
    'lag-grows',
    'queue',
    `The lag grows: ${perSecond(pace)} records a second more are accepted than stored.`,
  );
};

/** Seconds in which nothing was stored say nothing. */
const storedLate: Rule = ({ at, consumer }, recent) => {
  const late = ({ consumer: { delayP95 } }: Snapshot) => delayP95 === null || delayP95 > LATE_P95_MS;
  if (consumer.processes === 0 || !lasting(recent, LATE_SECONDS, late)) return undefined;
  const delays = recent
    .filter((one) => one.at > at - LATE_SECONDS * 1000)
    .flatMap((one) => one.consumer.delayP95 ?? []);
  const delay = delays.at(-1);
  if (delay === undefined) return undefined;
  return warn(
    'stored-late',
    'consumer',
    `One record in twenty is stored later than ${(delay / 1000).toFixed(1)} s after it was accepted: MongoDB or the consumers are slow.`,
  );
};

/** A lag that grows is why records are stored late. */
const behind: Rule = (...seen) => lagGrows(...seen) ?? storedLate(...seen);

const cacheFails: Rule = ({ cache }) =>
  cache.errors > 0
    ? warn(
        'cache-fails',
        'cache',
        `The cache fails ${perSecond(cache.errors)} times a second: reads go to MongoDB instead.`,
      )
    : undefined;

const deadLetters: Rule = ({ queue: { deadLetters: letters } }) =>
  letters !== null && letters > 0
    ? warn(
        'dead-letters',
        'dead-letters',
        `${count(letters)} ${letters === 1 ? 'record was' : 'records were'} refused by MongoDB and ${letters === 1 ? 'is a dead letter' : 'are dead letters'}. "npm run deadletters -- list" says why.`,
      )
    : undefined;

/** What stands first in its level is shown first. */
const RULES: readonly Rule[] = [
  deaf('api'),
  nobody('api'),
  mongoAway,
  mongoRefuses,
  deaf('gate'),
  nobody('gate'),
  queueAway,
  queueFull,
  noConsumer,
  deaf('consumer'),
  notStoring,
  shedding,
  slow,
  gateAtLimit,
  behind,
  cacheFails,
  deaf('producer'),
  deadLetters,
  lookups,
];

/** Whether it has been so for the last `seconds`, without a break. */
function lasting(recent: readonly Snapshot[], seconds: number, so: (snapshot: Snapshot) => boolean): boolean {
  const since = recent.at(-1)!.at - seconds * 1000;
  const first = recent.findLastIndex(({ at }) => at <= since);
  return first >= 0 && recent.slice(first).every(so);
}

const count = (value: number): string => value.toLocaleString('en-US');
const perSecond = (rate: number): string => (rate < 10 ? rate.toFixed(1).replace(/\.0$/, '') : count(Math.round(rate)));
const percent = (share: number): string =>
  share < 0.001 ? 'less than 0.1 %' : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

function duration(seconds: number): string {
  if (seconds < 1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
