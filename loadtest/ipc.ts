// Reports the progress of the load to the process that started us, if it opened a channel: the
// console does, for its page.
import type { LoadProgress } from '../apps/console/controls.ts';

export const sendProgress = (progress: LoadProgress): void => {
  if (process.connected) process.send?.(progress);
};

/** Ends this process when such a parent is gone, since nobody else could stop the load. */
export function exitWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref(); // The channel must not keep this process alive.
}
