// What one Pulumi operation did, as the engine's events tell it.
import type { EngineEvent, StepEventMetadata } from '@pulumi/pulumi/automation/index.js';

/** The changes that an operation made, or planned. */
export interface Changes {
  /** Resources by operation, without those that stayed the same. Empty: nothing changed. */
  readonly counts: Readonly<Record<string, number>>;
  /** The changed resources, as `update api (kubernetes:apps/v1:Deployment)`. */
  readonly resources: readonly string[];
  /** Error messages. */
  readonly errors: readonly string[];
}

export interface Operation extends Changes {
  readonly ok: boolean;
  readonly seconds: number;
  /** Everything that the CLI printed. */
  readonly text: string;
  /** File with that text. */
  readonly log: string;
}

/** Operations that leave a resource as it is. */
const UNCHANGED = new Set(['same', 'read', 'refresh']);

/** Without Pulumi's colour markup. */
const plain = (text: string): string => text.replace(/<\{%.*?%\}>/g, '').trim();

const nameOf = ({ op, urn, type }: StepEventMetadata): string =>
  `${op} ${urn.slice(urn.lastIndexOf('::') + 2)} (${type})`;

export function summarize(events: readonly EngineEvent[]): Changes {
  const counts: Record<string, number> = {};
  const resources = new Set<string>();
  const errors: string[] = [];
  for (const { summaryEvent, resourcePreEvent, resOutputsEvent, diagnosticEvent } of events) {
    for (const [op, count] of Object.entries(summaryEvent?.resourceChanges ?? {}))
      if (!UNCHANGED.has(op) && count > 0) counts[op] = count;
    const metadata = (resourcePreEvent ?? resOutputsEvent)?.metadata;
    if (metadata && !UNCHANGED.has(metadata.op)) resources.add(nameOf(metadata));
    if (diagnosticEvent?.severity === 'error') errors.push(plain(diagnosticEvent.message));
  }
  return { counts, resources: [...resources], errors };
}

/** `3 create, 1 update`, or `nothing`. */
export const describeChanges = ({ counts }: Changes): string =>
  Object.entries(counts)
    .map(([op, count]) => `${count} ${op}`)
    .join(', ') || 'nothing';

export const changesNothing = ({ counts }: Changes): boolean => Object.keys(counts).length === 0;

/**
 * Passes on an operation that succeeded.
 *
 * @throws Error with Pulumi's own errors, and the name of its log, if it failed
 */
export function succeeded(what: string, operation: Operation): Operation {
  if (operation.ok) return operation;
  const why = operation.errors.length > 0 ? operation.errors.join('\n') : operation.text.trimEnd().slice(-2000);
  throw new Error(
    `${what} failed after ${operation.seconds.toFixed(0)} s:\n${why}\nAll that it printed: ${operation.log}`,
  );
}
