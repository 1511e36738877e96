// Changes the producer's rate, which the producer itself checks.
import { ConsoleError } from './errors.ts';

const TIMEOUT_MS = 3_000;

/** @param address `host:port` of the producer's metrics server @throws ConsoleError with the producer's own words, or when it does not answer */
export async function setRate(address: string | undefined, rate: unknown): Promise<{ rate: number }> {
  if (address === undefined) throw new ConsoleError(409, 'NO_PRODUCER', 'no producer runs');
  const answer = await fetch(`http://${address}/rate`, {
    method: 'PUT',
    body: JSON.stringify({ rate }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => {
    throw new ConsoleError(503, 'PRODUCER_AWAY', 'the producer does not answer; try again in a moment');
  });
  const body = (await answer.json()) as { rate: number; code?: string; message?: string };
  if (!answer.ok)
    throw new ConsoleError(400, body.code ?? 'BAD_RATE', body.message ?? 'the producer refuses this rate');
  return { rate: body.rate };
}
