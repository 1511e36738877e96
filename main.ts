// What Pulumi runs: checks the machine, then declares the stack. index.ts declares it as soon as it
// is loaded, and CommonJS has no top-level await: hence two files.
import * as pulumi from '@pulumi/pulumi';
import { requireReady } from './components/cluster/observe.ts';
import { readConfig } from './components/stack/config.ts';

/** Pulumi waits for the function, whose result are the outputs of the stack. */
export = async (): Promise<object> => {
  try {
    await requireReady(pulumi.getStack(), readConfig().cluster);
  } catch (error) {
    // A message that says what to do needs no stack trace.
    throw new pulumi.RunError((error as Error).message);
  }
  return require('./index.ts');
};
