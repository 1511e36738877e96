// Probes: how the kubelet asks a container whether it has started, takes requests, and still works.
import type * as k8s from '@pulumi/kubernetes';

type Probe = k8s.types.input.core.v1.Probe;

/** Rhythm of a probe. */
export interface ProbeTiming {
  readonly periodSeconds: number;
  /** Consecutive failures after which the probe has failed. @default 3 */
  readonly failureThreshold?: number;
}

/** Well above the kubelet's default of one second: on an overloaded node, slow is not dead. */
const TIMEOUT_SECONDS = 5;

/** Succeeds on a 2xx or 3xx response. @param port name or number of a container port */
export const httpProbe = (path: string, port: string | number, timing: ProbeTiming): Probe => ({
  httpGet: { path, port },
  ...timing,
  timeoutSeconds: TIMEOUT_SECONDS,
});

/** Succeeds when the port accepts a connection. @param port name of a container port */
export const tcpProbe = (port: string, timing: ProbeTiming): Probe => ({
  tcpSocket: { port },
  ...timing,
  timeoutSeconds: TIMEOUT_SECONDS,
});

/**
 * Probes of a server on its port `main`.
 *
 * @param ready path that says whether it takes requests
 * @param alive path that fails only if a restart helps; without one, it is alive as long as it
 * accepts connections
 */
export function serverProbes(ready: string, alive?: string) {
  const living = (timing: ProbeTiming) =>
    alive === undefined ? tcpProbe('main', timing) : httpProbe(alive, 'main', timing);
  return {
    startupProbe: living({ periodSeconds: 2, failureThreshold: 90 }),
    readinessProbe: httpProbe(ready, 'main', { periodSeconds: 5, failureThreshold: 3 }),
    livenessProbe: living({ periodSeconds: 15, failureThreshold: 4 }),
  };
}
