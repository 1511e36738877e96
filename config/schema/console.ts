// Config of the console, the live page.
import { z } from 'zod';
import { secretText, textOr, toggle, wholeNumber } from '../keys.ts';

const rollsConsole = 'Rolls the console pod: open pages connect again. Data stays.';

/** `console:*` */
export const consoleSchema = z.object({
  enabled: toggle({
    default: true,
    description: 'Whether the live page runs, in a cluster and in the local run.',
    change: 'Creates or deletes the console. No data is touched.',
  }),
  port: wholeNumber({
    min: 1,
    max: 65_535,
    default: 8088,
    description: 'Port of the page, in its pod and in the local run.',
    change: rollsConsole,
  }),
  host: textOr('console.localhost', {
    pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    allowed: 'a host name',
    description:
      'Host name under which the ingress shows the page. Browsers take names that end in `.localhost` for this machine.',
    change: 'In place: the ingress answers to the new name only.',
  }),
  user: textOr('viewer', {
    pattern: /^[^:\s]+$/,
    allowed: 'a user name without a colon',
    description: 'Who may look at the page in a cluster. The local run listens on this machine alone and asks nobody.',
    change: rollsConsole,
  }),
  password: secretText({
    description:
      'Password of the page in a cluster. One is made if none is set: `pulumi stack output consolePassword --show-secrets`.',
    change: `${rollsConsole} The old password stops working at once.`,
  }),
  memoryMiB: wholeNumber({
    min: 96,
    max: 4_096,
    default: 160,
    unit: 'MiB',
    description: 'Memory that the console pod may use; its heap gets a bit more than half of it.',
    change: rollsConsole,
  }),
});
