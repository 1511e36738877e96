// Reads Pulumi's event log (the one that its Automation API reads): what an operation changed, and what it complained of.

/** What one operation did. */
export interface Changes {
  /** Resources by operation, without those that stayed the same. Empty: nothing changed. */
  readonly counts: Readonly<Record<string, number>>;
  /** The changed resources, as `update api (kubernetes:apps/v1:Deployment)`. */
  readonly resources: readonly string[];
  /** Error messages. */
  readonly errors: readonly string[];
}

interface EngineEvent {
  readonly summaryEvent?: { readonly resourceChanges?: Readonly<Record<string, number>> };
  readonly resourcePreEvent?: { readonly metadata: Metadata };
  readonly resOutputsEvent?: { readonly metadata: Metadata };
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string };
}

interface Metadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
}

/** Operations that leave everything as it is. */
const QUIET = new Set(['same', 'read', 'refresh']);

/** Without Pulumi's colour marks. */
const plain = (text: string): string => text.replace(/<\{%.*?%\}>/g, '').trim();

const nameOf = ({ op, urn, type }: Metadata): string => `${op} ${urn.slice(urn.lastIndexOf('::') + 2)} (${type})`;

/** @param log one JSON event a line */
export function readEvents(log: string): Changes {
  const counts: Record<string, number> = {};
  const resources = new Set<string>();
  const errors: string[] = [];
  for (const line of log.split('\n')) {
    if (line.trim() === '') continue;
    const { summaryEvent, resourcePreEvent, resOutputsEvent, diagnosticEvent } = JSON.parse(line) as EngineEvent;
    for (const [op, count] of Object.entries(summaryEvent?.resourceChanges ?? {}))
      if (!QUIET.has(op) && count > 0) counts[op] = count;
    const metadata = (resourcePreEvent ?? resOutputsEvent)?.metadata;
    if (metadata && !QUIET.has(metadata.op)) resources.add(nameOf(metadata));
    if (diagnosticEvent?.severity === 'error') errors.push(plain(diagnosticEvent.message));
  }
  return { counts, resources: [...resources], errors };
}

/** `3 create, 1 update`, or `nothing`. */
export const describeChanges = ({ counts }: Changes): string =>
  Object.entries(counts)
    .map(([op, count]) => `${count} ${op}`)
    .join(', ') || 'nothing';
