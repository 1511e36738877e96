// TopicsJob: runs the topics app once, and again whenever its input changes.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Environment, MOVES_TIMEOUT_SECONDS } from '../../../config/environment.ts';
import { labelsOf } from '../../kubernetes/labels.ts';
import { type PodArgs, type PodConfig, podTemplate, type SecretFile } from '../../kubernetes/pod.ts';
import { APP_USER_ID } from '../../kubernetes/workload.ts';

/** The pods' label, whatever the job is called: the network policy selects it. */
const COMPONENT = 'topics';
/** Measured: 115 MiB, most of it Kafka's client. */
const MEMORY_MIB = 192;
/** Exit status of the app for an error that a retry cannot fix: a refusal, or wrong settings. */
const PERMANENT_ERROR = 2;
/** Time limit of a run: moving the partitions, and ten minutes for the rest. */
const DEADLINE_SECONDS = MOVES_TIMEOUT_SECONDS + 600;

/** Arguments of TopicsJob. */
export interface TopicsJobArgs {
  readonly config: PodConfig;
  readonly namespace: pulumi.Input<string>;
  /** Image of the topics app by digest. */
  readonly image: pulumi.Input<string>;
  /** `topicsEnvironment`, or `emptyEnvironment` with `empty`. */
  readonly environment: pulumi.Input<Environment>;
  /** `KAFKA_USERNAME` and `KAFKA_PASSWORD`; empty if Kafka has no authentication. */
  readonly login: readonly SecretFile[];
  /**
   * Only drains the brokers that are about to be removed.
   * @default brings the topics to the declared state
   */
  readonly empty?: boolean;
}

/** The pod of a run. */
const topicsPod = (name: string, args: TopicsJobArgs, configMap: pulumi.Input<string>): PodArgs => ({
  component: COMPONENT,
  config: args.config,
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
 * A Job that Pulumi waits for: `pulumi up` fails if the Job fails. On any change Pulumi deletes it
 * before it creates the new one, so that two never run at the same time. It has no time to live:
 * `pulumi refresh` would report an expired Job as a change.
 */
export class TopicsJob extends pulumi.ComponentResource {
  constructor(name: string, args: TopicsJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:kafka:TopicsJob', name, {}, opts);
    const { namespace, environment } = args;
    const metadata = { namespace, labels: { ...labelsOf(COMPONENT) } };
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, immutable: true, data: environment },
      { parent: this },
    );
    const job = new k8s.batch.v1.Job(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          backoffLimit: 3,
          activeDeadlineSeconds: DEADLINE_SECONDS,
          podFailurePolicy: {
            rules: [
              { action: 'FailJob', onExitCodes: { containerName: name, operator: 'In', values: [PERMANENT_ERROR] } },
            ],
          },
          template: podTemplate(topicsPod(name, args, config.metadata.name)),
        },
      },
      { parent: this, customTimeouts: { create: `${DEADLINE_SECONDS + 60}s` } },
    );
    this.registerOutputs({ job: job.metadata.name });
  }
}
