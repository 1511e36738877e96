// Credentials: the user and password of one server, made at random or given for an external one, as Secrets for the server and
// its clients. Raising the version makes a new user and keeps the one before, so that nothing is refused while pods roll.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from './labels.ts';
import type { Where } from './namespaces.ts';
import type { SecretFile } from './pod.ts';

/** Credentials of a server outside the cluster; what it does not ask for is left out. */
export interface ExternalCredentials {
  readonly username?: pulumi.Input<string>;
  readonly password?: pulumi.Input<string>;
}

/** Arguments of Credentials. */
export interface CredentialsArgs {
  /** `<server>:passwordVersion` */
  readonly version: number;
  /** Given credentials instead of random ones, for a server outside the cluster. */
  readonly external?: ExternalCredentials;
  /** Whether clients log in with the password alone, as they do with Redis. @default false */
  readonly passwordOnly?: boolean;
  /** Namespace of the server and of all its clients but the API. */
  readonly namespace: pulumi.Input<string>;
  /** Namespace of the API. */
  readonly apiNamespace: pulumi.Input<string>;
}

/** The user of a version. A name of its own lets the server tell the old user from the new one. */
export const usernameOf = (version: number): string => `apps-${version}`;

/** Credentials of one server. The component's name is the server's. */
export class Credentials extends pulumi.ComponentResource {
  readonly #server?: pulumi.Output<string>;
  readonly #clients?: Readonly<Record<Where, pulumi.Output<string>>>;
  readonly #keys: readonly string[];

  constructor(name: string, args: CredentialsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:credentials:Credentials', name, {}, opts);
    const { external, version } = args;
    const secret = (child: string, namespace: pulumi.Input<string>, data: Record<string, pulumi.Input<string>>) =>
      new k8s.core.v1.Secret(
        `${name}-${child}`,
        {
          metadata: { namespace, labels: { ...labelsOf(name) } },
          // Named after its content: a new password makes a new Secret, and just the pods that mount it roll.
          immutable: true,
          stringData: pulumi.secret(data),
        },
        { parent: this },
      ).metadata.name;
    /** Letters and digits only: 190 bits that mean the same in JAAS, redis.conf, a URL and a shell. */
    const password = (of: number) =>
      new random.RandomPassword(`${name}-password-v${of}`, { length: 32, special: false }, { parent: this }).result;

    const user = (of: number) => ({ username: usernameOf(of), password: password(of) });

    let client: ExternalCredentials;
    if (external === undefined) {
      const current = user(version);
      const previous = version > 1 ? user(version - 1) : current;
      this.#server = secret('server', args.namespace, {
        ...current,
        previousUsername: previous.username,
        previousPassword: previous.password,
      });
      client = current;
    } else client = external;
    const { username: _, ...withoutName } = client;
    const login = Object.entries(args.passwordOnly ? withoutName : client).filter(([, value]) => value !== undefined);
    this.#keys = login.map(([key]) => key);
    const data: Record<string, pulumi.Input<string>> = Object.fromEntries(login);
    if (login.length > 0)
      this.#clients = {
        main: secret('client', args.namespace, data),
        api: secret('client-api', args.apiNamespace, data),
      };
    this.registerOutputs({});
  }

  /**
   * Name of the server's Secret, in the main namespace: `username`, `password`, `previousUsername`, `previousPassword`. The
   * previous ones equal the current ones where there is none before.
   * @throws Error for an external server, which has none here
   */
  get server(): pulumi.Output<string> {
    if (this.#server === undefined) throw new Error('an external server has no Secret for itself in the cluster');
    return this.#server;
  }

  /** The server's Secret as files: `REDIS_USERNAME`, `REDIS_PASSWORD`, `REDIS_PREVIOUS_USERNAME`, `REDIS_PREVIOUS_PASSWORD`. */
  serverFiles(prefix: string): SecretFile[] {
    const file = (variable: string, key: string) => ({ variable: `${prefix}_${variable}`, secret: this.server, key });
    return [
      file('USERNAME', 'username'),
      file('PASSWORD', 'password'),
      file('PREVIOUS_USERNAME', 'previousUsername'),
      file('PREVIOUS_PASSWORD', 'previousPassword'),
    ];
  }

  /**
   * Name of the clients' Secret in one of the namespaces: `username` and `password`, as far as the server asks for them.
   * @throws Error for a server that asks for nothing
   */
  clientSecret(where: Where): pulumi.Output<string> {
    if (this.#clients === undefined)
      throw new Error('a server that asks for no password has no Secret for its clients');
    return this.#clients[where];
  }

  /** The clients' Secret as files: `KAFKA_USERNAME` and `KAFKA_PASSWORD`, as far as the server asks for them. */
  files(where: Where, prefix: string): SecretFile[] {
    return this.#keys.map((key) => ({
      variable: `${prefix}_${key.toUpperCase()}`,
      secret: this.clientSecret(where),
      key,
    }));
  }
}

/** What Credentials is made with for each server of a stack: random ones, or those of an external server. */
export function credentialsOf({ kafka, redis, mongo }: Pick<StackConfig, 'kafka' | 'redis' | 'mongo'>) {
  return {
    kafka: {
      version: kafka.passwordVersion,
      external: kafka.external === undefined ? undefined : { username: kafka.username, password: kafka.password },
    },
    redis: {
      version: redis.passwordVersion,
      passwordOnly: true,
      external: redis.external === undefined ? undefined : { password: redis.password },
    },
    mongo: {
      version: mongo.passwordVersion,
      external:
        mongo.external !== undefined
          ? { username: mongo.username, password: mongo.password }
          : mongo.auth
            ? undefined
            : {}, // it asks for nothing
    },
  } satisfies Record<string, Pick<CredentialsArgs, 'version' | 'external' | 'passwordOnly'>>;
}
