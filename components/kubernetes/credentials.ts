// Credentials: the user and password of one server, as Secrets for the server and its clients. They
// are random, or those of an external server. Raising the version creates a new user and keeps the
// previous one, so that no client is refused while pods roll.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from './labels.ts';
import type { Namespaces, Where } from './namespaces.ts';
import type { SecretFile } from './pod.ts';

/** Credentials of a server outside the cluster. What it does not require is left out. */
export interface ExternalCredentials {
  readonly username?: pulumi.Input<string>;
  readonly password?: pulumi.Input<string>;
}

/** Arguments of Credentials. */
export interface CredentialsArgs {
  /** `<server>:passwordVersion` */
  readonly version: number;
  /** Credentials of a server outside the cluster. @default random ones */
  readonly external?: ExternalCredentials;
  /** Whether clients log in with the password alone, as they do with Redis. @default false */
  readonly passwordOnly?: boolean;
  /** Namespace of the server, and of all its clients except the API. */
  readonly namespace: pulumi.Input<string>;
  /** Namespace of the API. */
  readonly apiNamespace: pulumi.Input<string>;
}

/** The user of a version. Each has a name of its own, so that the server can tell them apart. */
const usernameOf = (version: number): string => `apps-${version}`;

/** Credentials of one server. The component is named after the server. */
export class Credentials extends pulumi.ComponentResource {
  /** What clients log in with; the password is a secret. Empty without authentication. */
  readonly login: ExternalCredentials;
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
          // It has no fixed name: a new password creates a new Secret, and its pods roll.
          immutable: true,
          stringData: pulumi.secret(data),
        },
        { parent: this },
      ).metadata.name;
    // 190 bits, in characters that need no escaping in JAAS, redis.conf, a URL or a shell.
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
    this.login = client;
    const { username: _, ...withoutName } = client;
    const login = Object.entries(args.passwordOnly ? withoutName : client).filter(([, value]) => value !== undefined);
    this.#keys = login.map(([key]) => key);
    const data: Record<string, pulumi.Input<string>> = Object.fromEntries(login);
    if (login.length > 0)
      this.#clients = {
        main: secret('client', args.namespace, data),
        api: secret('client-api', args.apiNamespace, data),
      };
    this.registerOutputs({ serverSecret: this.#server, clientSecrets: this.#clients });
  }

  /**
   * Name of the server's Secret, in the main namespace. Its keys are `username`, `password`,
   * `previousUsername` and `previousPassword`; they are equal before the first rotation.
   * @throws Error for an external server, which has no Secret of its own here
   */
  get server(): pulumi.Output<string> {
    if (this.#server === undefined) throw new Error('an external server has no Secret of its own in the cluster');
    return this.#server;
  }

  /** The server's Secret as files: `REDIS_USERNAME`, `REDIS_PREVIOUS_PASSWORD` and so on. */
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
   * Name of the clients' Secret in a namespace. Its keys are `username` and `password`, or the one
   * that the server requires.
   * @throws Error for a server that requires neither
   */
  clientSecret(where: Where): pulumi.Output<string> {
    if (this.#clients === undefined) throw new Error('a server without authentication has no Secret for its clients');
    return this.#clients[where];
  }

  /**
   * The clients' Secret as files: `KAFKA_USERNAME`, `KAFKA_PASSWORD`. None without authentication.
   */
  files(where: Where, prefix: string): SecretFile[] {
    return this.#keys.map((key) => ({
      variable: `${prefix}_${key.toUpperCase()}`,
      secret: this.clientSecret(where),
      key,
    }));
  }
}

/** Credentials of the servers that AWS runs for the stack. */
export type ManagedLogins = Readonly<Partial<Record<LoginServer, ExternalCredentials>>>;

/**
 * How the credentials of each server are made.
 * @param managed those of servers that AWS runs for the stack
 */
export function credentialsOf(
  { kafka, redis, mongo, mysql }: Pick<StackConfig, LoginServer>,
  managed: ManagedLogins = {},
) {
  return {
    kafka: {
      version: kafka.passwordVersion,
      external:
        managed.kafka ??
        (kafka.external === undefined ? undefined : { username: kafka.username, password: kafka.password }),
    },
    redis: {
      version: redis.passwordVersion,
      passwordOnly: true,
      external: managed.redis ?? (redis.external === undefined ? undefined : { password: redis.password }),
    },
    mongo: {
      version: mongo.passwordVersion,
      external:
        mongo.external !== undefined
          ? { username: mongo.username, password: mongo.password }
          : mongo.auth
            ? undefined
            : {}, // without authentication
    },
    mysql: { version: 1, external: managed.mysql ?? { username: mysql.username, password: mysql.password } },
  } satisfies Record<string, Pick<CredentialsArgs, 'version' | 'external' | 'passwordOnly'>>;
}

/** A server that clients log in to. */
export type LoginServer = 'redis' | 'kafka' | 'mongo' | 'mysql';

/** Credentials of the servers that a stack uses. */
export interface Logins {
  readonly redis: Credentials;
  /** Undefined if the store is not MongoDB. */
  readonly mongo?: Credentials;
  /** Undefined if the store is not MySQL. */
  readonly mysql?: Credentials;
  /** Undefined if the queue is not Kafka. */
  readonly kafka?: Credentials;
}

/** Creates the credentials of every server that the stack uses, in the cluster or outside. */
export function createLogins(
  config: Pick<StackConfig, LoginServer | 'queue' | 'store'>,
  namespaces: Pick<Namespaces, Where>,
  opts?: pulumi.ComponentResourceOptions,
  managed: ManagedLogins = {},
): Logins {
  const args = credentialsOf(config, managed);
  const create = (server: LoginServer) =>
    new Credentials(server, { ...args[server], namespace: namespaces.main, apiNamespace: namespaces.api }, opts);
  return {
    redis: create('redis'),
    ...(config.store.kind === 'mongo' && { mongo: create('mongo') }),
    ...(config.store.kind === 'mysql' && { mysql: create('mysql') }),
    ...(config.queue.kind === 'kafka' && { kafka: create('kafka') }),
  };
}

/** What a pod logs in with, as files: `REDIS_PASSWORD`, `KAFKA_USERNAME` and so on. */
export const loginFiles = (logins: Partial<Logins>, where: Where, servers: readonly LoginServer[]): SecretFile[] =>
  servers.flatMap((server) => logins[server]?.files(where, server.toUpperCase()) ?? []);
