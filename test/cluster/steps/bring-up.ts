// From nothing to a serving stack, and the operations that must then change nothing.

import { clusterConsumers, PROFILES, runLoadTest, startBuiltin } from '../../../loadtest/api.ts';
import { waitFor } from '../../../tooling/poll.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Context, Step } from '../context.ts';
import { checkDataPath } from '../data-path.ts';
import { checkLoad } from '../load.ts';
import { clusterMemory, dockerObjectsOf, npmRun } from '../machine.ts';
import { changesNothing, describeChanges, type Operation, succeeded } from '../operation.ts';
import { configOf } from '../options.ts';
import { isOnAws } from '../plan.ts';
import { isReady, restarts } from '../running-stack.ts';

/** Limits of docs/results.md. */
const UP_AND_SMOKE_SECONDS = 300;
const NO_CHANGES_SECONDS = 20;

export const doctor: Step = async ({ check, options }) => {
  const config = Object.entries(configOf(options)).flatMap(([key, value]) => ['--config', `${key}=${value}`]);
  try {
    await npmRun('doctor', ['--stack', options.stack, ...config]);
    check('npm run doctor finds no problem', true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    check('npm run doctor finds no problem', false, error.output.trim());
  }
};

export const preview: Step = async (context) => {
  const operation = succeeded('preview', await context.pulumi.preview());
  const { create = 0, ...others } = operation.counts;
  const found = `${describeChanges(operation)}, ${operation.seconds.toFixed(1)} s`;
  context.check('it plans only creations', create > 0 && Object.keys(others).length === 0, found);
  const created = await dockerObjectsOf(context.options.stack);
  context.check('nothing was created', created.length === 0, created.join(', '));
};

export const up: Step = async (context) => {
  const operation = succeeded('up', await context.pulumi.up());
  context.took(`up from nothing (${describeChanges(operation)})`, operation.seconds);
  const begun = performance.now();
  const stack = await context.stack();
  const { addresses, close } = await stack.access('store', 'gate');
  const report = await runLoadTest({
    profile: PROFILES.smoke!,
    target: addresses.target,
    host: addresses.host,
    mongoUrl: addresses.storeUrl ?? null,
    gateUrl: addresses.gateUrl ?? null,
    payloadChars: addresses.payloadChars,
    consumers: clusterConsumers(stack.kubectl, stack.namespace),
    drainTimeoutSeconds: 120,
    engine: { name: 'builtin', start: startBuiltin },
    interrupt: context.signal,
    hurry: context.signal,
  }).finally(close);
  const smoke = (performance.now() - begun) / 1000;
  context.took('from nothing to a passing smoke load test', operation.seconds + smoke, UP_AND_SMOKE_SECONDS);
  context.check(
    'the smoke load test passes',
    report.ok,
    report.checks
      .filter(({ ok }) => ok === false)
      .map(({ name, found }) => `${name}: ${found}`)
      .join(', '),
  );
  checkLoad(context, report, report.profile.thresholds.failedRatio);
  await checkDataPath(context);
  // Autoscalers may have added pods under the load.
  const pods = await waitFor(
    'every pod is ready',
    async () => {
      const found = await stack.pods();
      return found.every(isReady) && found;
    },
    { within: 120, everyMs: 1_000, signal: context.signal },
  );
  context.check('every pod is ready', true, `${pods.length} pods`);
  context.check('no container restarted', restarts(pods) === 0, `${restarts(pods)} restarts`);
  if (context.options.existing) return;
  const memory = 'memory of the nodes with their pods';
  await clusterMemory(context.options.stack).then(
    (found) => context.check(memory, true, found),
    (error: Error) => context.skip(memory, error.message),
  );
};

export const again: Step = async (context) => {
  const operation = succeeded('up again', await context.pulumi.up());
  unchanged(context, 'up', operation);
  context.took(
    'up without changes',
    operation.seconds,
    isOnAws(context.options.stack) ? undefined : NO_CHANGES_SECONDS,
  );
};

export const refresh: Step = async (context) => {
  const operation = succeeded('refresh', await context.pulumi.refresh());
  unchanged(context, 'refresh', operation);
  context.took('refresh', operation.seconds);
  unchanged(context, 'up after refresh', succeeded('up after refresh', await context.pulumi.up()));
};

const unchanged = (context: Context, what: string, operation: Operation): void =>
  context.check(
    `${what} changes nothing`,
    changesNothing(operation),
    [describeChanges(operation), ...operation.resources].join('; '),
  );
