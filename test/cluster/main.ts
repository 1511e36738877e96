// npm run e2e: brings a stack up on a real cluster, changes it, measures, and destroys it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kubeconfigWith } from '../../components/cluster/this-machine.ts';
import { Kubectl } from '../../tooling/cluster/kubectl.ts';
import { INTERRUPTED, UsageError } from '../../tooling/errors.ts';
import { CommandError, run } from '../../tooling/run.ts';
import type { Context, Step } from './context.ts';
import { saveDiagnosis } from './diagnosis.ts';
import { clusterOf, REPOSITORY } from './machine.ts';
import { configOf, helpText, type Options, parseOptions } from './options.ts';
import { STEPS } from './plan.ts';
import { Pulumi } from './pulumi.ts';
import { writeReport } from './report/render.ts';
import { describeRun, runName } from './report/report.ts';
import { runSteps, type StepResult } from './run.ts';
import { RunningStack } from './running-stack.ts';
import { steps } from './steps/index.ts';
import { destroy, sweep } from './steps/tear-down.ts';

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    console.log(helpText());
    return 0;
  }
  const interrupted = interruptible();
  const work = options.work === undefined ? await mkdtemp(join(tmpdir(), 'breakwater-e2e-')) : resolve(options.work);
  const pulumi = await Pulumi.open({
    program: REPOSITORY,
    work,
    name: `e2e-${options.stack}`,
    from: options.stack,
    signal: interrupted.signal,
  });
  if (pulumi.isNew) await pulumi.set(configOf(options));
  const begun = performance.now();
  const say = (text: string) => console.log(`${clock(begun)}  ${text}`);

  const startedAt = new Date();
  const results = await runSteps(
    {
      names: options.steps,
      title: (name) => STEPS[name].title,
      steps,
      diagnose: async (failed) => {
        const folder = join(options.reportDir, runName(options.stack, startedAt), `failed-${failed}`);
        await diagnose(pulumi, options, work, folder);
        say(`  events, descriptions and logs: ${folder}`);
      },
      cleanUp: (done) => (options.keep ? undefined : cleanUp(pulumi, done)),
    },
    { options, pulumi, signal: interrupted.signal, say, stack: stackReader(pulumi, options) },
  );
  const report = await describeRun({ options, results, startedAt, interrupted: interrupted.signal.aborted });
  const files = await writeReport(report, options.reportDir);
  say(`${report.ok ? 'passed' : 'FAILED'}; report: ${files.html}`);
  const left = pulumi.exists;
  if (left) say(howToContinue(pulumi, work));
  else if (!report.ok) say(`Pulumi's logs: ${join(work, 'logs')}`);
  else if (options.work === undefined) await rm(work, { recursive: true, force: true });
  if (interrupted.signal.aborted) return INTERRUPTED;
  return report.ok ? 0 : 1;
}

/** Destroys the stack unless a step has, and removes it. */
function cleanUp(pulumi: Pulumi, done: readonly StepResult[]): Step {
  const destroyed = done.some(({ name, error }) => name === 'destroy' && error === null);
  return async (context: Context) => {
    try {
      // Ctrl-C ended the steps and must not end the clean-up.
      if (!destroyed) await destroy({ ...context, pulumi, signal: new AbortController().signal });
    } finally {
      await sweep(context);
    }
    await pulumi.remove();
  };
}

/** Reads the cluster without the stack's outputs, which a failed `up` does not have. */
async function diagnose(pulumi: Pulumi, { stack, existing }: Options, work: string, folder: string): Promise<void> {
  if (existing) {
    const { namespace } = pulumi.config.cluster;
    const { context } = existing;
    const namespaces = [namespace, `${namespace}-api`, `${namespace}-monitoring`];
    const address = { kubeconfigPath: kubeconfigWith(context), context, requestTimeoutSeconds: 30 };
    return saveDiagnosis(new Kubectl(address), folder, namespaces);
  }
  const kubeconfigPath = join(work, 'kubeconfig');
  await writeFile(kubeconfigPath, await run('k3d', ['kubeconfig', 'get', clusterOf(stack)]), { mode: 0o600 });
  return saveDiagnosis(new Kubectl({ kubeconfigPath, requestTimeoutSeconds: 30 }), folder);
}

/** Reads the outputs each time, as a step may have changed them. */
const stackReader =
  (pulumi: Pulumi, { existing }: Options) =>
  async (): Promise<RunningStack> => {
    const outputs = await pulumi.outputs();
    if (!existing) return new RunningStack(outputs);
    // The ingress expects its public host name, which need not be in DNS here.
    return new RunningStack({ ...outputs, apiUrl: existing.address, apiHost: new URL(outputs.apiUrl).host });
  };

/** The first Ctrl-C ends the steps and starts the clean-up; the third ends the script at once. */
function interruptible(): AbortController {
  const interrupted = new AbortController();
  let times = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  const interrupt = () => {
    // One Ctrl-C arrives twice: from the terminal, and forwarded by npm.
    if (performance.now() - lastAt < 500) return;
    lastAt = performance.now();
    times++;
    if (times >= 3) process.exit(INTERRUPTED);
    console.log(
      times === 1 ? 'interrupted; cleaning up' : 'still cleaning up; press Ctrl-C again to leave everything as it is',
    );
    interrupted.abort(new Error('interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return interrupted;
}

function howToContinue(pulumi: Pulumi, work: string): string {
  const exports = ['PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE'].map(
    (name) => `export ${name}=${pulumi.environment[name]}`,
  );
  return [
    'the stack is still up. To continue by hand:',
    ...exports,
    `pulumi --cwd ${pulumi.project} up --stack ${pulumi.name}`,
    `or with this script: npm run e2e -- … --work ${work} --steps destroy`,
  ].join('\n  ');
}

const clock = (begun: number): string => {
  const seconds = Math.floor((performance.now() - begun) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError || error instanceof CommandError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
