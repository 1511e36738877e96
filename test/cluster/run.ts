// Runs the steps in order. A failed one does not stop the next, and the clean-up always runs.

import { secondsSince } from '../../tooling/poll.ts';
import { type Context, createFindings, type Findings, type Step } from './context.ts';
import type { StepName } from './plan.ts';

export interface StepResult extends Findings {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** Why the step could not continue; null: it ran to its end. */
  readonly error: string | null;
  readonly ok: boolean;
}

export interface Script {
  readonly names: readonly StepName[];
  readonly title: (name: StepName) => string;
  readonly steps: Readonly<Record<StepName, Step>>;
  /** Saves what explains the failure of a step, while the cluster exists. */
  readonly diagnose: (failed: string) => Promise<void>;
  /** Removes what the steps left behind. Runs last, whatever happened. */
  readonly cleanUp: (done: readonly StepResult[]) => Step | undefined;
}

/** Steps without which the others make no sense. */
const ESSENTIAL: readonly StepName[] = ['doctor', 'preview', 'up'];

/** @param base what every step gets */
export async function runSteps(
  { names, title, steps, diagnose, cleanUp }: Script,
  base: Pick<Context, 'options' | 'pulumi' | 'signal' | 'stack' | 'say'>,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const execute = async (name: string, stepTitle: string, step: Step): Promise<boolean> => {
    base.say(`${name}: ${stepTitle}`);
    const result = await runStep({ name, title: stepTitle }, step, base);
    base.say(`  ${result.ok ? 'passed' : 'FAILED'} in ${result.seconds.toFixed(1)} s`);
    results.push(result);
    return result.ok;
  };
  for (const name of names) {
    if (base.signal.aborted) break;
    const ok = await execute(name, title(name), steps[name]);
    if (!ok) await diagnose(name).catch((error) => base.say(`  no diagnosis: ${describe(error)}`));
    if (!ok && ESSENTIAL.includes(name)) break;
  }
  const last = cleanUp(results);
  if (last) await execute('clean-up', 'removes what is left', last);
  return results;
}

async function runStep(
  { name, title }: { name: string; title: string },
  step: Step,
  base: Pick<Context, 'options' | 'pulumi' | 'signal' | 'stack' | 'say'>,
): Promise<StepResult> {
  const { findings, recorder } = createFindings(base.say, !base.options.cold);
  const begun = performance.now();
  let error: string | null = null;
  try {
    await step({ ...base, ...recorder });
  } catch (thrown) {
    error = describe(thrown);
    base.say(`    ✗ ${error.replaceAll('\n', '\n      ')}`);
  }
  const ok = error === null && findings.checks.every((check) => check.ok !== false);
  return { name, title, seconds: secondsSince(begun), error, ok, ...findings };
}

/** An error with its causes. */
function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? `${thrown.message}\n${describe(thrown.cause)}` : thrown.message;
}
