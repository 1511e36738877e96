// A run as data: its environment, steps, findings and times. The other forms derive from it.
import { availableParallelism, cpus, totalmem } from 'node:os';
import { CommandError, run } from '../../../tooling/run.ts';
import type { Options } from '../options.ts';
import type { StepResult } from '../run.ts';

export interface E2eReport {
  /** `e2e-dev-1121-103000` */
  readonly run: string;
  readonly stack: string;
  /** Config from the command line. */
  readonly config: Readonly<Record<string, string>>;
  /** Context of an existing cluster; null: the run created its own. */
  readonly context: string | null;
  readonly startedAt: string;
  readonly interrupted: boolean;
  readonly machine: { readonly cpus: number; readonly model: string; readonly memoryMiB: number };
  /** Versions of the tools, by name. */
  readonly tools: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly steps: readonly StepResult[];
  readonly ok: boolean;
}

export interface RunParts {
  readonly options: Options;
  readonly results: readonly StepResult[];
  readonly startedAt: Date;
  readonly interrupted: boolean;
}

/** Name of a run, and of its folder. */
export function runName(stack: string, startedAt: Date): string {
  const digits = startedAt.toISOString().replace(/\D/g, '');
  return `e2e-${stack}-${digits.slice(4, 8)}-${digits.slice(8, 14)}`;
}

export async function describeRun({ options, results, startedAt, interrupted }: RunParts): Promise<E2eReport> {
  return {
    run: runName(options.stack, startedAt),
    stack: options.stack,
    config: options.config,
    context: options.existing?.context ?? null,
    startedAt: startedAt.toISOString(),
    interrupted,
    machine: {
      cpus: availableParallelism(),
      model: cpus()[0]?.model.trim() ?? 'unknown',
      memoryMiB: Math.round(totalmem() / 2 ** 20),
    },
    tools: await toolVersions(),
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    steps: results,
    ok: !interrupted && results.length > 0 && results.every(({ ok }) => ok),
  };
}

const VERSION_ARGS: Readonly<Record<string, readonly string[]>> = {
  pulumi: ['version'],
  k3d: ['version'],
  docker: ['version', '--format', '{{.Server.Version}}'],
  kubectl: ['version', '--client'],
  node: ['--version'],
};

async function toolVersions(): Promise<Readonly<Record<string, string>>> {
  const versions = Object.entries(VERSION_ARGS).map(async ([name, args]) => {
    const text = await run(name, args, { timeoutMs: 10_000 }).catch((error) => {
      if (error instanceof CommandError) return 'missing';
      throw error;
    });
    return [name, /\d+\.\d+[\w.+-]*/.exec(text)?.[0] ?? text.trim()] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}
