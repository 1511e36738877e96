// What `pulumi up` gave: the outputs of a stack that commands outside the program go by.
import { z } from 'zod';
import { NotReadyError } from '../errors.ts';
import { CommandError, run } from '../run.ts';

const schema = z.object({
  /** Base address of the API as it can be reached from this machine. */
  apiUrl: z.url(),
  /**
   * Host name that the ingress knows the API by; absent where requests go straight to a node port.
   */
  apiHost: z.string().optional(),
  kubeconfigPath: z.string(),
  context: z.string(),
  /**
   * Of the servers and of all apps but the API, which is in `<namespace>-api`; monitoring is in
   * `<namespace>-monitoring`.
   */
  namespace: z.string(),
});

/** The outputs that are read here. */
export type StackOutputs = z.infer<typeof schema>;

interface StackChoice {
  /** Undefined: the stack that `pulumi stack select` chose. */
  readonly stack: string | undefined;
  /** Where Pulumi.yaml is. */
  readonly directory: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Reads the outputs of a stack that is up. @throws NotReadyError when it is not */
export async function readOutputs({ stack, directory, env }: StackChoice): Promise<StackOutputs> {
  const which = stack === undefined ? [] : ['--stack', stack];
  const name = stack === undefined ? 'the selected stack' : `the stack ${stack}`;
  let text: string;
  try {
    text = await run('pulumi', ['stack', 'output', '--json', '--non-interactive', ...which], { cwd: directory, env });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new NotReadyError(`${name} cannot be read: ${error.message}`, { cause: error });
  }
  return parseOutputs(text, name);
}

/**
 * @param text JSON as `pulumi stack output --json` prints it
 * @throws NotReadyError naming what is missing
 */
export function parseOutputs(text: string, name: string): StackOutputs {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  const missing = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new NotReadyError(`${name} is not up (its outputs lack ${missing}); bring it up with "pulumi up"`);
}

/** Namespace of the API. */
export const apiNamespace = ({ namespace }: Pick<StackOutputs, 'namespace'>): string => `${namespace}-api`;
