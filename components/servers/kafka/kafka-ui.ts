// KafkaUi: kafbat's web UI for Kafka. It is read-only, because topics are declared in the stack
// config and the next `pulumi up` would undo changes made by hand.
import * as pulumi from '@pulumi/pulumi';
import type { Addresses } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { memoryOf } from '../../images/memory.ts';
import { officialImage } from '../../images/official-images.ts';
import { hostIngress, hostUrl } from '../../kubernetes/ingress.ts';
import { labelsOf } from '../../kubernetes/labels.ts';
import type { SecretFile } from '../../kubernetes/pod.ts';
import { serverProbes } from '../../kubernetes/probes.ts';
import { filesMount, Server } from '../../kubernetes/server.ts';
import { KAFKA_UI_PORT } from './ports.ts';

/** The user of the project's own chart. */
const USER_ID = 1000;
const FILES = '/etc/kafkaui';

/** Arguments of KafkaUi. */
export interface KafkaUiArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly addresses: pulumi.Input<Addresses>;
  /** `KAFKA_USERNAME` and `KAFKA_PASSWORD`; empty if Kafka has no authentication. */
  readonly login: readonly SecretFile[];
}

/**
 * The UI's config.yml, as JSON, which is YAML. It contains placeholders instead of the user and the
 * password: Spring turns each mounted file into a property and fills them in.
 * @see
 * https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files.configtree
 */
export function kafkaUiConfig(addresses: Addresses, login: boolean): string {
  const { kafkaBrokers, kafkaSaslMechanism: mechanism = 'PLAIN', kafkaTls } = addresses;
  const loginModule = mechanism === 'PLAIN' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  const transport = kafkaTls ? 'SSL' : 'PLAINTEXT';
  return JSON.stringify(
    {
      // Spring does not start without the folder, which exists only if a login is mounted.
      ...(login && { spring: { config: { import: 'configtree:/run/secrets/breakwater/' } } }),
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

/**
 * The UI: Service `kafka-ui`, port 8080. It has no login of its own: with single sign-on it is
 * behind the ingress, and otherwise `kubectl port-forward` is the only way to reach it.
 */
export class KafkaUi extends Server {
  constructor(name: string, args: KafkaUiArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, config, addresses, login } = args;
    const { kafka, sso } = config;
    super(
      name,
      {
        namespace,
        port: KAFKA_UI_PORT,
        signOn: { config, url: hostUrl(kafka.uiHost, config), port: KAFKA_UI_PORT },
        files: { 'config.yml': pulumi.output(addresses).apply((known) => kafkaUiConfig(known, login.length > 0)) },
        pod: {
          config,
          userId: USER_ID,
          containers: [
            {
              name,
              image: officialImage('kafka-ui', config.images),
              environment: {
                SPRING_CONFIG_ADDITIONAL_LOCATION: `${FILES}/config.yml`,
                JAVA_OPTS: '-XX:MaxRAMPercentage=50 -XX:+ExitOnOutOfMemoryError',
              },
              secretFiles: login,
              ports: [{ name: 'main', port: KAFKA_UI_PORT }],
              ...memoryOf('kafka-ui'),
              mounts: [filesMount(FILES)],
              ...serverProbes('/actuator/health', '/actuator/health'),
            },
          ],
        },
      },
      opts,
    );
    if (sso.issuer !== undefined)
      hostIngress(
        name,
        { metadata: { namespace, labels: { ...labelsOf(name) } }, host: kafka.uiHost, config, health: '/' },
        { parent: this },
      );
  }
}
