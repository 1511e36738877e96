// When a broker counts as ready, and when it may stop: from what the cluster knows, not from what the broker thinks of itself.
import type { Metadata, Partition, Quorum, QuorumReplica } from './requests.ts';

/** What the agent saw when it last looked; what nobody answered is absent. */
export interface View {
  /** As the broker itself knows it. */
  readonly own?: Metadata;
  /** As another broker knows it. */
  readonly other?: Metadata;
  readonly quorum?: Quorum;
}

/** A copy of the metadata this far behind the leader's is old. It fetches twice a second. */
const FRESH_MS = 5_000;
/** Partitions that are named; further ones are counted. */
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

/** Controllers that are as far as their leader, the leader included. */
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
 * Why a broker is not ready; empty when it is. It is ready when the next one can be stopped without a write losing a copy: it
 * is registered, and every replica that it holds is in sync. What others lack is not its fault: a broker without replicas
 * is ready at once, and one that is down or hangs keeps none of the others from it.
 */
export function notReady(broker: number, { own, other }: View): readonly string[] {
  if (own === undefined) return ['the broker does not answer'];
  // Its own word is not enough: a broker that is cut off from the controllers believes what was. The others know.
  if (other === undefined && own.brokers.some(({ id }) => id !== broker)) return ['no other broker answers'];
  const reason = missing(broker, own) ?? (other && missing(broker, other));
  return reason === undefined ? [] : [reason];
}

/**
 * Why a broker should not stop yet; empty when it may. Others must keep at least half of the copies in sync (2 of 3, 3 of 5),
 * and the controllers their majority. A broker that does not answer has nothing to wait for.
 */
export function notStoppable(broker: number, { own, quorum }: View): readonly string[] {
  if (own === undefined) return [];
  const alone = own.partitions.filter(({ replicas, isr }) => {
    const needed = Math.min(Math.ceil(replicas.length / 2), replicas.length - 1);
    return isr.includes(broker) && isr.length - 1 < needed;
  });
  const reasons = alone.length === 0 ? [] : [`too few others are in sync for ${listed(alone)}`];
  if (quorum === undefined) return [...reasons, 'no controller answers'];
  const others = freshVoters(quorum).filter((id) => id !== broker).length;
  const isVoter = quorum.voters.some(({ id }) => id === broker);
  if (isVoter && quorum.voters.length > 1 && others <= quorum.voters.length / 2)
    reasons.push(`the controllers would lose their majority: ${others} of ${quorum.voters.length} would be left`);
  return reasons;
}
