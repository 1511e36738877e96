// MongoDB's address in three forms: its own, for clients; host and port, for the gate; and through
// the gate.
import { LocalError } from './errors.ts';

const database = 'breakwater';

export interface MongoAddresses {
  /** MongoDB itself, past the gate. */
  direct: string;
  /** `host:port` that the gate connects to. */
  upstream: string;
  /** Through the gate, with the same credentials. */
  throughGate: string;
}

/** @throws LocalError where the address names several hosts: a gate serves one server */
export function mongoAddresses(url: string, gatePort: number): MongoAddresses {
  if (!/^mongodb:\/\/[^,]+$/.test(url) || !URL.canParse(url)) {
    throw new LocalError(
      'bad_arguments',
      'BREAKWATER_MONGO_URL must be mongodb://host:port, with one host: the gate serves one server',
    );
  }
  const direct = new URL(url);
  if (!direct.port) direct.port = '27017';
  if (direct.pathname.length <= 1) direct.pathname = `/${database}`;
  direct.searchParams.set('directConnection', 'true');
  const gate = new URL(direct);
  gate.host = `127.0.0.1:${gatePort}`;
  return { direct: direct.href, upstream: direct.host, throughGate: gate.href };
}
