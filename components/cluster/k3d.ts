// K3dCluster: a k3d cluster as a Pulumi resource, over the k3d command line.
import * as pulumi from '@pulumi/pulumi';
import type { K3dInputs } from './k3d-config.ts';
import {
  type CheckedK3dInputs,
  checkCluster,
  compare,
  completeInputs,
  createCluster,
  deleteCluster,
  isGone,
  type K3dState,
  readCluster,
  updateCluster,
} from './k3d-provider.ts';
import { run } from './run.ts';

/** The provider that Pulumi keeps in the state: it must capture nothing but plain functions. */
const provider: pulumi.dynamic.ResourceProvider<CheckedK3dInputs, K3dState> = {
  async check(olds, news) {
    const old = olds?.name === undefined ? undefined : olds;
    const inputs = await completeInputs(run, old, news);
    // A cluster that does not answer is no reason to refuse: the update asks again.
    const reason = await checkCluster(run, old, inputs).catch(() => '');
    return { inputs, failures: reason === '' ? [] : [{ property: 'agents', reason }] };
  },
  async diff(_id, olds, news) {
    const { replaces, changes } = compare(olds, news);
    // Deleted by hand, and not refreshed since. An engine that does not answer says nothing of its clusters.
    const gone = await isGone(run, olds.name).catch(() => false);
    // Two clusters can't have the same name and ports, not even for a moment.
    return { changes: changes || gone, replaces: gone ? [...replaces, 'name'] : replaces, deleteBeforeReplace: true };
  },
  async create(inputs) {
    return { id: inputs.name, outs: await createCluster(run, inputs) };
  },
  async read(id, state) {
    const found = await readCluster(run, state!);
    return found === undefined ? { id: '', props: undefined } : { id, props: found };
  },
  async update(_id, _olds, news) {
    return { outs: await updateCluster(run, news) };
  },
  async delete(_id, state) {
    await deleteCluster(run, state.name, state.stack);
  },
};

/** A k3d cluster. */
export class K3dCluster extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  /** Absolute path of the kubeconfig, which only its owner can read. */
  declare readonly kubeconfigPath: pulumi.Output<string>;
  /** Another for each cluster that is made, even under the same name. */
  declare readonly identity: pulumi.Output<string>;
  /** Another whenever one of its containers joins or is replaced. */
  declare readonly containers: pulumi.Output<string>;

  constructor(name: string, inputs: K3dInputs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { kubeconfigPath: undefined, identity: undefined, containers: undefined };
    super(provider, name, { ...inputs, ...outputs }, opts, 'cluster', 'K3dCluster');
  }
}
