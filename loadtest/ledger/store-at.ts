// The store at an address, for the ledger: past the gate, and with all that its client needs in the
// address.
import { createStore } from '../../apps/shared/store/create.ts';
import type { Store } from '../../apps/shared/store/store.ts';

/** Kinds of address, besides MongoDB's. */
export const STORE_PROTOCOLS = ['mysql', 'dynamodb'] as const;

/** The same address, with our database where it names none. */
export function withDatabase(mongoUrl: string): string {
  const [, server, database, options = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(\?.*)?$/.exec(mongoUrl) ?? [];
  if (server === undefined)
    throw new TypeError(`"${mongoUrl}" is no MongoDB address; it looks like mongodb://127.0.0.1:27017`);
  return `${server}/${database || 'breakwater'}${options}`;
}

/**
 * Opens the store at
 *
 *     mongodb://host:port/database
 *     mysql://user:password@host:port/database       over TLS, unless it has ?tls=false;
 *                                                    through a port of this machine with ?viaPort=
 *     dynamodb://region/table                        with the credentials of the environment;
 *                                                    ?endpoint=URL: of an emulator
 *
 * @throws TypeError when the address is none of these
 */
export async function storeAt(address: string): Promise<Store> {
  const client = { appName: 'loadtest' };
  const protocol = STORE_PROTOCOLS.find((one) => address.startsWith(`${one}:`));
  // Node takes no address of several servers for a URL.
  if (protocol === undefined) return createStore({ STORE_KIND: 'mongo', MONGO_URL: withDatabase(address) }, client);
  const { host, hostname, username, password, pathname, searchParams } = new URL(address);
  if (protocol === 'dynamodb') {
    const DYNAMODB_ENDPOINT = searchParams.get('endpoint') ?? undefined;
    const DYNAMODB_TABLE = decodeURIComponent(pathname.slice(1));
    return createStore({ STORE_KIND: protocol, DYNAMODB_REGION: hostname, DYNAMODB_TABLE, DYNAMODB_ENDPOINT }, client);
  }
  const { MySqlStore } = await import('../../apps/shared/store/mysql/store.ts');
  return new MySqlStore({
    url: `mysql://${host}${pathname}`,
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    tls: searchParams.get('tls') !== 'false',
    maxConnections: 1,
    viaPort: Number(searchParams.get('viaPort')) || undefined,
  });
}
