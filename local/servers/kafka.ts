// Kafka for the local run: real brokers in KRaft mode, as many as asked, one Java process each.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../tooling/poll.ts';
import { claimPort, freePort, freePorts } from '../../tooling/ports.ts';
import { type Exit, GuardedProcess } from '../../tooling/process/guarded.ts';
import { kafkaVariable } from '../install/kafka.ts';
import { type KafkaProgram, kafkaProgram } from './kafka-program.ts';
import { brokerSettings, formatProperties, votersFor } from './kafka-settings.ts';
import { liveBrokers } from './kafka-wire.ts';
import { foreignServer, type RunningServer, type ServerOptions } from './server.ts';

export interface KafkaOptions extends ServerOptions {
  /** How many brokers. A cluster that has had more keeps them. @default 1 */
  readonly brokers?: number;
  /** Java heap of each broker, in MiB. @default 384 */
  readonly heapMiB?: number;
  /** Further options of each broker's Java. @default none */
  readonly javaOptions?: readonly string[];
  /** Settings by name that replace or add to ours, for each broker. @default none */
  readonly settings?: Readonly<Record<string, string>> | ((nodeId: number) => Readonly<Record<string, string>>);
}

/** One broker of the cluster: a process that may be stopped and started again. */
export class Broker {
  readonly nodeId: number;
  readonly port: number;
  /** Where its logs are: a folder for each partition. */
  readonly dataDir: string;
  readonly #process: GuardedProcess;

  constructor(nodeId: number, port: number, dataDir: string, process: GuardedProcess) {
    this.nodeId = nodeId;
    this.port = port;
    this.dataDir = dataDir;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  get exited(): Promise<Exit> {
    return this.#process.exited;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }

  /**
   * Waits until it answers and knows of as many live brokers as there are.
   *
   * @throws ProcessFailedError
   */
  untilReady(brokers: number): Promise<void> {
    return this.#process.untilReady(async () => (await liveBrokers(this.port)) >= brokers, START_MS);
  }
}

export interface RunningKafka extends RunningServer {
  /** By node id; one that died stays listed until it is started again. */
  readonly brokers: readonly Broker[];
  /** Starts one more broker, as a newcomer without partitions. */
  addBroker(): Promise<Broker>;
  /** Starts a broker again that was killed or stopped, on its port and over its data. */
  startBroker(nodeId: number): Promise<Broker>;
}

const START_MS = 60_000;
/** Enough for a broker to close its logs; see `stop` for what it would wait for besides. */
const GRACE_MS = 8_000;

/**
 * Starts a Kafka cluster, or uses the one that the environment names. `port` is the first broker's,
 * the next ones follow it.
 *
 * @throws ServerUnavailableError without Java 17 or Maven; PortTakenError; ProcessFailedError
 */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const given = options.env?.[kafkaVariable];
  if (given) {
    const refuse = async () => {
      throw new Error(`the brokers at ${given} are not ours to start`);
    };
    return {
      ...foreignServer('Kafka', given, kafkaVariable),
      brokers: [],
      addBroker: refuse,
      startBroker: refuse,
    };
  }
  const program = await kafkaProgram(options);
  const cluster = new Cluster(options, program, await clusterState(options.dataDir, options.brokers ?? 1));
  await cluster.start();
  return cluster;
}

/**
 * What stays the same from the first start on. Changing the voters of a cluster can lose its data.
 */
interface ClusterState {
  clusterId: string;
  voters: number;
  brokers: number;
  /** Last ports of the brokers, by node id; used again if they are still free. */
  ports: number[];
}

async function clusterState(dataDir: string, wanted: number): Promise<ClusterState> {
  const file = join(dataDir, 'cluster.json');
  await mkdir(dataDir, { recursive: true });
  const kept: ClusterState | undefined = existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : undefined;
  const state = {
    clusterId: kept?.clusterId ?? uuid(),
    voters: kept?.voters ?? votersFor(wanted),
    brokers: Math.max(kept?.brokers ?? 0, wanted),
    ports: kept?.ports ?? [],
  };
  await saveState(dataDir, state);
  return state;
}

async function saveState(dataDir: string, state: ClusterState): Promise<void> {
  await writeFile(join(dataDir, 'cluster.json'), JSON.stringify(state));
}

class Cluster implements RunningKafka {
  readonly name = 'Kafka';
  readonly origin: string;
  readonly exited: Promise<Exit>;
  readonly #options: KafkaOptions;
  readonly #program: KafkaProgram;
  readonly #state: ClusterState;
  readonly #brokers: Broker[] = [];
  #controllerPorts: readonly number[] = [];
  #settleExited: (exit: Exit) => void = () => {};

  constructor(options: KafkaOptions, program: KafkaProgram, state: ClusterState) {
    this.#options = options;
    this.#program = program;
    this.#state = state;
    this.origin = `${program.origin}; ${state.brokers} ${state.brokers === 1 ? 'broker' : 'brokers'}`;
    this.exited = new Promise((resolve) => {
      this.#settleExited = resolve;
    });
  }

  async start(): Promise<void> {
    const { voters, brokers } = this.#state;
    const spare = await freePorts(voters + brokers);
    this.#controllerPorts = spare.splice(0, voters);
    this.#state.ports = await Promise.all(spare.map((port, id) => this.#choosePort(id, port)));
    await saveState(this.#options.dataDir, this.#state);
    const launched = await Promise.all(this.#state.ports.map((port, nodeId) => this.#launch(nodeId, port)));
    await Promise.all(launched.map((broker) => this.#untilReady(broker, brokers)));
  }

  /** The port that was asked for, else the broker's last one if it is free, else `spare`. */
  async #choosePort(nodeId: number, spare: number): Promise<number> {
    const { port } = this.#options;
    if (port) return claimPort(port + nodeId, `Kafka broker ${nodeId}`);
    return claimPort(this.#state.ports[nodeId] ?? spare, `Kafka broker ${nodeId}`).catch(() => spare);
  }

  get brokers(): readonly Broker[] {
    return this.#brokers;
  }

  get url(): string {
    return this.#brokers.map((broker) => `127.0.0.1:${broker.port}`).join(',');
  }

  get pid(): number {
    return this.#brokers[0]?.pid ?? 0;
  }

  async addBroker(): Promise<Broker> {
    const nodeId = this.#brokers.length;
    const port = await this.#choosePort(nodeId, await freePort());
    this.#state.brokers = nodeId + 1;
    this.#state.ports[nodeId] = port;
    await saveState(this.#options.dataDir, this.#state);
    return this.#untilReady(await this.#launch(nodeId, port));
  }

  async startBroker(nodeId: number): Promise<Broker> {
    const old = this.#brokers[nodeId];
    if (!old) throw new RangeError(`there is no broker ${nodeId}; addBroker makes one`);
    await old.stop();
    return this.#untilReady(await this.#launch(nodeId, old.port));
  }

  kill(signal: NodeJS.Signals): void {
    for (const broker of this.#brokers) broker.kill(signal);
  }

  /**
   * Stops all brokers. One that has closed its logs is killed: as a voter it would spend 5 seconds
   * looking for a successor among brokers that stop too.
   */
  async stop(): Promise<void> {
    await Promise.all(
      this.#brokers.map(async (broker) => {
        const stopped = broker.stop();
        const ended = new AbortController();
        void stopped.then(() => ended.abort());
        const mark = join(broker.dataDir, '.kafka_cleanshutdown');
        const closed = { within: Number.POSITIVE_INFINITY, everyMs: 50, signal: ended.signal };
        await waitFor('its logs are closed', () => existsSync(mark), closed).catch(() => undefined); // it has ended
        broker.kill('SIGKILL');
        await stopped;
      }),
    );
  }

  /** How many brokers run now. */
  #running(): number {
    return this.#brokers.filter(({ running }) => running).length;
  }

  async #launch(nodeId: number, port: number): Promise<Broker> {
    const folder = join(this.#options.dataDir, `broker-${nodeId}`);
    const dataDir = join(folder, 'data');
    await formatStorage(dataDir, nodeId, this.#state.clusterId, this.#program.bootstrapFile);
    const { settings: more } = this.#options;
    const settings = brokerSettings({
      nodeId,
      port,
      controllerPorts: this.#controllerPorts,
      brokers: this.#state.brokers,
      dataDir,
      ...(more && { overrides: typeof more === 'function' ? more(nodeId) : more }),
    });
    const settingsFile = join(folder, 'server.properties');
    await writeFile(settingsFile, formatProperties(settings));
    const [command, ...args] = this.#program.command(
      settingsFile,
      this.#options.heapMiB ?? 384,
      this.#options.javaOptions,
    );
    const process = new GuardedProcess({
      name: `Kafka broker ${nodeId}`,
      command: command!,
      args,
      logFile: join(folder, 'kafka.log'),
      graceMs: GRACE_MS,
    });
    const broker = new Broker(nodeId, port, dataDir, process);
    this.#brokers[nodeId] = broker;
    void broker.exited.then((exit) => {
      if (this.#running() === 0) this.#settleExited(exit);
    });
    return broker;
  }

  /** Without one of its brokers the cluster is stopped. @param brokers how many it must know of */
  async #untilReady(broker: Broker, brokers = this.#running()): Promise<Broker> {
    try {
      await broker.untilReady(brokers);
      return broker;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

/**
 * What `kafka-storage.sh format` writes; the metadata comes from a directory that it did format
 * (see kafka-program.ts).
 */
async function formatStorage(dataDir: string, nodeId: number, clusterId: string, bootstrapFile: string): Promise<void> {
  const file = join(dataDir, 'meta.properties');
  if (existsSync(file)) return;
  await mkdir(dataDir, { recursive: true });
  await copyFile(bootstrapFile, join(dataDir, 'bootstrap.checkpoint'));
  const properties = { version: '1', 'cluster.id': clusterId, 'node.id': String(nodeId), 'directory.id': uuid() };
  await writeFile(file, formatProperties(properties));
}

/**
 * A random id in Kafka's form: 16 bytes in URL-safe base64, not starting with a dash (tools take
 * that for an option).
 */
function uuid(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? uuid() : id;
}
