// The generator's own process, so that the ledger, the status line and the polling don't disturb its clocks.
import type { Plan, SecondRow, Totals } from '../plan.ts';
import { startGenerator } from './generator.ts';

/** What the parent says. */
export type ToWorker = { readonly plan: Plan } | { readonly stop: true };
/** What it hears. */
export type FromWorker = { readonly row: SecondRow } | { readonly totals: Totals } | { readonly failure: string };

const send = (message: FromWorker) =>
  new Promise<void>((resolve) => {
    process.send!(message, () => resolve());
  });

// Ctrl-C reaches the whole process group; the parent decides when the load stops.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));

let stop = (): void => process.exit(0);
process.on('message', (message: ToWorker) => {
  if ('stop' in message) return stop();
  void run(message.plan);
});

async function run(plan: Plan): Promise<void> {
  try {
    const load = await startGenerator(plan, (row) => void send({ row }));
    stop = () => load.stop();
    await send({ totals: await load.done });
    process.exit(0);
  } catch (error) {
    await send({ failure: (error as Error).message });
    process.exit(1);
  }
}
