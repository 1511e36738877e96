// What an app in the cluster was told: its environment and its secrets, read from the Deployment
// itself.
import type { Kubectl } from './kubectl.ts';

/** The parts of a pod that we read. */
export interface PodSpec {
  readonly containers: readonly {
    readonly image: string;
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
    readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

export interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly replicas: number; readonly template: { readonly spec: PodSpec } };
  readonly status: { readonly replicas?: number; readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

/** Where a secret of a pod comes from. */
interface SecretKey {
  readonly secret: string;
  readonly key: string;
}

/**
 * The secrets that the first container reads from files, by the variable that they stand for
 * (`REDIS_PASSWORD`).
 */
export function secretFilesOf(pod: PodSpec): ReadonlyMap<string, SecretKey> {
  const [container] = pod.containers;
  const secretAt = (path: string): string | undefined => {
    const mount = container?.volumeMounts?.find(({ mountPath }) => path.startsWith(`${mountPath}/`));
    return pod.volumes?.find(({ name }) => name === mount?.name)?.secret?.secretName;
  };
  return new Map(
    (container?.env ?? []).flatMap(({ name, value }) => {
      const secret = name.endsWith('_FILE') && value !== undefined ? secretAt(value) : undefined;
      return secret === undefined
        ? []
        : [[name.slice(0, -'_FILE'.length), { secret, key: value!.slice(value!.lastIndexOf('/') + 1) }]];
    }),
  );
}

/** The environment and secrets of a Deployment's app, in clear. @throws CommandError */
export async function appSettings(
  kubectl: Kubectl,
  namespace: string,
  app: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const { spec } = (await kubectl.get<Deployment>(namespace, `deployment/${app}`)).spec.template;
  const settings: Record<string, string | undefined> = {};
  for (const { configMapRef } of spec.containers[0]?.envFrom ?? []) {
    if (!configMapRef) continue;
    const { data } = await kubectl.get<{ data: Record<string, string> }>(namespace, `configmap/${configMapRef.name}`);
    Object.assign(settings, data);
  }
  for (const [variable, { secret, key }] of secretFilesOf(spec)) {
    const { data } = await kubectl.get<{ data: Record<string, string> }>(namespace, `secret/${secret}`);
    settings[variable] = Buffer.from(data[key] ?? '', 'base64').toString();
  }
  return settings;
}
