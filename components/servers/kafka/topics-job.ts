// TopicsJob: runs the topics app to its end. It runs again when what it is told changes, and only then.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Environment, MOVES_TIMEOUT_SECONDS } from '../../../config/environment.ts';
import { labelsOf } from '../../kubernetes/labels.ts';
import { hardenedPod, type SecretFile } from '../../kubernetes/pod.ts';
import { APP_USER_ID } from '../../kubernetes/workload.ts';

/** The pods' label, whatever a job of theirs is called: the network policy goes by it. */
const COMPONENT = 'topics';
/** Measured: 115 MiB, most of it Kafka's client. */
const MEMORY_MIB = 192;
/** Exit status of the app for what another try would not help: it refuses, or its settings are wrong. */
const NO_USE = 2;
/** Longest that a run may take: the moves of partitions, and ten minutes for the rest. */
const DEADLINE_SECONDS = MOVES_TIMEOUT_SECONDS + 600;

/** Arguments of TopicsJob. */
export interface TopicsJobArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image of the topics app by digest. */
  readonly image: pulumi.Input<string>;
  /** `topicsEnvironment`, or `emptyEnvironment` with `empty`. */
  readonly environment: Environment;
  /** `KAFKA_USERNAME` and `KAFKA_PASSWORD`; none where Kafka asks for none. */
  readonly login: readonly SecretFile[];
  /** Only moves everything off the brokers that are about to go. @default brings the topics to the declared state */
  readonly empty?: boolean;
}

/** The pod of a run. */
export const topicsPod = (name: string, args: TopicsJobArgs, configMap: pulumi.Input<string>) =>
  hardenedPod({
    component: COMPONENT,
    userId: APP_USER_ID,
    restartPolicy: 'Never',
    containers: [
      {
        name,
        image: args.image,
        args: ['topics/main.ts', ...(args.empty ? ['--empty'] : [])],
        environmentFrom: [configMap],
        secretFiles: args.login,
        memoryMiB: MEMORY_MIB,
      },
    ],
  });

/**
 * A Job that Pulumi waits for; `pulumi up` fails when it fails. When anything in it changes, Pulumi deletes it and makes it
 * anew: two of them never run at once. It has no time to live, so that a `refresh` finds the finished one where it was.
 */
export class TopicsJob extends pulumi.ComponentResource {
  constructor(name: string, args: TopicsJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:kafka:TopicsJob', name, {}, opts);
    const { namespace, environment } = args;
    const labels = { ...labelsOf(COMPONENT) };
    const metadata = { namespace, labels };
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, immutable: true, data: { ...environment } },
      { parent: this },
    );
    new k8s.batch.v1.Job(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          backoffLimit: 3,
          activeDeadlineSeconds: DEADLINE_SECONDS,
          podFailurePolicy: {
            rules: [{ action: 'FailJob', onExitCodes: { containerName: name, operator: 'In', values: [NO_USE] } }],
          },
          template: { metadata: { labels }, spec: topicsPod(name, args, config.metadata.name) },
        },
      },
      { parent: this, customTimeouts: { create: `${DEADLINE_SECONDS + 60}s` } },
    );
    this.registerOutputs({});
  }
}
