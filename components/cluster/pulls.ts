// What the nodes of a cluster pull, in words, from the events of its pods. During a first `up` on a
// slow line, Pulumi shows for minutes only that pods are not ready.

/** An event of a pod, as kubectl prints it. */
export interface PodEvent {
  readonly reason: string;
  readonly message: string;
  /** Time of the last occurrence, ISO 8601. */
  readonly lastTimestamp?: string | null;
  readonly source?: { readonly host?: string };
}

/** What is said about pulls. */
export interface PullReport {
  /** What is under way and how much is done, in one line; empty where nothing has been pulled. */
  readonly progress: string;
  /** One line for each image that a node could not pull, and has not pulled since. */
  readonly failures: readonly string[];
}

/** What an event says about an image: `pulling`, `pulled`, or why a pull failed. */
function readEvent({ reason, message }: PodEvent): { readonly image: string; readonly state: string } | undefined {
  const image = /^(?:Pulling|Successfully pulled|Failed to pull) image "([^"]+)"/.exec(message)?.[1];
  if (image === undefined) return undefined;
  if (reason === 'Pulling') return { image, state: 'pulling' };
  if (reason === 'Pulled') return { image, state: 'pulled' };
  return { image, state: message.slice(message.indexOf('": ') + 3) };
}

/** `apache/kafka:4.3.1`, without the digest. */
const shortName = (image: string): string => image.replace(/@sha256:.*$/, '');

/** @param events of pods, in any order */
export function describePulls(events: readonly PodEvent[], now: Date): PullReport {
  const states = new Map<string, { image: string; node: string; state: string; since: number }>();
  const sorted = [...events].sort((a, b) => (a.lastTimestamp ?? '').localeCompare(b.lastTimestamp ?? ''));
  for (const event of sorted) {
    const read = readEvent(event);
    const node = event.source?.host ?? 'a node';
    if (read) states.set(`${node} ${read.image}`, { ...read, node, since: Date.parse(event.lastTimestamp ?? '') });
  }
  const all = [...states.values()];
  const pulling = all.filter(({ state }) => state === 'pulling');
  const lines = [...new Set(pulling.map(({ image }) => image))].map((image) => {
    const pulls = pulling.filter((pull) => pull.image === image);
    const seconds = Math.max(...pulls.map(({ since }) => Math.round((now.getTime() - since) / 1000)));
    return `${shortName(image)} on ${pulls.map(({ node }) => node).join(', ')}${seconds > 0 ? ` (${seconds} s)` : ''}`;
  });
  const pulled = all.filter(({ state }) => state === 'pulled').length;
  return {
    progress: all.length === 0 ? '' : `Images: ${pulled} pulled; pulling ${lines.join('; ') || 'none'}`,
    failures: all
      .filter(({ state }) => state !== 'pulling' && state !== 'pulled')
      .map(({ image, node, state }) => `${node} cannot pull ${shortName(image)}, and tries again: ${state}`),
  };
}
