// What Pulumi does with the kubeconfig of an EKS cluster: writes it, also on another machine, and
// removes it with the stack.
import { readFile } from 'node:fs/promises';
import { kubeconfigPathOf, removeKubeconfig, saveKubeconfig } from '../cluster/kubeconfig-file.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';

/** What the file is made from. */
export interface KubeconfigInputs {
  /** Name of the stack, which the file is named after. */
  readonly stack: string;
  readonly content: string;
}

/** And where it is. */
export interface KubeconfigState extends KubeconfigInputs {
  readonly path: string;
}

const write = async (inputs: KubeconfigInputs): Promise<KubeconfigState> => ({
  ...inputs,
  path: await saveKubeconfig(inputs.stack, inputs.content),
});

/** The file is written again wherever it is missing or differs. */
export const provider: DynamicProvider<KubeconfigInputs, KubeconfigState> = {
  async diff(_id, _old, { stack, content }) {
    const found = await readFile(kubeconfigPathOf(stack), 'utf8').catch(() => undefined);
    return { changes: found !== content };
  },
  async create(inputs) {
    return { id: inputs.stack, outs: await write(inputs) };
  },
  async update(_id, _old, inputs) {
    return { outs: await write(inputs) };
  },
  async delete(_id, { stack }) {
    await removeKubeconfig(stack);
  },
};
