// Where the processes of a component are: addresses as they are given, or a name that stands for all of its addresses (a
// headless service has those of all pods), asked again and again, as pods come and go.
import { lookup as dnsLookup } from 'node:dns/promises';

/** Resolves a name to all of its addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true, verbatim: true })).map(({ address }) => address);

/** Nobody is there: the name exists without an address, or not at all. A service without pods looks like this. */
const NOBODY = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

/** What was found, and the names that could not be looked up. */
export interface Found {
  /** `host:port` of each process. */
  readonly addresses: readonly string[];
  /** Why a name could not be looked up; undefined when all could. */
  readonly trouble: string | undefined;
}

/** @param targets `host:port` each */
export async function findTargets(targets: readonly string[], lookup: Lookup): Promise<Found> {
  const results = await Promise.all(targets.map((target) => find(target, lookup)));
  const troubles = results.flatMap(({ trouble }) => trouble ?? []);
  return {
    addresses: [...new Set(results.flatMap(({ addresses }) => addresses))],
    trouble: troubles.length > 0 ? troubles.join('; ') : undefined,
  };
}

async function find(target: string, lookup: Lookup): Promise<Found> {
  const [, host, port] = /^(.+):(\d+)$/.exec(target)!;
  if (isAddress(host!)) return { addresses: [target], trouble: undefined };
  try {
    const addresses = await lookup(host!);
    return {
      addresses: addresses.map((address) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
      trouble: undefined,
    };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { addresses: [], trouble: NOBODY.has(code) ? undefined : `${host} could not be looked up (${code})` };
  }
}

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith('[');
