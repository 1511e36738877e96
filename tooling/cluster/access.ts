// Access to a stack that runs in a cluster, for as long as a command needs it.
import { NotReadyError } from '../errors.ts';
import { CommandError } from '../run.ts';
import { appSettings } from './app-settings.ts';
import { Kubectl } from './kubectl.ts';
import { apiNamespace, type StackOutputs } from './outputs.ts';
import { forwardPort } from './port-forward.ts';
import { Relay } from './relay.ts';

/** Port on which every app serves its metrics. */
export const METRICS_PORT = 9464;

/** A server of the stack that a command wants to reach. */
export type Part = 'store' | 'gate' | 'redis';

/** Where the parts of a stack are, as the load test takes them. */
export interface Addresses {
  readonly target: string;
  /** Name that the ingress knows the API by. */
  readonly host: string | undefined;
  /** Length of the payloads that the API makes. */
  readonly payloadChars: number;
  /** Largest body that the API takes, KiB. */
  readonly bodyLimitKiB: number;
  /**
   * The store itself, past the gate, with the database and the apps' credentials, as `storeAt` of
   * the load test takes it.
   */
  readonly storeUrl?: string;
  /** The gate's metrics server; absent where the store is not MongoDB, so that there is no gate. */
  readonly gateUrl?: string;
  readonly redisUrl?: string;
}

export interface Access {
  readonly kubectl: Kubectl;
  /** Of all apps but the API. */
  readonly namespace: string;
  /** Namespaces of the Deployments that an autoscaler may own, by name. */
  readonly autoscaled: Readonly<Record<string, string>>;
  readonly addresses: Addresses;
  /** Closes the ports; may be called twice. */
  close(): Promise<void>;
}

/**
 * Opens ports of this machine to the parts, with the passwords that the apps use.
 * @throws NotReadyError when a part is not there, or outside the cluster
 */
export async function openAccess(outputs: StackOutputs, parts: readonly Part[]): Promise<Access> {
  const kubectl = new Kubectl(outputs);
  const { namespace } = outputs;
  const forwards: { close(): Promise<void> }[] = [];
  const open = async (port: number, url: (server: string) => string, service: string): Promise<string> => {
    const forward = await forwardPort(kubectl, namespace, `service/${service}`, port);
    forwards.push(forward);
    return url(`127.0.0.1:${forward.port}`);
  };
  const close = async (): Promise<void> => {
    await Promise.all(forwards.splice(0).map((forward) => forward.close()));
  };
  try {
    const [api, consumer] = await Promise.all([
      appSettings(kubectl, apiNamespace(outputs), 'api'),
      appSettings(kubectl, namespace, 'consumer'),
    ]);
    const isMongo = consumer.STORE_KIND === 'mongo';
    const openStore = async (): Promise<string> => {
      if (isMongo) return open(27_017, (server) => withServer(consumer.MONGO_URL ?? '', server, consumer), 'mongo');
      if (consumer.STORE_KIND === 'dynamodb') return dynamoDbUrl(consumer);
      const { hostname, port } = new URL(consumer.MYSQL_URL!);
      const target = { namespace: apiNamespace(outputs), pod: 'deployment/api' };
      const relay = await Relay.open(kubectl, { ...target, host: hostname, port: Number(port || 3306) });
      forwards.push(relay);
      return mySqlUrl(consumer, relay.port);
    };
    const redis = (server: string) => `redis://${credentials(undefined, consumer.REDIS_PASSWORD)}${server}`;
    const [storeUrl, gateUrl, redisUrl] = await Promise.all([
      parts.includes('store') ? openStore() : undefined,
      parts.includes('gate') && isMongo ? open(METRICS_PORT, (server) => `http://${server}`, 'gate-pods') : undefined,
      parts.includes('redis') ? open(6379, redis, 'redis') : undefined,
    ]);
    return {
      kubectl,
      namespace,
      autoscaled: { api: apiNamespace(outputs), consumer: namespace },
      addresses: {
        target: outputs.apiUrl,
        host: outputs.apiHost,
        payloadChars: Number(api.PAYLOAD_CHARS),
        bodyLimitKiB: Number(api.API_BODY_LIMIT_KIB),
        ...(storeUrl !== undefined && { storeUrl }),
        ...(gateUrl !== undefined && { gateUrl }),
        ...(redisUrl !== undefined && { redisUrl }),
      },
      close,
    };
  } catch (error) {
    await close();
    if (!(error instanceof CommandError)) throw error;
    throw new NotReadyError(
      `the stack is not reachable with the context ${outputs.context} of ${outputs.kubeconfigPath}:\n${error.message}\nName a server that is outside the cluster yourself: --mongo URL, --gate none, --redis URL.`,
      { cause: error },
    );
  }
}

const credentials = (username: string | undefined, password: string | undefined): string =>
  password === undefined ? '' : `${encodeURIComponent(username ?? '')}:${encodeURIComponent(password)}@`;

/**
 * The apps' MongoDB address (which leads to the gate) with another server and with the apps'
 * credentials.
 */
export function withServer(url: string, server: string, { MONGO_USERNAME, MONGO_PASSWORD }: Settings): string {
  const [, path = ''] = /^mongodb:\/\/[^/]+(\/.*)?$/.exec(url) ?? [];
  return `mongodb://${credentials(MONGO_USERNAME, MONGO_PASSWORD)}${server}${path}`;
}

type Settings = Readonly<Record<string, string | undefined>>;

/** The apps' MySQL through a port of this machine. Its certificate is checked for its own name. */
function mySqlUrl(settings: Settings, viaPort: number): string {
  const url = new URL(settings.MYSQL_URL!);
  url.username = encodeURIComponent(settings.MYSQL_USERNAME ?? '');
  url.password = encodeURIComponent(settings.MYSQL_PASSWORD ?? '');
  url.search = new URLSearchParams({ tls: settings.MYSQL_TLS ?? 'true', viaPort: String(viaPort) }).toString();
  return url.href;
}

/** The apps' table, which this machine reaches with its own credentials. */
function dynamoDbUrl({ DYNAMODB_REGION, DYNAMODB_TABLE, DYNAMODB_ENDPOINT: endpoint }: Settings): string {
  const url = `dynamodb://${DYNAMODB_REGION}/${DYNAMODB_TABLE}`;
  return endpoint === undefined ? url : `${url}?${new URLSearchParams({ endpoint })}`;
}
