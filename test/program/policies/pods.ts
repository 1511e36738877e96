// Pods: hardening, resources and probes, whatever creates them.
import {
  allContainersOf,
  type Container,
  containersOf,
  type Pods,
  type Policies,
  type Policy,
  podsOf,
} from '../workloads.ts';

const eachPods =
  (wrong: (pods: Pods) => boolean, longRunning = false): Policy =>
  (declared) =>
    podsOf(declared)
      .filter((pods) => (pods.longRunning || !longRunning) && wrong(pods))
      .map((pods) => pods.key);

const eachContainer =
  (wrong: (container: Container, pods: Pods) => boolean): Policy =>
  (declared) =>
    podsOf(declared).flatMap((pods) =>
      allContainersOf(pods)
        .filter((container) => wrong(container, pods))
        .map((container) => `${pods.key}: ${container.name}`),
    );

const DIGEST = /@sha256:[0-9a-f]{64}$/;

/** Prometheus finds its targets, and Alloy the logs, through the Kubernetes API. */
const READERS = ['prometheus', 'alloy'];

/** They call AWS, and on EKS get their rights through service accounts of their names. */
const CALLERS = ['api', 'consumer', 'producer'];

/** What people look at. */
const WATCHERS = [...READERS, 'alertmanager', 'grafana', 'loki', 'kafka-ui', 'redis-exporter', 'mongo-exporter'];

const mib = (quantity: string): number => Number(quantity.replace(/Mi$/, ''));

/** Hardening, resources and probes. */
export const podPolicies: Policies = {
  'images are pinned by digest': eachContainer(({ image }) => !DIGEST.test(image ?? '')),

  'no image is :latest or without a version': eachContainer(({ image = '' }) => {
    const name = image.replace(/@.*$/, '').replace(/^.*\//, '');
    return name.endsWith(':latest') || !(name.includes(':') || image.includes('@'));
  }),

  // No record passes through the watchers: their peaks are rare, and their end loses nothing.
  'memory has a limit, equal to its request where records pass': eachContainer(({ resources }, { name }) => {
    const [limit, request] = [resources?.limits?.memory, resources?.requests?.memory];
    if (limit === undefined || request === undefined) return true;
    return WATCHERS.includes(name) ? mib(request) < mib(limit) / 2 || mib(request) > mib(limit) : request !== limit;
  }),

  'CPU has a request and no limit': eachContainer(
    ({ resources }) => resources?.limits?.cpu !== undefined || resources?.requests?.cpu === undefined,
  ),

  'long-running containers have probes': (declared) =>
    podsOf(declared)
      .filter(({ longRunning }) => longRunning)
      .flatMap((pods) =>
        containersOf(pods)
          .filter(({ readinessProbe, livenessProbe }) => readinessProbe === undefined || livenessProbe === undefined)
          .map(({ name }) => `${pods.key}: ${name}`),
      ),

  'no container runs as root': eachContainer(({ securityContext }, { spec }) => {
    const user = securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
    const nonRoot = securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot;
    return nonRoot !== true || typeof user !== 'number' || user === 0;
  }),

  'the root file system is read-only': eachContainer(
    ({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true,
  ),

  'no privileges, and no privilege escalation': eachContainer(
    ({ securityContext }) =>
      securityContext?.allowPrivilegeEscalation !== false ||
      securityContext.privileged === true ||
      !securityContext.capabilities?.drop?.includes('ALL') ||
      (securityContext.capabilities.add?.length ?? 0) > 0,
  ),

  'system calls are filtered': eachPods(({ spec }) => spec.securityContext?.seccompProfile?.type !== 'RuntimeDefault'),

  'no service-account token': eachPods(({ spec }) => spec.automountServiceAccountToken !== false),

  'only what reads pods has a service account of its own': eachPods(
    ({ name, spec }) =>
      !READERS.includes(name) &&
      ((spec.serviceAccountName !== undefined && !CALLERS.includes(spec.serviceAccountName)) ||
        (spec.volumes ?? []).some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken))),
  ),

  'no namespaces and no folders of the node': eachPods(
    ({ spec }) =>
      Boolean(spec.hostNetwork || spec.hostPID || spec.hostIPC) ||
      (spec.volumes ?? []).some((volume) => volume.hostPath !== undefined),
  ),

  'writable folders have a size limit': eachPods(({ spec }) =>
    (spec.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined && emptyDir.sizeLimit === undefined),
  ),

  'long-running pods have a grace period': eachPods(({ spec }) => !spec.terminationGracePeriodSeconds, true),
};
