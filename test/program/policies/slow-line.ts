// A first `up` on a slow line: what Pulumi waits for has the time that its images take.
import { type Declared, key } from '../declare.ts';
import { allContainersOf, kindOf, manifestOf, ofKind, type Policies, type Policy, podsOf } from '../workloads.ts';

/**
 * What a node pulls of each public image, in MB: compressed, amd64, rounded up. They are estimates
 * from what the images hold, and from sizes that kubelets reported of earlier versions.
 */
const MEGABYTES: Readonly<Record<string, number>> = {
  alertmanager: 35,
  alloy: 160,
  grafana: 450,
  kafka: 200,
  'kafka-ui': 200,
  keda: 45,
  'keda-metrics-apiserver': 40,
  loki: 60,
  mongo: 300,
  mongodb_exporter: 15,
  prometheus: 130,
  redis: 55,
  redis_exporter: 10,
};
/**
 * Pods of k3s itself: CoreDNS, Traefik and its Helm jobs, metrics-server, and a balancer on each of
 * four nodes.
 */
const SYSTEM_MEGABYTES = 240;

/** 20 Mbit/s. */
const MEGABYTES_PER_SECOND = 2.5;
/** What servers take to start once their images are there, one after the other. */
const START_SECONDS = 300;

const DURATION = { s: 1, m: 60, h: 3600 } as const;
const secondsOf = (text: unknown): number => {
  const [, count, unit] = /^(\d+)([smh])$/.exec(String(text ?? '')) ?? [];
  return count === undefined ? 0 : Number(count) * DURATION[unit as keyof typeof DURATION];
};

/** The repository's last part: `kafka` of `apache/kafka:4.3.1@sha256:…`. */
const nameOf = (image: string): string =>
  image
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
    .replace(/^.*\//, '');

/** Images of our apps come from the cluster's own registry. */
const isPublic = (image: string): boolean => !/^[^/]+\/([^/]+\/)?breakwater\//.test(image);

/**
 * Seconds until the nodes have every image and the pods run. The replicas of a workload are on
 * nodes of their own, and pulls share the line, so that each may be the last.
 *
 * @throws Error for an image without a size
 */
function slowStartSeconds(declared: readonly Declared[]): number {
  // An `up` starts no pod of a CronJob.
  const started = podsOf(declared).filter(({ kind }) => kind !== 'CronJob');
  const pulled = started.flatMap((pods) => {
    const images = new Set(allContainersOf(pods).map(({ image }) => image ?? ''));
    return [...images].filter(isPublic).map((image) => {
      const megabytes = MEGABYTES[nameOf(image)];
      if (megabytes === undefined) throw new Error(`how large is ${image}?`);
      return megabytes * (pods.replicas ?? 1);
    });
  });
  const charts = ofKind(declared, 'Release').map(() => MEGABYTES.keda! + MEGABYTES['keda-metrics-apiserver']!);
  const total = [...pulled, ...charts].reduce((sum, megabytes) => sum + megabytes, SYSTEM_MEGABYTES);
  return total / MEGABYTES_PER_SECOND + START_SECONDS;
}

const tooShort =
  (limitsOf: (resource: Declared) => readonly number[], ...kinds: readonly string[]): Policy =>
  (declared) => {
    const needed = slowStartSeconds(declared);
    return ofKind(declared, ...kinds)
      .filter((resource) => limitsOf(resource).some((limit) => limit < needed))
      .map(key);
  };

export const slowLinePolicies: Policies = {
  'Pulumi waits as long as pulls take on a slow line': tooShort(
    ({ options }) => [secondsOf(options.createTimeout)],
    'Deployment',
    'StatefulSet',
  ),
  // Traefik, which gives it an address, waits for its own image behind all others.
  'and for an ingress': (declared) =>
    tooShort(
      (ingress) =>
        manifestOf(ingress).metadata.annotations?.['pulumi.com/skipAwait'] === 'true'
          ? []
          : [secondsOf(ingress.options.createTimeout)],
      'Ingress',
    )(declared),
  'Kubernetes does not give up before': tooShort(
    (resource) => (kindOf(resource) === 'Deployment' ? [manifestOf(resource).spec.progressDeadlineSeconds ?? 600] : []),
    'Deployment',
  ),
  // A rollback removes the pods that say why.
  'nor does a Helm release, whose pods stay when it fails': (declared) => [
    ...tooShort((release) => [manifestOf(release).timeout ?? 300], 'Release')(declared),
    ...ofKind(declared, 'Release')
      .filter((release) => manifestOf(release).atomic === true)
      .map(key),
  ],
};
