// Decides when a broker is ready and when it may stop, from the view of the cluster and not only
// from that of the broker.
import type { Metadata, Partition, Quorum, QuorumReplica } from './requests.ts';

/** The last observation of the agent. What it could not read is absent. */
export interface View {
  /** The broker's own view. */
  readonly own?: Metadata;
  /** The view of another broker. */
  readonly other?: Metadata;
  readonly quorum?: Quorum;
}

/** Maximum lag of an up-to-date copy of the metadata. Copies are fetched twice a second. */
const FRESH_MS = 5_000;
/** Maximum number of partitions to name. Further ones are counted. */
const NAMED = 5;

const nameOf = ({ topic, partition }: Partition): string => `${topic}-${partition}`;

const listed = (partitions: readonly Partition[]): string => {
  const more = partitions.length - NAMED;
  return partitions.slice(0, NAMED).map(nameOf).join(', ') + (more > 0 ? ` and ${more} more` : '');
};

const isFresh = (quorum: Quorum, { caughtUpAt }: QuorumReplica): boolean => {
  const leader = quorum.voters.find(({ id }) => id === quorum.leader);
  return leader !== undefined && leader.caughtUpAt - caughtUpAt < FRESH_MS;
};

/** Controllers that have caught up with their leader, including the leader. */
export const freshVoters = (quorum: Quorum): readonly number[] =>
  quorum.voters.filter((voter) => isFresh(quorum, voter)).map(({ id }) => id);

/** Replicas of the broker that are not in sync. */
export const behind = (broker: number, { partitions }: Metadata): readonly Partition[] =>
  partitions.filter(({ replicas, isr }) => replicas.includes(broker) && !isr.includes(broker));

function missing(broker: number, metadata: Metadata): string | undefined {
  if (!metadata.brokers.some(({ id }) => id === broker)) return 'the broker is not registered';
  const late = behind(broker, metadata);
  return late.length === 0 ? undefined : `${late.length} replicas are not in sync: ${listed(late)}`;
}

/**
 * Why a broker is not ready; empty if it is. It is ready when the next broker can be stopped
 * without a loss of copies: it is registered, and all replicas that it holds are in sync. The state
 * of other brokers does not matter: a broker without replicas is ready at once, and one that is
 * down or hangs does not make the others unready.
 */
export function notReady(broker: number, { own, other }: View): readonly string[] {
  if (own === undefined) return ['the broker does not answer'];
  // The broker's own view is not enough: if it is cut off from the controllers, its view is old.
  if (other === undefined && own.brokers.some(({ id }) => id !== broker)) return ['no other broker answers'];
  const reason = missing(broker, own) ?? (other && missing(broker, other));
  return reason === undefined ? [] : [reason];
}

/**
 * Why a broker should not stop yet; empty if it may. The others must keep at least half of the
 * copies in sync (2 of 3, 3 of 5), and the controllers their majority. A broker that does not
 * answer has nothing to wait for.
 */
export function notStoppable(broker: number, { own, quorum }: View): readonly string[] {
  if (own === undefined) return [];
  const alone = own.partitions.filter(({ replicas, isr }) => {
    const needed = Math.min(Math.ceil(replicas.length / 2), replicas.length - 1);
    return isr.includes(broker) && isr.length - 1 < needed;
  });
  const reasons = alone.length === 0 ? [] : [`too few other brokers are in sync for ${listed(alone)}`];
  if (quorum === undefined) return [...reasons, 'no controller answers'];
  const others = freshVoters(quorum).filter((id) => id !== broker).length;
  const isVoter = quorum.voters.some(({ id }) => id === broker);
  if (isVoter && quorum.voters.length > 1 && others <= quorum.voters.length / 2)
    reasons.push(`the controllers would lose their majority: ${others} of ${quorum.voters.length} would be left`);
  return reasons;
}
