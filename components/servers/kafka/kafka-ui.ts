// KafkaUi: kafbat's web UI for Kafka, read-only: topics are declared in the stack config, and what is clicked would be undone.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { officialImage } from '../../images/official-images.ts';
import { labelsOf, NOT_WAITED_FOR, selectorOf } from '../../kubernetes/labels.ts';
import { hardenedPod, type SecretFile } from '../../kubernetes/pod.ts';
import { KAFKA_UI_PORT } from './ports.ts';

/** As the project's own chart runs it. */
const USER_ID = 1000;
const MEMORY_MIB = 512;
const CONFIG = '/etc/kafkaui';
const PORT = 'main';

/** Arguments of KafkaUi. */
export interface KafkaUiArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly addresses: Addresses;
  /** `KAFKA_USERNAME` and `KAFKA_PASSWORD`; none where Kafka asks for none. */
  readonly login: readonly SecretFile[];
}

/**
 * What the UI is told, as its config.yml (JSON is YAML). Instead of the password it says where that lies: Spring makes a
 * property of each file below a folder, and puts it in.
 * @see https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files.configtree
 */
export function kafkaUiConfig(addresses: Addresses, login: boolean): string {
  const { kafkaBrokers, kafkaSaslMechanism: mechanism = 'PLAIN', kafkaTls } = addresses;
  const loginModule = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  const transport = kafkaTls ? 'SSL' : 'PLAINTEXT';
  return JSON.stringify(
    {
      spring: { config: { import: 'configtree:/run/secrets/breakwater/' } },
      auth: { type: 'DISABLED' },
      kafka: {
        clusters: [
          {
            name: 'breakwater',
            bootstrapServers: kafkaBrokers.join(','),
            readOnly: true,
            properties: {
              'security.protocol': login ? `SASL_${transport}` : transport,
              ...(login && {
                'sasl.mechanism': mechanism,
                'sasl.jaas.config':
                  `org.apache.kafka.common.security.${loginModule} required` +
                  ` username="\${kafka_username.username}" password="\${kafka_password.password}";`,
              }),
            },
          },
        ],
      },
    },
    undefined,
    2,
  );
}

const health = (periodSeconds: number, failureThreshold: number) => ({
  httpGet: { path: '/actuator/health', port: PORT },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

/** The UI: Service `kafka-ui`, port 8080. It has no login of its own: nobody reaches it but by `kubectl port-forward`. */
export class KafkaUi extends pulumi.ComponentResource {
  constructor(name: string, args: KafkaUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:kafka:KafkaUi', name, {}, opts);
    const { namespace, config, addresses, login } = args;
    const labels = { ...labelsOf(name) };
    const metadata = { namespace, labels };
    const child = { parent: this };

    const files = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, immutable: true, data: { 'config.yml': kafkaUiConfig(addresses, login.length > 0) } },
      child,
    );
    new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          replicas: 1,
          selector: { matchLabels: { ...selectorOf(name) } },
          template: {
            metadata: { labels },
            spec: hardenedPod({
              component: name,
              userId: USER_ID,
              volumes: [{ name: 'config', configMap: { name: files.metadata.name } }],
              containers: [
                {
                  name,
                  image: officialImage('kafka-ui', config.images),
                  environment: {
                    SPRING_CONFIG_ADDITIONAL_LOCATION: `${CONFIG}/config.yml`,
                    JAVA_OPTS: '-XX:MaxRAMPercentage=50 -XX:+ExitOnOutOfMemoryError',
                  },
                  secretFiles: login,
                  ports: [{ name: PORT, port: KAFKA_UI_PORT }],
                  memoryMiB: MEMORY_MIB,
                  mounts: [{ name: 'config', mountPath: CONFIG, readOnly: true }],
                  startupProbe: health(2, 90),
                  readinessProbe: health(5, 3),
                  livenessProbe: health(15, 4),
                },
              ],
            }),
          },
        },
      },
      child,
    );
    new k8s.core.v1.Service(
      name,
      {
        metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR } },
        spec: {
          selector: { ...selectorOf(name) },
          ports: [{ name: PORT, port: KAFKA_UI_PORT, targetPort: PORT }],
        },
      },
      child,
    );
    this.registerOutputs({});
  }
}
