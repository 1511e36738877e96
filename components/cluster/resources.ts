// The dynamic resources of a cluster: what each needs and gives. What they do is in the modules
// that they name.
import * as pulumi from '@pulumi/pulumi';
import { providerIn } from '../dynamic-provider.ts';
import type { HostSysctlsInputs, HostSysctlsState } from './host-sysctls.ts';
import type { K3dInputs } from './k3d-config.ts';
import type { CheckedK3dInputs, K3dState } from './k3d-provider.ts';
import type { NodeSysctlsInputs, NodeSysctlsState } from './node-sysctls.ts';
import type { TraefikInputs, TraefikState } from './traefik.ts';

type InputsOf<T> = { readonly [Key in keyof T]: pulumi.Input<T[Key]> };

/** A k3d cluster. */
export class K3dCluster extends pulumi.dynamic.Resource {
  declare readonly name: pulumi.Output<string>;
  /** Absolute path of the kubeconfig, which only its owner can read. */
  declare readonly kubeconfigPath: pulumi.Output<string>;
  /** Changes with each cluster that is made, even under the same name. */
  declare readonly identity: pulumi.Output<string>;
  /** Changes whenever one of its containers joins or is replaced. */
  declare readonly containers: pulumi.Output<string>;

  constructor(name: string, inputs: K3dInputs, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<CheckedK3dInputs, K3dState>('components/cluster/k3d-provider.ts');
    const outputs = { kubeconfigPath: undefined, identity: undefined, containers: undefined };
    super(provider, name, { ...inputs, ...outputs }, opts, 'cluster', 'K3dCluster');
  }
}

/** Kernel settings of the nodes of a k3d cluster. */
export class NodeSysctls extends pulumi.dynamic.Resource {
  constructor(name: string, args: InputsOf<NodeSysctlsInputs>, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<NodeSysctlsInputs, NodeSysctlsState>('components/cluster/node-sysctls.ts');
    super(provider, name, { ...args, previous: undefined }, opts, 'cluster', 'NodeSysctls');
  }
}

/** Settings of the ingress controller of a k3d cluster. */
export class TraefikSettings extends pulumi.dynamic.Resource {
  constructor(name: string, args: InputsOf<TraefikInputs>, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<TraefikInputs, TraefikState>('components/cluster/traefik.ts');
    super(provider, name, { ...args, applied: undefined }, opts, 'cluster', 'TraefikSettings');
  }
}

/** Kernel settings of the machine that the cluster runs on. */
export class HostSysctls extends pulumi.dynamic.Resource {
  constructor(name: string, args: InputsOf<HostSysctlsInputs>, opts?: pulumi.CustomResourceOptions) {
    const provider = providerIn<HostSysctlsInputs, HostSysctlsState>('components/cluster/host-sysctls.ts');
    super(provider, name, { ...args, previous: undefined }, opts, 'cluster', 'HostSysctls');
  }
}
