// What every pod must keep to, whatever makes it.
import { allContainersOf, type Container, containersOf, type Pods, podsOf } from '../workloads.ts';
import type { Policies, Policy } from './policy.ts';

const eachPods =
  (wrong: (pods: Pods) => boolean, lasting = false): Policy =>
  (declared) =>
    podsOf(declared)
      .filter((pods) => (pods.lasting || !lasting) && wrong(pods))
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

/** Prometheus finds its targets, and the collector its logs, through the Kubernetes API. */
const READERS = ['prometheus', 'alloy'];

/** Hardening, memory, probes. */
export const podPolicies: Policies = {
  'images are pinned by digest': eachContainer(({ image }) => !DIGEST.test(image ?? '')),

  'no image is :latest or without a version': eachContainer(({ image = '' }) => {
    const name = image.replace(/@.*$/, '').replace(/^.*\//, '');
    return name.endsWith(':latest') || !(name.includes(':') || image.includes('@'));
  }),

  'memory has a limit, and what is promised is there': eachContainer(
    ({ resources }) =>
      resources?.limits?.memory === undefined || resources.limits.memory !== resources.requests?.memory,
  ),

  'CPU is asked for and never limited': eachContainer(
    ({ resources }) => resources?.limits?.cpu !== undefined || resources?.requests?.cpu === undefined,
  ),

  'what runs for good has probes': (declared) =>
    podsOf(declared)
      .filter(({ lasting }) => lasting)
      .flatMap((pods) =>
        containersOf(pods)
          .filter(({ readinessProbe, livenessProbe }) => readinessProbe === undefined || livenessProbe === undefined)
          .map(({ name }) => `${pods.key}: ${name}`),
      ),

  'nobody is root': eachContainer(({ securityContext }, { spec }) => {
    const user = securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
    const nonRoot = securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot;
    return nonRoot !== true || typeof user !== 'number' || user === 0;
  }),

  'the root file system is read-only': eachContainer(
    ({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true,
  ),

  'no privileges, and no way to get them': eachContainer(
    ({ securityContext }) =>
      securityContext?.allowPrivilegeEscalation !== false ||
      securityContext.privileged === true ||
      !securityContext.capabilities?.drop?.includes('ALL') ||
      (securityContext.capabilities.add?.length ?? 0) > 0,
  ),

  'system calls are filtered': eachPods(({ spec }) => spec.securityContext?.seccompProfile?.type !== 'RuntimeDefault'),

  'no service-account token': eachPods(({ spec }) => spec.automountServiceAccountToken !== false),

  'a token of its own only for who reads pods': eachPods(
    ({ name, spec }) =>
      !READERS.includes(name) &&
      (spec.serviceAccountName !== undefined ||
        (spec.volumes ?? []).some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken))),
  ),

  "nothing of the node's": eachPods(
    ({ spec }) =>
      Boolean(spec.hostNetwork || spec.hostPID || spec.hostIPC) ||
      (spec.volumes ?? []).some((volume) => volume.hostPath !== undefined),
  ),

  'writable folders have a limit': eachPods(({ spec }) =>
    (spec.volumes ?? []).some(({ emptyDir }) => emptyDir !== undefined && emptyDir.sizeLimit === undefined),
  ),

  'time to stop in peace': eachPods(({ spec }) => !spec.terminationGracePeriodSeconds, true),
};
