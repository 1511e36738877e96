// Single sign-on: oauth2-proxy in the pod of a page. It sends users to the issuer, and passes their
// requests on over the loopback address of the pod.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { StackConfig } from '../../config/schema.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import { labelsOf } from './labels.ts';
import type { ContainerArgs } from './pod.ts';
import { httpProbe } from './probes.ts';

/** Name of the container, and of its port. */
const NAME = 'oauth2-proxy';
/** Port that a page is reached at when single sign-on is on. */
export const SIGN_ON_PORT = 4180;

/** Time after which a user is sent to the issuer again, so that a user who is gone is noticed. */
const SESSION = '8h';

/** The page, and where users find it. */
export interface SignOnArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: Pick<StackConfig, 'sso' | 'images'>;
  /** Address of the page for users. */
  readonly url: string;
  /** Port of the page in its pod. */
  readonly port: number;
  /**
   * Whether the page sees the name that users call it by; otherwise, its loopback address.
   * @default true
   */
  readonly passHost?: boolean;
}

/** Where the issuer is, for network policies; nowhere if single sign-on is off. */
export function issuerEnds({ issuer }: StackConfig['sso']): readonly (readonly ['external', number])[] {
  if (issuer === undefined) return [];
  const { port, protocol } = new URL(issuer);
  return [['external', port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)]];
}

/**
 * Settings of oauth2-proxy, by the variables that it reads.
 * @see https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview
 */
export function signOnEnvironment({ config, url, port, passHost = true }: Omit<SignOnArgs, 'namespace'>) {
  const { issuer = '', clientId = '', emailDomains } = config.sso;
  return {
    OAUTH2_PROXY_PROVIDER: 'oidc',
    OAUTH2_PROXY_OIDC_ISSUER_URL: issuer,
    OAUTH2_PROXY_CLIENT_ID: clientId,
    OAUTH2_PROXY_CODE_CHALLENGE_METHOD: 'S256',
    OAUTH2_PROXY_SCOPE: 'openid email profile',
    // Its default, `force`, asks for consent at each login.
    OAUTH2_PROXY_APPROVAL_PROMPT: 'auto',
    OAUTH2_PROXY_EMAIL_DOMAINS: emailDomains,
    OAUTH2_PROXY_HTTP_ADDRESS: `0.0.0.0:${SIGN_ON_PORT}`,
    OAUTH2_PROXY_REDIRECT_URL: `${url}/oauth2/callback`,
    OAUTH2_PROXY_UPSTREAMS: `http://127.0.0.1:${port}`,
    OAUTH2_PROXY_PASS_HOST_HEADER: String(passHost),
    OAUTH2_PROXY_SKIP_PROVIDER_BUTTON: 'true',
    OAUTH2_PROXY_COOKIE_SECURE: String(url.startsWith('https:')),
    OAUTH2_PROXY_COOKIE_EXPIRE: SESSION,
    // No page needs the issuer's tokens, so browsers do not get them.
    OAUTH2_PROXY_SESSION_COOKIE_MINIMAL: 'true',
    OAUTH2_PROXY_REQUEST_LOGGING: 'false',
  };
}

/**
 * The container in front of a page, with its Secret. Undefined if single sign-on is off.
 * @param name of the page
 */
export function signOn(name: string, args: SignOnArgs, opts: pulumi.CustomResourceOptions): ContainerArgs | undefined {
  const { namespace, config } = args;
  if (config.sso.issuer === undefined) return undefined;
  // A cookie is encrypted with 16, 24 or 32 bytes.
  const cookie = new random.RandomPassword(`${name}-cookie`, { length: 32, special: false }, opts).result;
  // It has no fixed name: another client secret creates another Secret, and the pod rolls.
  const secret = new k8s.core.v1.Secret(
    `${name}-sign-on`,
    {
      metadata: { namespace, labels: { ...labelsOf(name) } },
      immutable: true,
      stringData: pulumi.secret({ clientSecret: config.sso.clientSecret ?? '', cookie }),
    },
    opts,
  ).metadata.name;
  return {
    name: NAME,
    image: officialImage(NAME, config.images),
    environment: signOnEnvironment(args),
    secretFiles: [
      { variable: 'OAUTH2_PROXY_CLIENT_SECRET', secret, key: 'clientSecret' },
      { variable: 'OAUTH2_PROXY_COOKIE_SECRET', secret, key: 'cookie' },
    ],
    ports: [{ name: NAME, port: SIGN_ON_PORT }],
    ...memoryOf(NAME),
    // It exits until the issuer answers.
    readinessProbe: httpProbe('/ready', NAME, { periodSeconds: 5 }),
    livenessProbe: httpProbe('/ping', NAME, { periodSeconds: 15, failureThreshold: 4 }),
  };
}
