// The generator: moves the users along the stages and records what they get.
import { lookup } from 'node:dns/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { peakUsers, totalSeconds } from '../../config/load-profiles.ts';
import { mixedRequest } from '../mixed.ts';
import type { Plan } from '../plan.ts';
import { usersAt } from '../profiles.ts';
import type { SecondRow, Totals } from '../witness/figures.ts';

import { Recorder } from '../witness/recorder.ts';
import type { Endpoint } from './connection.ts';
import { VirtualUser } from './user.ts';

const TICK_MS = 50;
const LATE_RESOLUTION_MS = 10;

/** The path of all requests. */
const REQUEST_PATH = '/api/data';

/** A load that is made in this process. */
export class Generator {
  readonly #plan: Plan;
  readonly #onSecond: (row: SecondRow) => void;
  readonly #recorder: Recorder;
  readonly #users: readonly VirtualUser[];
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #late = monitorEventLoopDelay({ resolution: LATE_RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #totals = Promise.withResolvers<Totals>();
  /** Number of users that should run: the first ones. */
  #active = 0;
  /** Number of users that run or wait for their last answer. */
  #running = 0;
  #second = 0;
  /** When the load ended: since then only open requests are left. */
  #endedAt: number | undefined;

  /** @throws when the target's name cannot be resolved */
  static async start(plan: Plan, onSecond: (row: SecondRow) => void): Promise<Generator> {
    const url = new URL(plan.target);
    const { address } = await lookup(url.hostname.replace(/^\[|\]$/g, ''));
    return new Generator(plan, { host: address, port: Number(url.port || 80) }, onSecond);
  }

  private constructor(plan: Plan, endpoint: Endpoint, onSecond: (row: SecondRow) => void) {
    this.#plan = plan;
    this.#onSecond = onSecond;
    this.#recorder = new Recorder(plan.witnessFile);
    this.#recorder.failed.catch(this.#totals.reject);
    this.#users = this.#createUsers(endpoint);
    this.#late.enable();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** The figures of the whole load. @throws when the witness log cannot be written */
  get totals(): Promise<Totals> {
    return this.#totals.promise;
  }

  /** Ends the load early: sends no new requests and lets open ones finish. */
  stop(): void {
    this.#endedAt ??= performance.now();
  }

  #createUsers(endpoint: Endpoint): VirtualUser[] {
    const { run, target, host, keepAlive, mix, stages, thinkSeconds } = this.#plan;
    const headers = [`Host: ${host ?? new URL(target).host}`, ...(keepAlive ? [] : ['Connection: close'])].join('\r\n');
    const [leastThink, mostThink] = thinkSeconds;
    const context = {
      endpoint,
      keepAlive,
      request: (user: number, iteration: number) => {
        const origin = `${run}/${user}/${iteration}`;
        const { body } = mix ? mixedRequest(origin, mix) : {};
        if (body === undefined) return `GET ${REQUEST_PATH} HTTP/1.1\r\n${headers}\r\nX-Origin: ${origin}\r\n\r\n`;
        // A connection writes Latin-1, a byte a character.
        const bytes = Buffer.from(body).toString('latin1');
        return `POST ${REQUEST_PATH} HTTP/1.1\r\n${headers}\r\nX-Origin: ${origin}\r\nContent-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`;
      },
      thinkMs: () => (leastThink + Math.random() * (mostThink - leastThink)) * 1000,
      started: () => this.#running++,
      stopped: () => this.#running--,
      recorder: this.#recorder,
    };
    return Array.from({ length: peakUsers(stages) }, (_, id) => new VirtualUser(id, context));
  }

  #tick(): void {
    const { stages, timeoutMs, gracefulStopMs } = this.#plan;
    const now = performance.now();
    const elapsed = (now - this.#startedAt) / 1000;
    if (elapsed >= totalSeconds(stages)) this.#endedAt ??= now;
    const wanted = this.#endedAt === undefined ? usersAt(stages, elapsed) : 0;
    while (this.#active < wanted) this.#users[this.#active++]!.start();
    while (this.#active > wanted) this.#users[--this.#active]!.stop();
    if (elapsed >= this.#second + 1) {
      this.#onSecond(this.#recorder.takeSecond(this.#second, this.#running));
      this.#second = Math.floor(elapsed);
      for (const user of this.#users) user.cut(timeoutMs, 'TIMEOUT');
    }
    if (this.#endedAt === undefined) return;
    if (now - this.#endedAt > gracefulStopMs) for (const user of this.#users) user.cut(0, 'CUT_AT_END');
    if (this.#running === 0) this.#finish(elapsed);
  }

  #finish(seconds: number): void {
    clearInterval(this.#timer);
    this.#late.disable();
    this.#onSecond(this.#recorder.takeSecond(this.#second, 0));
    const used = process.cpuUsage(this.#cpu);
    const engine = {
      cpuPercent: Math.round((used.user + used.system) / 1e4 / seconds),
      lateP99Ms: Math.max(0, Math.round(this.#late.percentile(99) / 1e6) - LATE_RESOLUTION_MS),
      memoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    };
    this.#recorder.close(seconds, engine).then(this.#totals.resolve, this.#totals.reject);
  }
}
