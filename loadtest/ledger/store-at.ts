// The store at an address, for the ledger: past the gate, and with all that its client needs in the
// address.
import { createStore } from '../../apps/shared/store/create.ts';
import type { Store } from '../../apps/shared/store/store.ts';

/** Kinds of address, besides MongoDB's. */
export const STORE_PROTOCOLS = ['mysql', 'dynamodb'];

/**
 * Opens the store at `mongodb://host:port/database`, `mysql://user:password@host:port/database`
 * (over TLS unless it ends in `?tls=false`), `dynamodb://region/table`, or
 * `dynamodb://region/table?endpoint=URL` for a server that stands in for DynamoDB.
 */
export function storeAt(address: string): Promise<Store> {
  const url = new URL(address);
  const path = decodeURIComponent(url.pathname.slice(1));
  const client = { appName: 'loadtest' };
  switch (url.protocol) {
    case 'mysql:':
      return createStore(
        {
          STORE_KIND: 'mysql',
          MYSQL_URL: `mysql://${url.host}${url.pathname}`,
          MYSQL_USERNAME: decodeURIComponent(url.username),
          MYSQL_PASSWORD: decodeURIComponent(url.password),
          MYSQL_TLS: url.searchParams.get('tls') !== 'false',
        },
        client,
      );
    case 'dynamodb:':
      return createStore(
        {
          STORE_KIND: 'dynamodb',
          DYNAMODB_REGION: url.hostname,
          DYNAMODB_TABLE: path,
          DYNAMODB_ENDPOINT: url.searchParams.get('endpoint') ?? undefined,
        },
        client,
      );
    default:
      return createStore({ STORE_KIND: 'mongo', MONGO_URL: address }, client);
  }
}
