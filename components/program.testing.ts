// For tests: creates components without an engine, and collects the resources that they declare.
import * as pulumi from '@pulumi/pulumi';

/** One declared resource. Inputs that the program marks as secret are instances of SecretValue. */
export interface Declared {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: manifests are read at any depth, and a wrong path fails the test
  readonly inputs: any;
}

/** Pulumi's mark of a secret in a request to the engine. */
const SECRET_MARK = '4dabf18193072939515e22adb298388d';

const isSecret = (value: unknown): value is { value: unknown } =>
  typeof value === 'object' && value !== null && SECRET_MARK in value;

/** Stands for a secret value. */
export class SecretValue {
  constructor(readonly value: unknown) {}
}

function openSecrets(value: unknown): unknown {
  if (isSecret(value)) return new SecretValue(openSecrets(value.value));
  if (Array.isArray(value)) return value.map(openSecrets);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, openSecrets(inner)]));
}

/**
 * Collects what is declared after its construction. As in Pulumi, objects without a fixed name get
 * one that is derived from the name of the resource.
 */
export class Collector {
  readonly declared: Declared[] = [];

  constructor() {
    pulumi.runtime.setMocks(
      {
        call: () => ({}),
        newResource: ({ type, name, inputs }) => {
          this.declared.push({ type, name, inputs: openSecrets(inputs) });
          const made = type === 'random:index/randomPassword:RandomPassword' && { result: `made-for-${name}` };
          const pushed = type === 'docker:index/image:Image' && {
            repoDigest: `${inputs.imageName.replace(/:[^:/]*$/, '')}@sha256:${'0'.repeat(64)}`,
          };
          const metadata = inputs.metadata && { metadata: { name: `${name}-0123abcd`, ...inputs.metadata } };
          return { id: name, state: { ...inputs, ...made, ...pushed, ...metadata } };
        },
      },
      'breakwater',
      'test',
    );
  }

  /** Waits until everything is declared. @returns the resources whose type ends with `type` */
  async all(type = ''): Promise<readonly Declared[]> {
    await pulumi.runtime.disconnect();
    return this.declared.filter((resource) => resource.type.endsWith(type));
  }

  /** Inputs of the resource of a type and name. @throws Error if there is none */
  // biome-ignore lint/suspicious/noExplicitAny: see Declared
  async inputsOf(type: string, name: string): Promise<any> {
    const found = (await this.all(`:${type}`)).find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`no ${type} ${name} among ${this.declared.map(({ name: n }) => n)}`);
    return found.inputs;
  }
}

/** The value of an output. */
export const valueIn = <T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> =>
  new Promise((resolve) => pulumi.output(output).apply(resolve));
