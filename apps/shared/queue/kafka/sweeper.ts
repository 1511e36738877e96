// Deleting what is stored. The topic itself keeps everything (decision 32): only what the group has
// committed may go.
import type { Logger } from '../../logger.ts';
import { describe } from './errors.ts';
import type { KafkaOffsets } from './offsets.ts';

export interface SweepOptions {
  /** Stored records stay for so long, for other consumer groups, milliseconds. */
  retentionMs: number;
  /**
   * Stored records beyond this size of a partition, bytes, go earlier, so that the volume does
   * not fill.
   */
  retentionBytes: number;
  /** Pause between two sweeps, milliseconds. Default 60000. */
  everyMs?: number;
}

/**
 * Deletes stored records from the partitions that this process reads. Two that sweep the same one
 * do no harm.
 */
export class KafkaSweeper {
  readonly #offsets: KafkaOffsets;
  readonly #owned: () => Iterable<number>;
  readonly #options: SweepOptions;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;
  #failing = false;
  /** Whether the last sweep deleted records that `retentionMs` would have kept. */
  #isEarly = false;

  /** @param owned the partitions to sweep */
  constructor(offsets: KafkaOffsets, owned: () => Iterable<number>, options: SweepOptions, logger: Logger) {
    this.#offsets = offsets;
    this.#owned = owned;
    this.#options = options;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.sweep(), options.everyMs ?? 60_000).unref();
  }

  /** Deletes what may go now. Errors are logged: the next sweep tries again. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep()
      .then(
        () => {
          this.#failing = false;
        },
        (error) => {
          if (!this.#failing)
            this.#logger.warn({ err: describe(error) }, 'could not delete stored records; trying again');
          this.#failing = true;
        },
      )
      .finally(() => {
        this.#sweeping = undefined;
      });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const owned = [...this.#owned()];
    if (owned.length === 0) return;
    const { retentionMs, retentionBytes } = this.#options;
    const partitions = await this.#offsets.read();
    const recent = await this.#offsets.offsets(partitions.length, BigInt(Date.now() - retentionMs));
    const below = new Map<number, number>();
    const early: number[] = [];
    for (const partition of owned) {
      const { start, committed } = partitions[partition] ?? { start: 0, committed: -1 };
      // No record is that recent: all that is stored may go.
      const expired = recent[partition] === -1 ? committed : recent[partition]!;
      const excess = this.#offsets.offsetBefore(partition, committed, retentionBytes);
      const until = Math.min(committed, Math.max(expired, excess));
      if (until > start) below.set(partition, until);
      if (excess > expired && until > start) early.push(partition);
    }
    await this.#offsets.deleteBefore(below);
    if (early.length > 0 && !this.#isEarly)
      this.#logger.warn({ partitions: early }, 'stored records are deleted early: they exceed kafka:retentionMiB');
    this.#isEarly = early.length > 0;
  }
}
