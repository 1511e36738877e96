// Which broker holds which replica of one topic. The only place where replicas are balanced.

/** Broker ids of one partition. The first is the preferred leader. */
export type Replicas = readonly number[];

export interface PlacementInput {
  /** Each partition with the replicas it has (none if it is new) and the number it should have. */
  readonly partitions: readonly { readonly replicas: Replicas; readonly copies: number }[];
  /** Brokers that may hold replicas, at least as many as any partition has copies. */
  readonly brokers: readonly number[];
  /** Replicas of other topics on each broker. Breaks ties. Default: none. */
  readonly load?: ReadonlyMap<number, number>;
  /**
   * `balance`: no broker holds two replicas more than another, and leaders are spread likewise.
   * `drain`: a replica on one of `brokers` stays where it is, and so does its place in the order.
   */
  readonly mode: 'balance' | 'drain';
}

/**
 * The replicas of every partition, with as few moves as the mode allows. A replica that stays keeps
 * its place before those that are new, so that a broker that has the data leads. Applied to its own
 * result, this changes nothing.
 */
export function placeReplicas(input: PlacementInput): Replicas[] {
  const result = chooseBrokers(input).map((chosen, partition) => {
    const stay = input.partitions[partition]!.replicas.filter((id) => chosen.includes(id));
    return [...stay, ...chosen.filter((id) => !stay.includes(id))];
  });
  if (input.mode === 'balance') spreadLeaders(result);
  return result;
}

/**
 * Chooses the brokers of each partition. This is a minimum-cost flow from partitions to brokers,
 * solved by successive shortest paths: each copy takes the cheapest broker, which may mean that
 * other partitions hand theirs on. Brokers are numbered by load, so that the least loaded one wins
 * a tie.
 */
function chooseBrokers({ partitions, brokers, load = new Map<number, number>(), mode }: PlacementInput): number[][] {
  const byLoad = [...brokers].sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b);
  const cost = costs(partitions, byLoad, mode);
  const held = partitions.map(() => new Set<number>());
  const holders = byLoad.map(() => new Set<number>());

  const addCopy = (start: number): void => {
    const distance = byLoad.map(() => Number.POSITIVE_INFINITY);
    /** The last step of the path to a broker: the partition that moves there, and from where. */
    const steps: { partition: number; from: number | undefined }[] = [];
    const queue: number[] = [];
    const visit = (partition: number, travelled: number, from: number | undefined): void => {
      for (const broker of byLoad.keys()) {
        const total = travelled + cost.replica(partition, broker);
        if (held[partition]!.has(broker) || total >= distance[broker]!) continue;
        distance[broker] = total;
        steps[broker] = { partition, from };
        if (!queue.includes(broker)) queue.push(broker);
      }
    };
    visit(start, 0, undefined);
    for (let broker = queue.shift(); broker !== undefined; broker = queue.shift())
      for (const partition of holders[broker]!)
        visit(partition, distance[broker]! - cost.replica(partition, broker), broker);

    const price = (broker: number): number => distance[broker]! + cost.nthReplica(broker, holders[broker]!.size + 1);
    let to: number | undefined = [...byLoad.keys()].reduce((best, one) => (price(one) < price(best) ? one : best));
    while (to !== undefined) {
      const { partition, from }: { partition: number; from: number | undefined } = steps[to]!;
      held[partition]!.add(to);
      holders[to]!.add(partition);
      if (from !== undefined) {
        held[partition]!.delete(from);
        holders[from]!.delete(partition);
      }
      to = from;
    }
  };
  const most = Math.max(0, ...partitions.map(({ copies }) => copies));
  for (let copy = 1; copy <= most; copy++)
    for (const [partition, { copies }] of partitions.entries()) if (copies >= copy) addCopy(partition);
  return held.map((indexes) => [...indexes].sort((a, b) => a - b).map((index) => byLoad[index]!));
}

/**
 * Three costs in one number, so that the sum of a lesser one never outweighs a greater one: balance
 * before moves or moves before balance, by mode; then ties.
 */
function costs(partitions: PlacementInput['partitions'], byLoad: readonly number[], mode: PlacementInput['mode']) {
  const copies = partitions.reduce((sum, partition) => sum + partition.copies, 0);
  const above = copies * (byLoad.length + 1) + 1;
  const [moveCost, balanceCost] =
    mode === 'balance' ? [above, above * (copies + 1)] : [above * (copies * partitions.length + 1), above];
  return {
    /** Followers are moved or given up rather than leaders: clients notice less. */
    replica(partition: number, broker: number): number {
      const at = partitions[partition]!.replicas.indexOf(byLoad[broker]!);
      return at < 0 ? moveCost : Math.min(at, 1);
    },
    /** Each further replica on a broker costs more than the one before. */
    nthReplica: (broker: number, nth: number): number => nth * balanceCost + broker,
  };
}

/**
 * Reorders replicas, which moves no data, until no broker is the preferred leader of two partitions
 * more than another that could lead one of them.
 */
function spreadLeaders(partitions: number[][]): void {
  const led = new Map<number, number>();
  const ledBy = (broker: number): number => led.get(broker) ?? 0;
  for (const [leader] of partitions) led.set(leader!, ledBy(leader!) + 1);
  for (let path = handOvers(partitions, ledBy); path !== undefined; path = handOvers(partitions, ledBy))
    for (const { partition, to } of path) {
      const replicas = partitions[partition]!;
      const from = replicas[0]!;
      replicas[replicas.indexOf(to)] = from;
      replicas[0] = to;
      led.set(from, ledBy(from) - 1);
      led.set(to, ledBy(to) + 1);
    }
}

interface HandOver {
  readonly partition: number;
  /** The broker that leads the partition from now on. */
  readonly to: number;
}

/**
 * The shortest chain of hand-overs from a broker to one that leads at least two partitions fewer.
 */
function handOvers(partitions: readonly Replicas[], ledBy: (broker: number) => number): HandOver[] | undefined {
  const brokers = [...new Set(partitions.flat())].sort((a, b) => ledBy(b) - ledBy(a) || a - b);
  for (const start of brokers) {
    const seen = new Set([start]);
    let paths: { at: number; steps: HandOver[] }[] = [{ at: start, steps: [] }];
    while (paths.length > 0) {
      const longer: typeof paths = [];
      // The last partitions first: those that are new have no leader yet that would have to change.
      for (const { at, steps } of paths)
        for (const [partition, replicas] of [...partitions.entries()].reverse()) {
          if (replicas[0] !== at) continue;
          for (const to of replicas.slice(1)) {
            if (seen.has(to)) continue;
            seen.add(to);
            const path = [...steps, { partition, to }];
            if (ledBy(start) - ledBy(to) >= 2) return path;
            longer.push({ at: to, steps: path });
          }
        }
      paths = longer;
    }
  }
  return undefined;
}
