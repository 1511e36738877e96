// What Pulumi runs: checks the machine, then declares the stack. index.ts declares it as soon as it
// is loaded, and CommonJS has no top-level await: hence two files.
import * as pulumi from '@pulumi/pulumi';
import { requireReady } from './components/cluster/observe.ts';
import { PullProgress } from './components/cluster/pull-progress.ts';
import { readConfig } from './components/stack/config.ts';

/** Says what the nodes pull while Pulumi waits for pods. A line that comes too late does no harm. */
function reportPulls({ kubeconfigPath, context }: ClusterOutputs): void {
  pulumi.all([kubeconfigPath, context]).apply(([path, name]) =>
    new PullProgress(
      { kubeconfigPath: path, context: name },
      {
        onProgress: (text) => void pulumi.log.info(text, undefined, undefined, true).catch(() => undefined),
        onFailure: (text) => void pulumi.log.warn(text).catch(() => undefined),
      },
    ).start(),
  );
}

type ClusterOutputs = Readonly<Record<'kubeconfigPath' | 'context', pulumi.Output<string>>>;

/** Pulumi waits for the function, whose result are the outputs of the stack. */
export = async (): Promise<object> => {
  try {
    for (const notice of await requireReady(pulumi.getStack(), readConfig())) await pulumi.log.warn(notice);
  } catch (error) {
    // A message that says what to do needs no stack trace.
    throw new pulumi.RunError((error as Error).message);
  }
  const outputs = require('./index.ts');
  if (!pulumi.runtime.isDryRun()) reportPulls(outputs);
  return outputs;
};
