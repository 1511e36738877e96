// The effect of a change of the config: compares what a stack declares before and after it, as
// Kubernetes and Pulumi would react to the difference.
import { isDeepStrictEqual } from 'node:util';
import { compare as compareClusters } from '../../components/cluster/k3d-provider.ts';
import { type Declared, key } from './declare.ts';
import { kindOf, type Manifest, manifestOf } from './workloads.ts';

/**
 * The effect on a stack. Rolls and runs are names of workloads; the others are objects, as `Kind
 * name`.
 */
export interface Effect {
  /**
   * Workloads whose pods are replaced: one by one, or all at once if the workload recreates them.
   */
  readonly rolls: readonly string[];
  /** Jobs that run again. */
  readonly runs: readonly string[];
  /** Objects that change in place. */
  readonly changes: readonly string[];
  readonly creates: readonly string[];
  readonly deletes: readonly string[];
  /** Objects that are deleted and created again. */
  readonly replaces: readonly string[];
}

/** Stands for all objects in the cluster, when another cluster takes its place. */
const EVERYTHING = 'everything in the cluster';

const NONE: Effect = { rolls: [], runs: [], changes: [], creates: [], deletes: [], replaces: [] };

/**
 * Kinds named after their content. Their only effect is that pods roll, because the name in their
 * spec changes.
 */
const CONTENT = ['ConfigMap', 'Secret', 'TriggerAuthentication'];

/** Component resources only group others, and the guard only keeps the config. */
const isSilent = ({ type }: Declared): boolean => type.startsWith('breakwater:') || type.endsWith(':Guard');

const labelOf = (resource: Declared): string =>
  `${kindOf(resource) || (resource.type.split(':').at(-1) ?? '')} ${manifestOf(resource).metadata?.name ?? resource.name}`;

/** The effect on the cluster itself and on the provider that connects to it. */
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

/** The effect of going from one declaration to the other. */
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
  // No old object is left that could change.
  if (effect.replaces.includes(EVERYTHING)) return { ...NONE, replaces: effect.replaces.filter(isCluster) };
  return effect;
}

const isCluster = (name: string): boolean => name === EVERYTHING || name.startsWith('K3dCluster ');
