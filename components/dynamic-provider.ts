// A dynamic resource whose code stays in the repository. Pulumi writes the text of a provider, with
// everything that it captures, into the stack's state, and a later refresh or destroy runs that
// text, however old it is. The providers made here capture the path of a module and nothing else.
// Pulumi runs them in the folder of the project, on the user's Node and without TypeScript, so jiti
// loads the module.
import type * as pulumi from '@pulumi/pulumi';

/** What a module that `providerIn` names exports as `provider`. */
export type DynamicProvider<Inputs, State> = pulumi.dynamic.ResourceProvider<Inputs, State>;

/** By module: Pulumi keeps the text of a provider for the object, and takes 40 ms to write it. */
const providers = new Map<string, pulumi.dynamic.ResourceProvider>();

/**
 * A provider that does what the `provider` of a module does.
 *
 * @param module path in the repository: `components/guard/provider.ts`. The states of all stacks
 * hold it, so it must stay.
 */
export function providerIn<Inputs, State>(module: string): DynamicProvider<Inputs, State> {
  const provider = providers.get(module) ?? makeProvider<Inputs, State>(module);
  providers.set(module, provider);
  return provider;
}

function makeProvider<Inputs, State>(module: string): DynamicProvider<Inputs, State> {
  const load = async (): Promise<DynamicProvider<Inputs, State>> => {
    const { resolve } = require('node:path') as typeof import('node:path');
    const { createJiti } = require('jiti') as typeof import('jiti');
    const loaded = await createJiti(resolve('package.json')).import(resolve(module));
    return (loaded as { readonly provider: DynamicProvider<Inputs, State> }).provider;
  };
  // What is left out there means what Pulumi takes a method to mean that is left out.
  return {
    async check(olds, news) {
      return (await (await load()).check?.(olds, news)) ?? { inputs: news };
    },
    async diff(id, olds, news) {
      return (await (await load()).diff?.(id, olds, news)) ?? {};
    },
    async create(inputs) {
      return (await load()).create(inputs);
    },
    async read(id, state) {
      return (await (await load()).read?.(id, state)) ?? { id, props: state! };
    },
    async update(id, olds, news) {
      return (await (await load()).update?.(id, olds, news)) ?? {};
    },
    async delete(id, state) {
      await (await load()).delete?.(id, state);
    },
  };
}
