// A Kafka with two listeners: one without a password, and one with the login of the cluster's.
import type { KafkaOptions } from '../local/servers/kafka.ts';

/** The one user that the second listener knows. */
export const KAFKA_LOGIN = { username: 'breakwater', password: 'secret' };

/** Options of `useKafka`. @param sasl port of the listener that asks for the login */
export const withLogin = (plain: number, sasl: number, controller: number): Partial<KafkaOptions> => ({
  port: plain,
  settings: {
    listeners: `PLAINTEXT://127.0.0.1:${plain},CLIENTS://127.0.0.1:${sasl},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${plain},CLIENTS://127.0.0.1:${sasl}`,
    'controller.quorum.voters': `0@127.0.0.1:${controller}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,CLIENTS:SASL_PLAINTEXT',
    'listener.name.clients.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.clients.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `user_${KAFKA_LOGIN.username}="${KAFKA_LOGIN.password}";`,
  },
});
