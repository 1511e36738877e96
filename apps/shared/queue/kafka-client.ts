// What all connections to Kafka have in common: addresses, credentials, patience.
import type { BaseOptions } from '@platformatic/kafka';

export interface KafkaAddress {
  /** host:port of the brokers to begin with. */
  brokers: readonly string[];
  /** Both or none. */
  username?: string | undefined;
  password?: string | undefined;
  /** How the password is checked. Default PLAIN. */
  mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | undefined;
}

/** Options of any client. @param role shown in the brokers' logs and group listings */
export function clientOptions(address: KafkaAddress, role: string): BaseOptions {
  const { username, password } = address;
  return {
    clientId: `breakwater-${role}`,
    bootstrapBrokers: [...address.brokers],
    connectTimeout: 3_000,
    requestTimeout: 5_000,
    timeout: 4_000,
    autocreateTopics: false,
    ...(username !== undefined && password !== undefined
      ? { sasl: { mechanism: address.mechanism ?? 'PLAIN', username, password } }
      : {}),
  };
}
