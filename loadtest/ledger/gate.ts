// Asks the gate, the independent witness of what MongoDB had to do, whether any second was above the limit.

/** What the gate's /seconds answers. */
export interface GateSeconds {
  /** Operations a second; 0 is no limit. */
  readonly limit: number;
  /** [unix second, operations], oldest first. */
  readonly seconds: readonly (readonly [number, number])[];
}

export interface GateVerdict {
  readonly limit: number;
  /** Seconds looked at: those of the load and the drain. */
  readonly seconds: number;
  readonly maxOperations: number;
  readonly meanOperations: number;
  /** Seconds above the limit, at most ten of them. */
  readonly above: readonly (readonly [number, number])[];
  readonly ok: boolean;
}

/** @throws when the gate does not answer */
export async function fetchGateSeconds(gateUrl: string): Promise<GateSeconds> {
  const response = await fetch(new URL('/seconds', gateUrl), { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`the gate's metrics server answered ${response.status} to GET /seconds`);
  return (await response.json()) as GateSeconds;
}

/** Collects the seconds of a run, however long it is: the gate itself forgets after an hour. */
export class GateLog {
  readonly seconds = new Map<number, number>();
  limit = 0;

  add(answer: GateSeconds): void {
    this.limit = answer.limit;
    for (const [second, operations] of answer.seconds) this.seconds.set(second, operations);
  }

  /** @param from @param to Unix seconds, inclusive */
  verdict(from: number, to: number): GateVerdict {
    const rows = [...this.seconds].filter(([second]) => second >= from && second <= to);
    const sum = rows.reduce((total, [, operations]) => total + operations, 0);
    const above = this.limit === 0 ? [] : rows.filter(([, operations]) => operations > this.limit);
    return {
      limit: this.limit,
      seconds: rows.length,
      maxOperations: rows.reduce((most, [, operations]) => Math.max(most, operations), 0),
      meanOperations: rows.length === 0 ? 0 : sum / rows.length,
      above: above.slice(0, 10),
      ok: above.length === 0 && rows.length > 0,
    };
  }
}
