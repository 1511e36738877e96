// Config and secrets: how they reach pods, and that no secret is readable.
import { CLEAR_PASSWORD, key, SECRET } from '../declare.ts';
import { manifestOf, namespaceOf, ofKind, type Policies } from '../workloads.ts';

const SUSPICIOUS = /password|secret|token|credential/i;

/** Names of values that look like a secret and are readable. The path of a file is not a secret. */
function readableSecrets(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => readableSecrets(inner, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  const { name, value: text } = value as { name?: unknown; value?: unknown };
  const variable =
    typeof name === 'string' &&
    SUSPICIOUS.test(name) &&
    typeof text === 'string' &&
    !text.startsWith('/') &&
    text !== SECRET
      ? [`${path}.${name}`]
      : [];
  return [...variable, ...Object.entries(value).flatMap(([inner, item]) => readableSecrets(item, `${path}.${inner}`))];
}

/** ConfigMaps, Secrets and names of objects. */
export const configPolicies: Policies = {
  'config is immutable and named after its content': (declared) =>
    ofKind(declared, 'ConfigMap', 'Secret')
      // No container reads a registry's login: pods need not roll when it changes.
      .filter((config) => manifestOf(config).type !== 'kubernetes.io/dockerconfigjson')
      .filter((config) => manifestOf(config).immutable !== true || manifestOf(config).metadata?.name !== undefined)
      .map(key),

  'no secret can be read': (declared) => [
    ...declared.filter((resource) => JSON.stringify(resource).includes(CLEAR_PASSWORD)).map(key),
    ...declared.flatMap((resource) => readableSecrets(resource.properties, key(resource))),
    ...ofKind(declared, 'Secret')
      .filter((secret) =>
        Object.values({ ...manifestOf(secret).data, ...manifestOf(secret).stringData }).some(
          (value) => value !== SECRET,
        ),
      )
      .map(key),
  ],

  'no two objects have the same name': (declared) => {
    const names = declared.flatMap((resource) => {
      const name = manifestOf(resource).metadata?.name;
      return resource.type.startsWith('kubernetes:') && name !== undefined
        ? [`${resource.type} ${namespaceOf(resource)}/${name}`]
        : [];
    });
    return names.filter((name, index) => names.indexOf(name) !== index);
  },
};
