// Waiting for a condition, which is what tests do instead of sleeping.
import { setTimeout as sleep } from 'node:timers/promises';

type Falsy = false | null | undefined | 0 | '';

/** Resolves as soon as `condition` gives something true, and with it. @throws after `timeoutMs` (default 20 s), naming the condition */
export async function until<T>(condition: () => T | Promise<T>, timeoutMs = 20_000): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, Falsy>;
    if (performance.now() > deadline) throw new Error(`not true within ${timeoutMs} ms: ${condition}`);
    await sleep(10);
  }
}
