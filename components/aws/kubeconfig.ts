// The kubeconfig of the EKS cluster: a file beside that of a k3d cluster would be. It asks the AWS
// CLI for a token each time, and holds no secret.
import type * as aws from '@pulumi/aws-native';
import * as pulumi from '@pulumi/pulumi';
import { providerIn } from '../dynamic-provider.ts';
import type { KubeconfigInputs, KubeconfigState } from './kubeconfig-provider.ts';
import type { Place } from './place.ts';

/** The content of the file; cluster, user and context are named after the stack. */
export const kubeconfigText = ({ name, region }: Place, cluster: aws.eks.Cluster): pulumi.Output<string> =>
  pulumi.all([cluster.endpoint, cluster.certificateAuthorityData]).apply(([server, certificate]) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server, 'certificate-authority-data': certificate } }],
      users: [
        {
          name,
          user: {
            exec: {
              apiVersion: 'client.authentication.k8s.io/v1beta1',
              command: 'aws',
              args: ['eks', 'get-token', '--region', region, '--cluster-name', name, '--output', 'json'],
              interactiveMode: 'Never',
            },
          },
        },
      ],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    }),
  );

/** The file on this machine, for kubectl and for the commands of the project. */
export class KubeconfigFile extends pulumi.dynamic.Resource {
  /** Absolute path. */
  declare readonly path: pulumi.Output<string>;

  constructor(
    name: string,
    args: { readonly stack: string; readonly content: pulumi.Input<string> },
    opts?: pulumi.CustomResourceOptions,
  ) {
    const provider = providerIn<KubeconfigInputs, KubeconfigState>('components/aws/kubeconfig-provider.ts');
    super(provider, name, { ...args, path: undefined }, opts, 'aws', 'KubeconfigFile');
  }
}
