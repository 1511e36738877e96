// The ports of a broker and the name that all brokers share, in one place: settings, services, addresses and network policies go
// by them.

/** Name of the headless service that gives each broker a name of its own. */
export const BROKERS_SERVICE = 'kafka-brokers';

/** For clients: SASL_PLAINTEXT with PLAIN. */
export const CLIENT_PORT = 9092;
/** For the other brokers and the agent beside the broker. No password: the network policy lets nobody else in. */
export const BROKER_PORT = 9093;
/** For the controllers' votes, and for the brokers that ask them. Brokers only, as above. */
export const CONTROLLER_PORT = 9094;
/** Where the web UI listens. */
export const KAFKA_UI_PORT = 8080;
