// What is wrong, in words. The table of problems has limits, durations and what they mean for
// users; here are the signals, taken from the snapshots of the last minute.
import { bytes, count, duration, percent, plural, rate } from './page/format.js';
import { fillsByBytes, fullness } from './page/fullness.js';
import {
  type Definition,
  isBeyond,
  lastSeconds,
  type Place,
  type ProblemId,
  type ProblemTable,
  type Unit,
} from './problems.ts';
import type { Component } from './readings.ts';
import { type Snapshot, totalShed, type UnreachableProcess } from './snapshot.ts';

/** A problem as the page shows it. */
export interface Problem {
  /** Stays the same while the problem does. */
  readonly id: string;
  readonly severity: Definition['severity'];
  readonly place: Place;
  readonly text: string;
}

export interface DiagnosisOptions {
  readonly table: ProblemTable;
  /** Name of the queue's server for people: Kafka. */
  readonly queue: string;
}

/** What a rule sees: its row of the table, and the last minute. */
interface Scene extends DiagnosisOptions {
  readonly problem: Definition;
  readonly now: Snapshot;
  /** Newest last. */
  readonly recent: readonly Snapshot[];
}

/** A problem that is there. Sentences that are missing are those of the table. */
interface Found {
  /** The signal's value, for the table's finding. */
  readonly value?: number;
  readonly finding?: string;
  /** Says more, after what the problem means. */
  readonly detail?: string;
  readonly place?: Place;
}

type Rule = (scene: Scene) => readonly Found[];

/** @param recent snapshots of the last minute, newest last */
export function diagnose(recent: readonly Snapshot[], options: DiagnosisOptions): Problem[] {
  const now = recent.at(-1);
  if (now === undefined) return [];
  const problems = Object.entries(RULES).flatMap(([id, rule]) => {
    const problem = options.table[id as ProblemId];
    return rule({ ...options, problem, now, recent }).map((found) => describe(id, problem, found));
  });
  return [
    ...problems.filter(({ severity }) => severity === 'critical'),
    ...problems.filter(({ severity }) => severity === 'warning'),
  ];
}

function describe(id: string, problem: Definition, found: Found): Problem {
  const { severity, meaning, limit } = problem;
  const place = found.place ?? problem.place!;
  const value = found.value === undefined || limit === undefined ? '' : FORMATS[limit.unit](found.value);
  const finding = found.finding ?? problem.finding?.replace('{value}', value);
  return {
    id: problem.place === undefined ? `${id}-${place}` : id,
    severity,
    place,
    text: [finding, meaning, found.detail].filter(Boolean).join(' '),
  };
}

const FORMATS: Readonly<Record<Unit, (value: number) => string>> = {
  seconds: (value) => duration(value * 1000),
  ratio: percent,
  perSecond: rate,
  records: count,
  processes: count,
  flag: count,
};

type Signal = (snapshot: Snapshot) => number | null;

interface JudgedOptions {
  /** Another problem explains this one. */
  readonly unless?: (scene: Scene) => boolean;
  readonly finding?: (scene: Scene) => string;
  readonly detail?: (scene: Scene) => string | undefined;
}

/** The usual rule: a signal that is beyond the problem's limit for the whole of its duration. */
const judged =
  (signal: Signal, { unless, finding, detail }: JudgedOptions = {}): Rule =>
  (scene) => {
    const { problem, now, recent } = scene;
    if (unless?.(scene)) return [];
    const window = lastSeconds(recent, problem.forSeconds);
    if (!window?.every((snapshot) => isBeyond(problem, signal(snapshot)))) return [];
    return [{ value: signal(now) ?? 0, finding: finding?.(scene), detail: detail?.(scene) }];
  };

/** Yes is 1, no is 0. */
const flag = (value: boolean | null): number | null => (value === null ? null : Number(value));

const NAMES: Readonly<Record<Component, readonly [one: string, many: string]>> = {
  api: ['API process', 'API processes'],
  consumer: ['consumer', 'consumers'],
  gate: ['gate', 'gates'],
  producer: ['producer', 'producers'],
};

/** Processes of a component that have not answered for so long that they count as unreachable. */
const unreachable = ({ now, table }: Scene, component: Component): readonly UnreachableProcess[] =>
  now.unreachable.filter(
    (process) => process.component === component && process.seconds >= table.TargetDown.forSeconds,
  );

/** Which processes, and why, as long as that fits into a sentence. */
const listed = (processes: readonly UnreachableProcess[]): string =>
  processes.length <= 3 ? `: ${processes.map(({ address, reason }) => `${address}, ${reason}`).join('; ')}` : '';

/**
 * None of a component's processes answers.
 * @param mayHaveNone whether the stack may do without any
 */
const noneAnswers =
  (component: Component, mayHaveNone: boolean): Rule =>
  (scene) => {
    const { problem, now, recent } = scene;
    const [one, many] = NAMES[component];
    if (!isBeyond(problem, now[component].processes)) return [];
    const processes = unreachable(scene, component);
    if (processes.length > 0) {
      const all = processes.length === 1 ? `The ${one} does` : `All ${count(processes.length)} ${many} do`;
      return [{ finding: `${all} not answer${listed(processes)}.` }];
    }
    if (mayHaveNone || !now.components.includes(component) || now.unresolved[component] !== undefined) return [];
    const isEmpty = (snapshot: Snapshot) =>
      isBeyond(problem, snapshot[component].processes) &&
      !snapshot.unreachable.some((process) => process.component === component);
    return lastSeconds(recent, problem.forSeconds)?.every(isEmpty) ? [{ finding: `No ${one} is running.` }] : [];
  };

/** Some processes of a component do not answer, and others do. */
const someUnreachable: Rule = (scene) =>
  (Object.keys(NAMES) as Component[]).flatMap((component) => {
    const { processes: answering } = scene.now[component];
    const processes = unreachable(scene, component);
    if (processes.length === 0 || answering === 0) return [];
    const all = plural(answering + processes.length, ...NAMES[component]);
    const verb = processes.length === 1 ? 'does' : 'do';
    return [
      { place: component, finding: `${count(processes.length)} of ${all} ${verb} not answer${listed(processes)}.` },
    ];
  });

const lookupsFail: Rule = ({ now }) =>
  (Object.entries(now.unresolved) as [Component, string][]).map(([place, failure]) => ({
    place,
    finding: `${failure}.`,
  }));

/**
 * Share of the queue's limit that is used; at least 1 while it refuses records, whatever its
 * length.
 */
const queueLoad: Signal = ({ api, queue }) => {
  const share = fullness(queue);
  return share !== null && (api.shed.queue_full ?? 0) > 0 ? Math.max(1, share) : share;
};

/** The server may have no room for what the queue's own limit allows. */
const queueIsFull = ({ table, queue: server, now: { queue } }: Scene): string => {
  const { lag, lagBytes, maxLength } = queue;
  if (!isBeyond(table.QueueNearlyFull, fullness(queue)))
    return `${server} has no room left, though only ${count(lag)} of ${count(maxLength)} records are waiting.`;
  const what = fillsByBytes(queue) ? `${bytes(lagBytes)} in ${count(lag)}` : count(lag);
  return `The queue is full: ${what} records are waiting.`;
};

const timeUntilFull = ({ now: { api, producer, consumer, queue } }: Scene): string | undefined => {
  const growth = api.accepted + producer.accepted - consumer.stored;
  // Records as large as those that wait.
  const room = (queue.lag ?? 0) * (1 / (fullness(queue) ?? 1) - 1);
  return growth > 0 ? `At this rate it is full in ${duration((room / growth) * 1000)}.` : undefined;
};

/** Records that wait while none is stored. */
const stalled: Signal = ({ queue, consumer }) => {
  const acknowledged = consumer.stored + consumer.duplicates + consumer.deadLettered;
  return consumer.processes === 0 || acknowledged === 0 ? queue.lag : 0;
};

const stallIsExplained = ({ now: { gate, consumer, unreachable } }: Scene): boolean =>
  consumer.processes === 0
    ? unreachable.some(({ component }) => component === 'consumer')
    : gate.mongoUp === false || consumer.storing === false;

const SHED_REASONS: Readonly<Record<string, string>> = {
  waited: 'they waited too long for their turn',
  event_loop: 'API processes are overloaded',
  overloaded: 'API processes are overloaded',
  queue_unavailable: 'the queue is unreachable',
  outcome_unknown: 'the queue did not confirm in time, so it is unknown whether their records are stored',
  store_unavailable: 'the store did not return records that are not cached in time',
};

/** Requests shed for these reasons; a full queue is a problem of its own. */
const shedReasons = ({ api }: Snapshot) => Object.entries(api.shed).filter(([reason]) => reason !== 'queue_full');

const shedRate: Signal = (snapshot) => shedReasons(snapshot).reduce((sum, [, one]) => sum + one, 0);

const shedWhy = ({ now }: Scene): string => {
  const reasons = [...new Set(shedReasons(now).map(([reason]) => SHED_REASONS[reason] ?? reason))].join('; ');
  const share =
    now.api.requests > 0 ? ` (${percent(totalShed(now) / Math.max(now.api.requests, totalShed(now)))} of all)` : '';
  return `The API sheds ${rate(shedRate(now))} requests per second${share}: ${reasons}.`;
};

/** Share of the gate's limit, while operations wait for it. */
const gateLoad: Signal = ({ gate: { limit, waiting, operations } }) => (limit && waiting ? operations / limit : null);

const gateWait = ({ now: { gate } }: Scene): string => {
  const wait = gate.waitP95 === null ? '' : `; one in twenty waits longer than ${duration(gate.waitP95)}`;
  return `Waiting operations: ${count(gate.waiting)}${wait}.`;
};

/** The window is judged in this many parts. */
const LAG_PARTS = 3;

/** Batches make the lag a sawtooth: it grows when its minimum rises from part to part. */
const lagGrows: Rule = ({ problem, now, recent }) => {
  if (!lastSeconds(recent, problem.forSeconds)?.every(({ consumer }) => consumer.processes > 0)) return [];
  const partSeconds = problem.forSeconds / LAG_PARTS;
  const minima = Array.from({ length: LAG_PARTS }, (_, i) => {
    const until = now.at - (LAG_PARTS - 1 - i) * partSeconds * 1000;
    const part = recent.filter(({ at }) => at > until - partSeconds * 1000 && at <= until);
    return Math.min(...part.map(({ queue }) => queue.lag ?? 0));
  });
  const rises = minima.every((minimum, i) => i === 0 || minimum > minima[i - 1]!);
  const growth = minima.at(-1)! - minima[0]!;
  if (!rises || !isBeyond(problem, growth)) return [];
  return [{ finding: `The lag grows by ${rate(growth / ((LAG_PARTS - 1) * partSeconds))} records per second.` }];
};

/**
 * Seconds in which nothing was stored count neither way. A lag that grows is a reason of its own.
 */
const storedLate: Rule = (scene) => {
  const { problem, table, now, recent } = scene;
  const delays = ({ consumer: { delayP95 } }: Snapshot) => (delayP95 === null ? [] : [delayP95 / 1000]);
  const isLate = (snapshot: Snapshot) => delays(snapshot).every((delay) => isBeyond(problem, delay));
  if (now.consumer.processes === 0 || !lastSeconds(recent, problem.forSeconds)?.every(isLate)) return [];
  const latest = recent
    .filter(({ at }) => at > now.at - problem.forSeconds * 1000)
    .flatMap(delays)
    .at(-1);
  if (latest === undefined || lagGrows({ ...scene, problem: table.LagGrowing }).length > 0) return [];
  return [{ value: latest }];
};

/**
 * By problem. Within a severity the page shows them in this order: what may be the cause comes
 * first.
 */
const RULES: Readonly<Record<ProblemId, Rule>> = {
  ApiMissing: noneAnswers('api', false),
  MongoUnreachable: judged(({ gate }) => flag(gate.mongoUp)),
  MongoRefusing: judged(({ consumer }) => flag(consumer.storing), { unless: ({ now }) => now.gate.mongoUp === false }),
  GateMissing: noneAnswers('gate', false),
  RecordsLost: judged(({ consumer }) => consumer.lost),
  QueueUnreachable: judged(({ api, queue }) => (api.processes > 0 ? flag(queue.lag !== null) : null), {
    finding: ({ queue }) => `The queue (${queue}) does not answer.`,
  }),
  QueueFull: judged(queueLoad, { finding: queueIsFull }),
  QueueNearlyFull: judged(queueLoad, {
    unless: ({ table, now }) => isBeyond(table.QueueFull, queueLoad(now)),
    detail: timeUntilFull,
  }),
  ConsumerUnreachable: noneAnswers('consumer', true),
  ConsumerStalled: judged(stalled, {
    unless: stallIsExplained,
    detail: ({ now }) => (now.consumer.processes === 0 ? 'No consumer is running.' : undefined),
  }),
  ProducerUnreachable: noneAnswers('producer', true),
  TargetDown: someUnreachable,
  Shedding: judged(shedRate, { finding: shedWhy }),
  LatencyHigh: judged(({ api }) => (api.p95 === null ? null : api.p95 / 1000)),
  MongoAtLimit: judged(gateLoad, { detail: gateWait }),
  LagGrowing: lagGrows,
  StoredLate: storedLate,
  CacheFailing: judged(({ cache }) => cache.errors),
  DeadLetters: judged(({ queue }) => queue.deadLetters, {
    detail: () => '"npm run deadletters -- list" says why.',
  }),
  LookupFailing: lookupsFail,
};
