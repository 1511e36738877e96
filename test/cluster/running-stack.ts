// The stack in its cluster: how to reach it, and its pods as Kubernetes lists them.

import { fetchStats, type Stats } from '../../tooling/api-stats.ts';
import { type Access, openAccess, type Part } from '../../tooling/cluster/access.ts';
import { appSettings, type Deployment } from '../../tooling/cluster/app-settings.ts';
import { Kubectl, type List } from '../../tooling/cluster/kubectl.ts';
import { apiNamespace, type StackOutputs } from '../../tooling/cluster/outputs.ts';
import { forwardPort } from '../../tooling/cluster/port-forward.ts';
import { type Answer, type CallOptions, call } from '../../tooling/http.ts';

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly {
      readonly name: string;
      readonly image: string;
      readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } } }[];
    }[];
    readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[];
  };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

export interface Node {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

/** Components of the monitoring namespace that steps query. */
const MONITORING = ['prometheus', 'loki'];

export class RunningStack {
  readonly outputs: StackOutputs;
  readonly kubectl: Kubectl;
  /** Namespace of the servers and of all apps except the API. */
  readonly namespace: string;
  readonly apiNamespace: string;

  constructor(outputs: StackOutputs) {
    this.outputs = outputs;
    this.kubectl = new Kubectl(outputs);
    this.namespace = outputs.namespace;
    this.apiNamespace = apiNamespace(outputs);
  }

  /** Sends a request to the API as users do. */
  call(path: string, options: CallOptions = {}): Promise<Answer> {
    const { apiUrl, apiHost } = this.outputs;
    return call(new URL(path, apiUrl), { host: apiHost, timeoutMs: 15_000, ...options });
  }

  stats(): Promise<Stats> {
    return fetchStats(this.outputs.apiUrl, this.outputs.apiHost);
  }

  /** Opens ports to servers behind the API. */
  access(...parts: readonly Part[]): Promise<Access> {
    return openAccess(this.outputs, parts);
  }

  /** Runs `body` with a port of this machine that is forwarded to the pod or service. */
  async withPort<T>(target: string, port: number, body: (port: number) => Promise<T>): Promise<T> {
    const forward = await forwardPort(
      this.kubectl,
      this.namespaceOf(target.slice(target.indexOf('/') + 1)),
      target,
      port,
    );
    try {
      return await body(forward.port);
    } finally {
      await forward.close();
    }
  }

  namespaceOf(component: string): string {
    if (component === 'api') return this.apiNamespace;
    return MONITORING.includes(component) ? `${this.namespace}-monitoring` : this.namespace;
  }

  deployment(app: string): Promise<Deployment> {
    return this.kubectl.get<Deployment>(this.namespaceOf(app), `deployment/${app}`);
  }

  settings(app: string): Promise<Readonly<Record<string, string | undefined>>> {
    return appSettings(this.kubectl, this.namespaceOf(app), app);
  }

  /** The lasting pods of the stack's two namespaces, or of one component. */
  async pods(component?: string): Promise<readonly Pod[]> {
    const select = component === undefined ? [] : ['--selector', `app.kubernetes.io/name=${component}`];
    const namespaces = component === undefined ? [this.namespace, this.apiNamespace] : [this.namespaceOf(component)];
    const lists = await Promise.all(namespaces.map((one) => this.kubectl.get<List<Pod>>(one, 'pods', ...select)));
    return lists.flatMap(({ items }) => items).filter(isLasting);
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.kubectl.get<List<Node>>('default', 'nodes')).items;
  }

  /** Runs JavaScript in a pod of an app. @returns what it printed */
  script(component: string, pod: string, source: string): Promise<string> {
    return this.kubectl.exec(this.namespaceOf(component), pod, ['node', '--input-type=module', '--eval', source]);
  }
}

/** The component to which a pod belongs. */
export const componentOf = ({ metadata }: Pod): string => metadata.labels?.['app.kubernetes.io/name'] ?? '';

/** Whether a pod takes traffic. */
export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Whether a pod is meant to stay: it belongs to no Job and is not being deleted. */
export const isLasting = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && !metadata.ownerReferences?.some(({ kind }) => kind === 'Job');

/** Components of which every earlier pod was replaced. One that was only scaled keeps some. */
export function rolledComponents(before: readonly Pod[], after: readonly Pod[]): readonly string[] {
  const uids = new Set(after.map(({ metadata }) => metadata.uid));
  const components = new Set(before.filter(isLasting).map(componentOf));
  const kept = new Set(before.filter(({ metadata }) => uids.has(metadata.uid)).map(componentOf));
  return [...components].filter((component) => !kept.has(component)).sort();
}

/** Container restarts, summed over the pods. */
export const restarts = (pods: readonly Pod[]): number =>
  pods.flatMap(({ status }) => status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
