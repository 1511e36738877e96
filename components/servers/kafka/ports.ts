// Kafka's ports and host name, for its settings, Services, addresses and network policies.

/** Name of the headless Service that gives each broker a host name. */
export const BROKERS_SERVICE = 'kafka-brokers';

/** For clients: SASL_PLAINTEXT with PLAIN. */
export const CLIENT_PORT = 9092;
/** For brokers and the agent of each. No authentication: the network policy admits brokers only. */
export const BROKER_PORT = 9093;
/** For the controllers' quorum and the brokers that query it. Brokers only, as above. */
export const CONTROLLER_PORT = 9094;
/** For clients outside the cluster (`kafka:nodePort`): log in as at `CLIENT_PORT`. */
export const EXTERNAL_PORT = 9095;
/** Port of the web UI. */
export const KAFKA_UI_PORT = 8080;
