// A port of this machine that leads to a service in the cluster, and is opened again when the pod
// behind it is replaced.
import { waitFor } from '../poll.ts';
import type { Kubectl } from './kubectl.ts';

const RETRY_MS = 300;
const START_MS = 20_000;

/** The local port in what kubectl printed; undefined where it has not printed one. */
export const forwardedPort = (printed: string): number | undefined => {
  const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) ->/m.exec(printed) ?? [];
  return port === undefined ? undefined : Number(port);
};

/** One run of `kubectl port-forward`. */
interface Tunnel {
  readonly port: number;
  /** Resolves when it ends, however it does. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** @param localPort 0 for any free one */
type OpenTunnel = (localPort: number) => Promise<Tunnel>;

export class PortForward {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly #open: OpenTunnel;
  readonly #closing = new AbortController();
  readonly #kept: Promise<void>;
  #tunnel: Tunnel;

  constructor(first: Tunnel, open: OpenTunnel) {
    this.port = first.port;
    this.#tunnel = first;
    this.#open = open;
    this.#kept = this.#keep();
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#tunnel.stop();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closing;
    const again = { within: Number.POSITIVE_INFINITY, everyMs: RETRY_MS, signal };
    while (!signal.aborted) {
      await this.#tunnel.ended;
      this.#tunnel = await waitFor('kubectl forwards the port', () => this.#open(this.port), again).catch(
        () => this.#tunnel, // closed meanwhile
      );
    }
    this.#tunnel.stop();
    await this.#tunnel.ended;
  }
}

/**
 * @param target such as `service/mongo`
 * @throws CommandError when the first connection cannot be made
 */
export async function forwardPort(
  kubectl: Kubectl,
  namespace: string,
  target: string,
  port: number,
): Promise<PortForward> {
  const open: OpenTunnel = (localPort) => openTunnel(kubectl, namespace, target, `${localPort || ''}:${port}`);
  return new PortForward(await open(0), open);
}

function openTunnel(kubectl: Kubectl, namespace: string, target: string, ports: string): Promise<Tunnel> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const timer = setTimeout(stop, START_MS);
  return new Promise<Tunnel>((resolve, reject) => {
    let printed = '';
    let opened = false;
    const running = kubectl.text(['port-forward', '--namespace', namespace, '--address', '127.0.0.1', target, ports], {
      signal: stopping.signal,
      onOutput(text) {
        if (opened) return;
        printed += text;
        const port = forwardedPort(printed);
        if (port === undefined) return;
        opened = true;
        resolve({ port, ended, stop });
      },
    });
    const ended = running.then(
      () => reject(new Error(`kubectl port-forward ${target} ended`)),
      reject, // without effect where the port was open before
    );
  }).finally(() => clearTimeout(timer));
}
