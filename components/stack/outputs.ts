// What a user needs after `pulumi up`: addresses, and the commands that come next.
import type { StackConfig } from '../../config/schema.ts';

/** Where users reach the stack. */
export interface Entrance {
  /** Base address of the API. */
  readonly apiUrl: string;
  /** Host name to send along, where the ingress knows the API by name. */
  readonly apiHost?: string;
}

/** Address of the API from this machine (k3d), or from wherever users are (kubeconfig). */
export function entranceOf({ cluster, api }: Pick<StackConfig, 'cluster' | 'api'>): Entrance {
  const ingress = api.exposure === 'ingress';
  if (cluster.kind === 'kubeconfig')
    return { apiUrl: ingress ? `http://${api.host}` : `http://${cluster.context}:${api.nodePort}` };
  const port = ingress ? cluster.httpPort : cluster.nodePortHostPort;
  return { apiUrl: `http://127.0.0.1:${port}`, ...(ingress && { apiHost: api.host }) };
}

/** Commands that come next, by what they are for. */
export function commandsOf(
  config: StackConfig,
  at: { readonly stack: string; readonly kubeconfig: string; readonly context: string; readonly namespace: string },
): Readonly<Record<string, string>> {
  const { apiUrl, apiHost } = entranceOf(config);
  const kubectl = `kubectl --kubeconfig ${at.kubeconfig} --context ${at.context} -n ${at.namespace}`;
  const usesKafka = config.queue.kind === 'kafka';
  return {
    request: `curl ${apiHost === undefined ? '' : `-H "Host: ${apiHost}" `}${apiUrl}/api/data`,
    loadTest: `npm run loadtest -- --stack ${at.stack}`,
    ...(config.producer.rate > 0 && { rate: `npm run rate -- 500 --stack ${at.stack}` }),
    pods: `${kubectl} get pods`,
    logs: `${kubectl} logs -l app.kubernetes.io/part-of=breakwater --prefix --tail 20`,
    ...(usesKafka &&
      config.kafka.ui && {
        kafkaUi: `${kubectl} port-forward service/kafka-ui 8081:8080   # then http://localhost:8081`,
      }),
  };
}
