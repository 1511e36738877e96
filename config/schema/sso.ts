// Config of single sign-on: the login of the pages that people look at.
import { z } from 'zod';
import { optionalText, secretText, textOr, toggle } from '../keys.ts';

const rollsPages = 'Rolls the console, Grafana and the web UI of Kafka. No record is touched.';

/** `sso:*` */
export const ssoSchema = z.object({
  issuer: optionalText({
    pattern: /^https?:\/\/[^\s?#]+$/,
    allowed: 'the address of an OpenID Connect issuer, such as https://login.example.com',
    description:
      "OpenID Connect issuer that users log in to before they see the console, Grafana or Kafka's web UI. Pods must reach it under this address. Without it, the console and Grafana each have a password.",
    change:
      "Rolls the console, Grafana and the web UI of Kafka. When it is set or removed, also creates or deletes the ingress of Kafka's web UI. No record is touched.",
  }),
  clientId: optionalText({
    pattern: /^\S+$/,
    allowed: 'a client id',
    description:
      'Id of the client that is registered with the issuer, with `<address of the page>/oauth2/callback` of each page as redirect URIs.',
    change: rollsPages,
  }),
  clientSecret: secretText({
    description: 'Secret of the client. Set it with `--secret`.',
    change: rollsPages,
  }),
  emailDomains: textOr('*', {
    pattern: /^(\*|[a-z0-9.-]+(,[a-z0-9.-]+)*)$/,
    allowed: 'mail domains, separated by commas, or *',
    description:
      'Mail domains of the users who may log in. `*` is everyone whom the issuer lets in: with a public one such as Google, that is everyone.',
    change: rollsPages,
  }),
  https: toggle({
    default: false,
    description:
      'Whether users reach the pages over HTTPS, which something in front of the ingress must then provide. Issuers usually refuse to redirect to plain HTTP, except to this machine.',
    change: rollsPages,
  }),
});
