// Which broker holds which replica: balanced over the brokers, with as few moves as that takes.

/** Broker ids of one partition; the first is the preferred leader. */
export type Replicas = readonly number[];

export interface AssignInput {
  /** What is there, by partition; empty for a new topic. */
  current: readonly Replicas[];
  partitions: number;
  replicationFactor: number;
  /** Brokers that may hold replicas; at least `replicationFactor`. */
  brokers: readonly number[];
  /** What other topics put on the brokers: breaks ties. Default nothing. */
  load?: ReadonlyMap<number, number>;
}

/**
 * The replicas of every partition: existing ones stay where they are unless that leaves some broker with two more than
 * another. Applied to its own result it changes nothing.
 */
export function assign(input: AssignInput): Replicas[] {
  const { current, partitions, replicationFactor, brokers, load = new Map<number, number>() } = input;
  const counts = new Map(brokers.map((broker) => [broker, 0]));
  const leaders = new Map(brokers.map((broker) => [broker, 0]));
  const held = (broker: number): number => counts.get(broker) ?? 0;
  const add = (broker: number, by: number): void => void counts.set(broker, held(broker) + by);
  const least = (candidates: readonly number[]): number =>
    candidates.reduce((best, broker) => (compare(broker, best) < 0 ? broker : best));
  const compare = (a: number, b: number): number =>
    held(a) - held(b) || (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b;

  // What stays; replicas on brokers that are not there any more do not.
  const result = Array.from({ length: partitions }, (_, p) => (current[p] ?? []).filter((id) => counts.has(id)));
  for (const replicas of result) for (const broker of replicas) add(broker, 1);

  // Too many replicas: the most loaded brokers give theirs up, the preferred leader last.
  for (const replicas of result)
    while (replicas.length > replicationFactor) {
      const followers = replicas.slice(1);
      const loser = followers.reduce((worst, broker) => (compare(broker, worst) > 0 ? broker : worst));
      replicas.splice(replicas.indexOf(loser), 1);
      add(loser, -1);
    }
  // Too few: the least loaded ones get them.
  for (const replicas of result)
    while (replicas.length < replicationFactor) {
      const broker = least(brokers.filter((id) => !replicas.includes(id)));
      replicas.push(broker);
      add(broker, 1);
    }
  // Uneven: one replica at a time from a fullest broker to an emptiest one.
  for (;;) {
    const move = bestMove(result, brokers, held);
    if (move === undefined) break;
    const { partition, from, to } = move;
    result[partition]![result[partition]!.indexOf(from)] = to;
    add(from, -1);
    add(to, 1);
  }
  balanceLeaders(result, leaders);
  return result;
}

/** A move that makes it more even: between brokers that differ by two or more, the largest difference first. */
function bestMove(
  partitions: readonly Replicas[],
  brokers: readonly number[],
  held: (broker: number) => number,
): { partition: number; from: number; to: number } | undefined {
  const byLoad = [...brokers].sort((a, b) => held(b) - held(a) || a - b);
  for (const from of byLoad)
    for (const to of byLoad.toReversed()) {
      if (held(from) - held(to) < 2) break;
      // Followers rather than leaders: clients notice less.
      const candidates = [...partitions.keys()].filter(
        (p) => partitions[p]!.includes(from) && !partitions[p]!.includes(to),
      );
      const partition = candidates.find((p) => partitions[p]![0] !== from) ?? candidates[0];
      if (partition !== undefined) return { partition, from, to };
    }
  return undefined;
}

/** Reorders replicas (no data moves) until no broker is preferred leader of two more partitions than it need be. */
function balanceLeaders(partitions: number[][], leaders: Map<number, number>): void {
  for (const replicas of partitions) leaders.set(replicas[0]!, (leaders.get(replicas[0]!) ?? 0) + 1);
  const led = (broker: number): number => leaders.get(broker) ?? 0;
  for (;;) {
    const path = shiftPath(partitions, led);
    if (path === undefined) return;
    for (const { partition, to } of path) {
      const replicas = partitions[partition]!;
      const from = replicas[0]!;
      replicas[replicas.indexOf(to)] = from;
      replicas[0] = to;
      leaders.set(from, led(from) - 1);
      leaders.set(to, led(to) + 1);
    }
  }
}

/** A chain of hand-overs from a broker that leads much to one that leads at least two less, the shortest first. */
function shiftPath(
  partitions: readonly Replicas[],
  led: (broker: number) => number,
): { partition: number; to: number }[] | undefined {
  const brokers = [...new Set(partitions.flat())].sort((a, b) => led(b) - led(a) || a - b);
  for (const start of brokers) {
    const seen = new Set([start]);
    let paths: { at: number; steps: { partition: number; to: number }[] }[] = [{ at: start, steps: [] }];
    while (paths.length > 0) {
      const longer: typeof paths = [];
      // The last ones first: those that are new can be given any order.
      for (const { at, steps } of paths)
        for (const [partition, replicas] of [...partitions.entries()].reverse()) {
          if (replicas[0] !== at) continue;
          for (const to of replicas.slice(1)) {
            if (seen.has(to)) continue;
            seen.add(to);
            const path = [...steps, { partition, to }];
            if (led(start) - led(to) >= 2) return path;
            longer.push({ at: to, steps: path });
          }
        }
      paths = longer;
    }
  }
  return undefined;
}
