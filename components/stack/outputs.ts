// What a user needs after `pulumi up`: addresses, passwords, and the commands to look inside and to
// put the stack under load.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { brokerNodePorts } from '../../config/servers.ts';
import type { Console } from '../apps/console.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Credentials } from '../kubernetes/credentials.ts';
import type { Namespaces } from '../kubernetes/namespaces.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { advertisedHostOf } from '../servers/kafka/settings.ts';
import { partsOf } from './parts.ts';

/** Where users reach the API. */
interface Entrance {
  /** Base address. */
  readonly apiUrl: string;
  /** Value of the `Host` header, if the ingress selects the API by it. */
  readonly apiHost?: string;
}

/** Where users reach the API: through a port of this machine (k3d), or by its own name. */
function entranceOf({ cluster, api, aws }: Pick<StackConfig, 'cluster' | 'api' | 'aws'>): Entrance {
  const ingress = api.exposure === 'ingress';
  if (cluster.kind === 'eks') return { apiUrl: `${aws.certificate === undefined ? 'http' : 'https'}://${api.host}` };
  if (cluster.kind === 'kubeconfig')
    return { apiUrl: ingress ? `http://${api.host}` : `http://${cluster.context}:${api.nodePort}` };
  const port = ingress ? cluster.httpPort : cluster.nodePortHostPort;
  return { apiUrl: `http://127.0.0.1:${port}`, ...(ingress && { apiHost: api.host }) };
}

/** Commands by purpose. */
function commandsOf(config: StackConfig, kubectl: string): Readonly<Record<string, string>> {
  const { apiUrl, apiHost } = entranceOf(config);
  const stack = pulumi.getStack();
  const parts = partsOf(config);
  return {
    request: `curl ${apiHost === undefined ? '' : `-H "Host: ${apiHost}" `}${apiUrl}/api/data`,
    loadTest: `npm run loadtest -- --stack ${stack}`,
    ...(parts.has('producer') && { rate: `npm run rate -- 500 --stack ${stack}` }),
    pods: `${kubectl} get pods`,
    logs: `${kubectl} logs -l app.kubernetes.io/part-of=breakwater --prefix --tail 20`,
    ...(parts.has('kafka-ui') && {
      kafkaUi: `${kubectl} port-forward service/kafka-ui 8081:8080   # then http://localhost:8081`,
    }),
  };
}

/** Components that have something to show; `false` if the stack lacks one. */
export interface OutputsArgs {
  readonly config: StackConfig;
  readonly cluster: Cluster;
  readonly namespaces: Namespaces;
  readonly console: Console | false;
  readonly monitoring: Monitoring | false;
  /** Kafka's login; undefined if the queue is not Kafka. */
  readonly kafka?: Pick<Credentials, 'login'>;
}

/** Where programs outside the cluster find Kafka, and what they log in with. */
function kafkaOutputs(config: StackConfig, kafka: OutputsArgs['kafka']) {
  const brokers = brokerNodePorts(config).map((port) => `${advertisedHostOf(config.kafka)}:${port}`);
  if (brokers.length === 0 || kafka === undefined) return {};
  const { username, password } = kafka.login;
  return { kafkaBrokers: brokers.join(','), kafkaUsername: username, kafkaPassword: password };
}

/** Outputs of the stack. */
export function outputsOf({ config, cluster, namespaces, console, monitoring, kafka }: OutputsArgs) {
  const { kubeconfigPath, context } = cluster;
  const namespace = namespaces.main;
  return {
    ...entranceOf(config),
    kubeconfigPath,
    context,
    namespace,
    ...(console && {
      consoleUrl: console.url,
      ...(console.password && { consolePassword: console.password }),
    }),
    ...(monitoring && { grafanaUrl: monitoring.grafanaUrl, grafanaPassword: monitoring.grafanaPassword }),
    ...kafkaOutputs(config, kafka),
    commands: pulumi.interpolate`kubectl --kubeconfig ${kubeconfigPath} --context ${context} -n ${namespace}`.apply(
      (kubectl) => commandsOf(config, kubectl),
    ),
  };
}
