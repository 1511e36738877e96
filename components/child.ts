// How a component's children are tied to it.
import type { ComponentResource, ComponentResourceOptions, CustomResourceOptions } from '@pulumi/pulumi';

/**
 * Options of a component's child: it is parented, and goes with the cluster where the component does. Pulumi passes a
 * component's provider on to its children by itself, but not `deletedWith`.
 */
export const childOf = (
  parent: ComponentResource,
  opts: ComponentResourceOptions | undefined,
): Pick<CustomResourceOptions, 'parent' | 'deletedWith'> => ({
  parent,
  ...(opts?.deletedWith && { deletedWith: opts.deletedWith }),
});
