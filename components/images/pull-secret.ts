// The login of private registries, in each namespace of the stack: the kubelets pull with it.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from '../kubernetes/labels.ts';

/**
 * Name of the Secret. Unlike other Secrets it has a fixed name and can change: no container reads
 * it, so that a new login needs no new pods.
 */
export const PULL_SECRET = 'image-pull';

/** The Secret of a namespace; none without `images:pullSecret`. @param name name of the resource */
export const createPullSecret = (
  name: string,
  { namespace, config }: { readonly namespace: pulumi.Input<string>; readonly config: Pick<StackConfig, 'images'> },
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret | undefined =>
  config.images.pullSecret === undefined
    ? undefined
    : new k8s.core.v1.Secret(
        name,
        {
          metadata: { name: PULL_SECRET, namespace, labels: { ...labelsOf(PULL_SECRET) } },
          type: 'kubernetes.io/dockerconfigjson',
          stringData: pulumi.secret({ '.dockerconfigjson': config.images.pullSecret }),
        },
        opts,
      );
