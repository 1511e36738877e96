// What a change of the config does to a stack: the stack as declared before and after, compared as Kubernetes and Pulumi would take it.
import { isDeepStrictEqual } from 'node:util';
import { compare as compareClusters } from '../../components/cluster/k3d-provider.ts';
import { type Declared, key } from './declare.ts';
import { kindOf, type Manifest, manifestOf } from './workloads.ts';

/** What becomes of a stack; names are those of the workloads, other objects are `Kind name`. */
export interface Effect {
  /** Workloads whose pods are replaced, by a roll, or all at once where the workload is of that kind. */
  readonly rolls: readonly string[];
  /** Jobs that run again. */
  readonly runs: readonly string[];
  /** Objects that change in place. */
  readonly changes: readonly string[];
  readonly creates: readonly string[];
  readonly deletes: readonly string[];
  /** Objects that are deleted and made again. */
  readonly replaces: readonly string[];
}

/** Stands for all objects in the cluster, where they are made again in another one. */
export const EVERYTHING = 'everything in the cluster';

const NONE: Effect = { rolls: [], runs: [], changes: [], creates: [], deletes: [], replaces: [] };

/** Named after their content: a pod that names another rolls, and nothing else comes of it. */
const CONTENT = ['ConfigMap', 'Secret', 'TriggerAuthentication'];

/** Components of ours group others and do nothing; the guard keeps a note. */
const isSilent = ({ type }: Declared): boolean => type.startsWith('breakwater:') || type.endsWith(':Guard');

const labelOf = (resource: Declared): string =>
  `${kindOf(resource) || (resource.type.split(':').at(-1) ?? '')} ${manifestOf(resource).metadata?.name ?? resource.name}`;

/** What becomes of the cluster itself and of the way to it. */
function clusterEffect(before: Declared, after: Declared): Partial<Effect> | undefined {
  const [old, next] = [manifestOf(before), manifestOf(after)];
  if (after.type === 'pulumi:providers:kubernetes')
    return old.clusterIdentifier === next.clusterIdentifier ? {} : { replaces: [EVERYTHING] };
  if (!after.type.endsWith(':K3dCluster')) return undefined;
  const { replaces, changes } = compareClusters(old, next);
  if (replaces.length > 0) return { replaces: [labelOf(after), EVERYTHING] };
  return changes || !isDeepStrictEqual(before.options, after.options) ? { changes: [labelOf(after)] } : {};
}

/** Fields that Kubernetes refuses to change, so that Pulumi replaces the object. */
function isReplaced(kind: string, before: Manifest, after: Manifest): boolean {
  if (before.metadata?.name !== after.metadata?.name || before.metadata?.namespace !== after.metadata?.namespace)
    return true;
  const fixed: Readonly<Record<string, readonly string[]>> = {
    StatefulSet: ['volumeClaimTemplates', 'selector', 'serviceName', 'podManagementPolicy'],
    Deployment: ['selector'],
    PersistentVolumeClaim: ['storageClassName', 'accessModes'],
  };
  return (fixed[kind] ?? []).some((field) => !isDeepStrictEqual(before.spec?.[field], after.spec?.[field]));
}

const without = (manifest: Manifest): Manifest => ({ ...manifest, spec: { ...manifest.spec, template: undefined } });

function effectOf(before: Declared, after: Declared): Partial<Effect> {
  const kind = kindOf(after);
  const [old, next] = [manifestOf(before), manifestOf(after)];
  const name = next.metadata?.name ?? after.name;
  if (isDeepStrictEqual(old, next) && isDeepStrictEqual(before.options, after.options)) return {};
  const cluster = clusterEffect(before, after);
  if (cluster !== undefined) return cluster;
  if (kind === 'Job') return { runs: [name] };
  if (isReplaced(kind, old, next)) return { replaces: [labelOf(after)] };
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return { changes: [labelOf(after)] };
  const rolls = !isDeepStrictEqual(old.spec.template, next.spec.template);
  const changes = !isDeepStrictEqual(without(old), without(next)) || !isDeepStrictEqual(before.options, after.options);
  return { ...(rolls && { rolls: [name] }), ...(changes && { changes: [labelOf(after)] }) };
}

/** What going from the one to the other does. */
export function compare(before: readonly Declared[], after: readonly Declared[]): Effect {
  const visible = (declared: readonly Declared[]) =>
    new Map(
      declared
        .filter((resource) => !isSilent(resource) && !CONTENT.includes(kindOf(resource)))
        .map((resource) => [key(resource), resource]),
    );
  const [old, next] = [visible(before), visible(after)];
  const both = [...next].flatMap(([place, resource]) => {
    const previous = old.get(place);
    return previous === undefined ? [] : [effectOf(previous, resource)];
  });
  const merged = (field: keyof Effect): readonly string[] => both.flatMap((effect) => effect[field] ?? []).toSorted();
  const only = (these: Map<string, Declared>, those: Map<string, Declared>): readonly string[] =>
    [...these]
      .filter(([place]) => !those.has(place))
      .map(([, resource]) => labelOf(resource))
      .toSorted();
  const effect = {
    rolls: merged('rolls'),
    runs: merged('runs'),
    changes: merged('changes'),
    replaces: [...new Set(merged('replaces'))],
    creates: only(next, old),
    deletes: only(old, next),
  };
  // Nothing is left of the old objects to change.
  if (effect.replaces.includes(EVERYTHING)) return { ...NONE, replaces: effect.replaces.filter(isCluster) };
  return effect;
}

const isCluster = (name: string): boolean => name === EVERYTHING || name.startsWith('K3dCluster ');
