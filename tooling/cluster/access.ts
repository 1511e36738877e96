// Access to a stack that runs in a cluster, for as long as a command needs it.
import { NotReadyError } from '../errors.ts';
import { CommandError } from '../run.ts';
import { appSettings } from './app-settings.ts';
import { Kubectl } from './kubectl.ts';
import { apiNamespace, type StackOutputs } from './outputs.ts';
import { forwardPort, type PortForward } from './port-forward.ts';

/** Port on which every app serves its metrics. */
export const METRICS_PORT = 9464;

/** A server of the stack that a command wants to reach. */
export type Part = 'mongo' | 'gate' | 'redis';

/** Where the parts of a stack are, as the load test takes them. */
export interface Addresses {
  readonly target: string;
  /** Name that the ingress knows the API by. */
  readonly host: string | undefined;
  /** Length of the payloads that the API makes. */
  readonly payloadChars: number;
  /** Largest body that the API takes, KiB. */
  readonly bodyLimitKiB: number;
  /** MongoDB itself, past the gate, with the database and the apps' credentials. */
  readonly mongoUrl?: string;
  /** The gate's metrics server. */
  readonly gateUrl?: string;
  readonly redisUrl?: string;
}

export interface Access {
  readonly kubectl: Kubectl;
  /** Of all apps but the API. */
  readonly namespace: string;
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
  const forwards: PortForward[] = [];
  const open = async (
    part: Part,
    port: number,
    url: (server: string) => string,
    service: string = part,
  ): Promise<string | undefined> => {
    if (!parts.includes(part)) return undefined;
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
    const [mongoUrl, gateUrl, redisUrl] = await Promise.all([
      open('mongo', 27_017, (server) => withServer(consumer.MONGO_URL ?? '', server, consumer)),
      open('gate', METRICS_PORT, (server) => `http://${server}`, 'gate-pods'),
      open('redis', 6379, (server) => `redis://${credentials(undefined, consumer.REDIS_PASSWORD)}${server}`),
    ]);
    return {
      kubectl,
      namespace,
      addresses: {
        target: outputs.apiUrl,
        host: outputs.apiHost,
        payloadChars: Number(api.PAYLOAD_CHARS),
        bodyLimitKiB: Number(api.API_BODY_LIMIT_KIB),
        ...(mongoUrl !== undefined && { mongoUrl }),
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
export function withServer(
  url: string,
  server: string,
  { MONGO_USERNAME, MONGO_PASSWORD }: Readonly<Record<string, string | undefined>>,
): string {
  const [, path = ''] = /^mongodb:\/\/[^/]+(\/.*)?$/.exec(url) ?? [];
  return `mongodb://${credentials(MONGO_USERNAME, MONGO_PASSWORD)}${server}${path}`;
}
