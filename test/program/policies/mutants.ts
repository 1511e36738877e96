// Ways to break each policy, on the resources of the stack `dev`: a policy that nothing breaks
// would check nothing.
import type { Declared } from '../declare.ts';
import { kindOf, type Manifest } from '../workloads.ts';

/** A resource that can be changed. */
export type Mutable = { -readonly [Field in keyof Declared]: Manifest };

/** The resource to break. */
function pick(declared: Mutable[], kind: string, name: string): Mutable {
  const found = declared.find((resource) => kindOf(resource) === kind && resource.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} to break`);
  return found;
}

const api = (declared: Mutable[]): Manifest => pick(declared, 'Deployment', 'api').properties.spec;
const pod = (declared: Mutable[]): Manifest => api(declared).template.spec;
const container = (declared: Mutable[]): Manifest => pod(declared).containers[0];
const kafka = (declared: Mutable[]): Manifest => pick(declared, 'StatefulSet', 'kafka').properties.spec;

/** The ways to break each policy. */
export const mutants: Readonly<Record<string, readonly ((declared: Mutable[]) => void)[]>> = {
  'images are pinned by digest': [
    (d) => {
      container(d).image = 'api:1.2.3';
    },
  ],
  'no image is :latest or without a version': [
    (d) => {
      container(d).image = 'registry:5000/api';
    },
    (d) => {
      container(d).image = `api:latest@sha256:${'0'.repeat(64)}`;
    },
  ],
  'memory has a limit, equal to its request where records pass': [
    (d) => {
      pick(d, 'Deployment', 'grafana').properties.spec.template.spec.containers[0].resources.requests.memory = '1Mi';
    },
    (d) => {
      delete container(d).resources.limits.memory;
    },
    (d) => {
      container(d).resources.requests.memory = '1Mi';
    },
  ],
  'CPU has a request and no limit': [
    (d) => {
      container(d).resources.limits.cpu = '1';
    },
    (d) => {
      delete container(d).resources.requests.cpu;
    },
  ],
  'long-running containers have probes': [
    (d) => {
      delete container(d).livenessProbe;
    },
    (d) => {
      delete kafka(d).template.spec.containers[0].readinessProbe;
    },
  ],
  'no container runs as root': [
    (d) => {
      pod(d).securityContext.runAsUser = 0;
    },
    (d) => {
      delete pod(d).securityContext.runAsUser;
    },
    (d) => {
      container(d).securityContext.runAsNonRoot = false;
    },
  ],
  'the root file system is read-only': [
    (d) => {
      container(d).securityContext.readOnlyRootFilesystem = false;
    },
  ],
  'no privileges, and no privilege escalation': [
    (d) => {
      delete container(d).securityContext.allowPrivilegeEscalation;
    },
    (d) => {
      container(d).securityContext.privileged = true;
    },
    (d) => {
      container(d).securityContext.capabilities.add = ['NET_ADMIN'];
    },
    (d) => {
      container(d).securityContext.capabilities.drop = [];
    },
  ],
  'system calls are filtered': [
    (d) => {
      pod(d).securityContext.seccompProfile.type = 'Unconfined';
    },
  ],
  'no service-account token': [
    (d) => {
      delete pod(d).automountServiceAccountToken;
    },
  ],
  'only what reads pods has a service account of its own': [
    (d) => {
      pod(d).serviceAccountName = 'default';
    },
    (d) => {
      pod(d).volumes.push({ name: 'x', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } });
    },
  ],
  'no namespaces and no folders of the node': [
    (d) => {
      pod(d).hostNetwork = true;
    },
    (d) => {
      pod(d).volumes.push({ name: 'x', hostPath: { path: '/' } });
    },
  ],
  'writable folders have a size limit': [
    (d) => {
      pod(d).volumes.push({ name: 'x', emptyDir: {} });
    },
  ],
  'long-running pods have a grace period': [
    (d) => {
      delete pod(d).terminationGracePeriodSeconds;
    },
  ],
  'pods are spread over the nodes': [
    (d) => {
      pod(d).topologySpreadConstraints = [];
    },
    (d) => {
      kafka(d).template.spec.topologySpreadConstraints[0].labelSelector.matchLabels = { app: 'other' };
    },
  ],
  'a selector matches its own pods only': [
    (d) => {
      api(d).selector.matchLabels = { 'app.kubernetes.io/name': 'other' };
    },
    (d) => {
      kafka(d).selector.matchLabels = { 'app.kubernetes.io/part-of': 'breakwater' };
    },
  ],
  'a disruption budget lets nodes drain': [
    (d) => {
      kafka(d).replicas = 1;
    },
    (d) => {
      const { spec } = pick(d, 'PodDisruptionBudget', 'kafka').properties;
      delete spec.maxUnavailable;
      spec.minAvailable = 3;
    },
    (d) => {
      pick(d, 'PodDisruptionBudget', 'kafka').properties.spec.selector.matchLabels = { app: 'none' };
    },
  ],
  'every namespace has a Pod Security level': [
    (d) => {
      delete pick(d, 'Namespace', 'namespaces-api').properties.metadata.labels['pod-security.kubernetes.io/enforce'];
    },
  ],
  'every namespace denies by default': [
    (d) => {
      for (const policy of d.filter((resource) => kindOf(resource) === 'NetworkPolicy'))
        policy.properties.spec.policyTypes = ['Ingress'];
    },
  ],
  'network policies select pods that exist': [
    (d) => {
      const allow = d.find(({ properties, ...rest }) =>
        kindOf({ properties, ...rest }) === 'NetworkPolicy' ? properties.spec.podSelector?.matchLabels : false,
      )!;
      allow.properties.spec.podSelector.matchLabels = { 'app.kubernetes.io/name': 'renamed' };
    },
  ],
  'roles are read-only, without secrets': [
    (d) => {
      pick(d, 'ClusterRole', 'prometheus').properties.rules[0].verbs.push('delete');
    },
    (d) => {
      pick(d, 'ClusterRole', 'prometheus').properties.rules[0].resources.push('secrets');
    },
    (d) => {
      pick(d, 'ClusterRole', 'prometheus').properties.rules[0].resources = ['*'];
    },
  ],
  'services lead to a port that exists': [
    (d) => {
      container(d).ports = [];
    },
    (d) => {
      pick(d, 'Service', 'api').properties.spec.selector = { app: 'none' };
    },
  ],
  'an ingress of another cluster is not awaited': [
    (d) => {
      const cluster = d.findIndex(({ type }) => type.endsWith(':K3dCluster'));
      d.splice(cluster, 1);
    },
  ],
  'only the autoscaler sets the number of replicas': [
    (d) => {
      pick(d, 'Deployment', 'consumer').properties.spec.replicas = 1;
    },
    (d) => {
      pick(d, 'Deployment', 'consumer').options = {};
    },
    (d) => {
      pick(d, 'Deployment', 'consumer').properties.metadata.name = 'renamed';
    },
  ],
  'the number of replicas is set, by the manifest or an autoscaler': [
    (d) => {
      delete api(d).replicas;
    },
  ],
  'config is immutable and named after its content': [
    (d) => {
      delete pick(d, 'ConfigMap', 'api-config').properties.immutable;
    },
    (d) => {
      pick(d, 'ConfigMap', 'api-config').properties.metadata.name = 'api-config';
    },
  ],
  'no secret can be read': [
    (d) => {
      container(d).env.push({ name: 'KAFKA_PASSWORD', value: 'hunter2' });
    },
    (d) => {
      pick(d, 'ConfigMap', 'api-config').properties.data.X = 'clear-password-kafka';
    },
    (d) => {
      const secret = d.find((resource) => kindOf(resource) === 'Secret')!;
      secret.properties.stringData.password = 'hunter2';
    },
  ],
  'Pulumi waits as long as pulls take on a slow line': [
    (d) => {
      pick(d, 'Deployment', 'api').options.createTimeout = '10m';
    },
    (d) => {
      delete pick(d, 'StatefulSet', 'kafka').options.createTimeout;
    },
  ],
  'and for an ingress': [
    (d) => {
      delete pick(d, 'Ingress', 'api').options.createTimeout;
    },
  ],
  'Kubernetes does not give up before': [
    (d) => {
      delete api(d).progressDeadlineSeconds;
    },
  ],
  'nor does a Helm release, whose pods stay when it fails': [
    (d) => {
      pick(d, 'Release', 'keda').properties.timeout = 300;
    },
    (d) => {
      pick(d, 'Release', 'keda').properties.atomic = true;
    },
  ],
  'no two objects have the same name': [
    (d) => {
      d.push(structuredClone(pick(d, 'Deployment', 'api')));
    },
  ],
};
