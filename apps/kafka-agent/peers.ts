// Connections to the broker beside the agent and to the others, each made once and used for all questions of a kind.
import { type Api, Connection } from './connection.ts';
import type { Metadata } from './requests.ts';

type Broker = Metadata['brokers'][number];

export class Peers {
  /** The broker beside the agent. */
  readonly own: Connection;
  readonly #broker: number;
  readonly #others = new Map<string, Connection>();
  #last: number | undefined;

  /** @param broker id of the broker that listens at `host` and `port` */
  constructor(broker: number, host: string, port: number) {
    this.own = new Connection(host, port);
    this.#broker = broker;
  }

  /** The connection to any broker, this one included. */
  to({ id, host, port }: Broker): Connection {
    if (id === this.#broker) return this.own;
    const address = `${host}:${port}`;
    const connection = this.#others.get(address) ?? new Connection(host, port);
    this.#others.set(address, connection);
    return connection;
  }

  /** What another broker answers: the one that answered last if it still does. Nothing when none does. */
  async another<Answer>(api: Api<undefined, Answer>, brokers: readonly Broker[]): Promise<Answer | undefined> {
    const others = brokers.filter(({ id }) => id !== this.#broker);
    for (const broker of others.sort((a, b) => Number(b.id === this.#last) - Number(a.id === this.#last))) {
      const answer = await this.to(broker)
        .ask(api, undefined)
        .catch(() => undefined);
      if (answer !== undefined) {
        this.#last = broker.id;
        return answer;
      }
    }
    return undefined;
  }

  close(): void {
    this.own.close();
    for (const connection of this.#others.values()) connection.close();
    this.#others.clear();
  }
}
