// From nothing to a stack that serves, and the operations that must then change nothing.

import { startBuiltin } from '../../../loadtest/generator/start.ts';
import { PROFILES } from '../../../loadtest/profiles.ts';
import { runLoadTest } from '../../../loadtest/run.ts';
import { waitFor } from '../../../tooling/poll.ts';
import { CommandError } from '../../../tooling/run.ts';
import type { Context, Step } from '../context.ts';
import { checkDataPath } from '../data-path.ts';
import { checkLoad } from '../load.ts';
import { belongings, npmRun } from '../machine.ts';
import { changesNothing, describeChanges, type Operation, succeeded } from '../operation.ts';
import { isReady, restarts } from '../running-stack.ts';

/** The issue's own limits, seconds. */
const UP_AND_SMOKE_SECONDS = 300;
const NO_CHANGES_SECONDS = 20;

export const doctor: Step = async ({ check }) => {
  try {
    await npmRun('doctor');
    check('npm run doctor finds nothing missing', true);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    check('npm run doctor finds nothing missing', false, error.output.trim());
  }
};

export const preview: Step = async (context) => {
  const operation = succeeded('preview', await context.pulumi.preview());
  const { create = 0, ...others } = operation.counts;
  const found = `${describeChanges(operation)}, ${operation.seconds.toFixed(1)} s`;
  context.check('it plans only to create', create > 0 && Object.keys(others).length === 0, found);
  const made = await belongings(context.options.stack);
  context.check('nothing was made', made.length === 0, made.join(', '));
};

export const up: Step = async (context) => {
  const operation = succeeded('up', await context.pulumi.up());
  context.took(`up from nothing (${describeChanges(operation)})`, operation.seconds);
  const begun = performance.now();
  const stack = await context.stack();
  const { addresses, close } = await stack.access('mongo', 'gate');
  const report = await runLoadTest({
    profile: PROFILES.smoke!,
    target: addresses.target,
    host: addresses.host,
    mongoUrl: addresses.mongoUrl ?? null,
    gateUrl: addresses.gateUrl ?? null,
    payloadChars: addresses.payloadChars,
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
  // The load may have made the autoscalers add pods a moment ago: they get the time to start.
  const pods = await waitFor(
    'every pod is ready',
    async () => {
      const found = await stack.pods();
      return found.every(isReady) && found;
    },
    { within: 120, everyMs: 1_000, signal: context.signal },
  );
  context.check('every pod is ready', true, `${pods.length} pods`);
  context.check('no container had to start twice', restarts(pods) === 0, `${restarts(pods)} restarts`);
};

export const again: Step = async (context) => {
  const operation = succeeded('up again', await context.pulumi.up());
  unchanged(context, 'up', operation);
  context.took('up without changes', operation.seconds, NO_CHANGES_SECONDS);
};

export const refresh: Step = async (context) => {
  const operation = succeeded('refresh', await context.pulumi.refresh());
  unchanged(context, 'refresh', operation);
  context.took('refresh', operation.seconds);
  unchanged(context, 'up after it', succeeded('up after refresh', await context.pulumi.up()));
};

const unchanged = (context: Context, what: string, operation: Operation): void =>
  context.check(
    `${what} changes nothing`,
    changesNothing(operation),
    [describeChanges(operation), ...operation.resources].join('; '),
  );
