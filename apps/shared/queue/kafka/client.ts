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
  /** Whether the connection is encrypted and the brokers' certificate checked. Default false. */
  tls?: boolean | undefined;
}

/** The settings that make an address. */
export interface KafkaSettings {
  KAFKA_USERNAME?: string | undefined;
  KAFKA_PASSWORD?: string | undefined;
  KAFKA_SASL_MECHANISM?: KafkaAddress['mechanism'];
  KAFKA_TLS?: boolean | undefined;
}

/** The address that an app's settings name. */
export const kafkaAddress = (brokers: readonly string[], settings: KafkaSettings): KafkaAddress => ({
  brokers,
  username: settings.KAFKA_USERNAME,
  password: settings.KAFKA_PASSWORD,
  mechanism: settings.KAFKA_SASL_MECHANISM,
  tls: settings.KAFKA_TLS,
});

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
    // The name is sent along: managed brokers tell by it which of them is meant.
    ...(address.tls ? { tls: {}, tlsServerName: true } : {}),
    ...(username !== undefined && password !== undefined
      ? { sasl: { mechanism: address.mechanism ?? 'PLAIN', username, password } }
      : {}),
  };
}
