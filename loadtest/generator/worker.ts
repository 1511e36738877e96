// The generator's own process, so that ledger, status line and polling do not disturb its clocks.
import type { Observation, Plan } from '../plan.ts';
import { Generator } from './generator.ts';

/** What the parent sends. */
export type ToWorker = { readonly plan: Plan } | { readonly stop: true };
/** What the parent receives. */
export type FromWorker = Observation | { readonly failure: string };

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
    const generator = await Generator.start(plan, (second) => void send({ second }));
    stop = () => generator.stop();
    await send({ totals: await generator.totals });
    process.exit(0);
  } catch (error) {
    await send({ failure: (error as Error).message });
    process.exit(1);
  }
}
