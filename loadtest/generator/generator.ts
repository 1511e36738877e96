// The generator: sends the load of a plan and records what it gets.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { totalSeconds } from '../../config/load-profiles.ts';
import { mixedRequest } from '../mixed.ts';
import type { Plan } from '../plan.ts';
import type { SecondRow, Totals } from '../witness/figures.ts';
import { Recorder } from '../witness/recorder.ts';
import type { Endpoint } from './connection.ts';
import { ClosedLoop, type Loop, OpenLoop } from './loops.ts';
import type { RequestContext } from './requester.ts';

const LATE_RESOLUTION_MS = 10;

/** The path of all requests. */
const REQUEST_PATH = '/api/data';

/** A load that is made in this process. */
export class Generator {
  readonly #plan: Plan;
  readonly #onSecond: (row: SecondRow) => void;
  readonly #recorder: Recorder;
  readonly #loop: Loop;
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #late = monitorEventLoopDelay({ resolution: LATE_RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #totals = Promise.withResolvers<Totals>();
  #second = 0;
  /** When the load ended: since then only open requests are left. */
  #endedAt: number | undefined;

  /** @throws when the target's name cannot be resolved */
  static async start(plan: Plan, onSecond: (row: SecondRow) => void): Promise<Generator> {
    const url = new URL(plan.target);
    const name = url.hostname.replace(/^\[|\]$/g, '');
    const { address } = await lookup(name);
    const isSecure = url.protocol === 'https:';
    const endpoint = { host: address, port: Number(url.port || (isSecure ? 443 : 80)) };
    // SNI does not allow IP addresses.
    const servername = isIP(name) ? '' : name;
    return new Generator(plan, { ...endpoint, ...(isSecure && { servername }) }, onSecond);
  }

  private constructor(plan: Plan, endpoint: Endpoint, onSecond: (row: SecondRow) => void) {
    this.#plan = plan;
    this.#onSecond = onSecond;
    this.#recorder = new Recorder(plan.witnessFile);
    this.#recorder.failed.catch(this.#totals.reject);
    const context = this.#createContext(endpoint);
    const { arrivals, stages, thinkSeconds } = plan;
    this.#loop = arrivals
      ? new OpenLoop(arrivals, this.#startedAt, context)
      : new ClosedLoop(stages, thinkSeconds, context);
    this.#late.enable();
    this.#timer = setInterval(() => this.#tick(), this.#loop.tickMs);
  }

  /** The figures of the whole load. @throws when the witness log cannot be written */
  get totals(): Promise<Totals> {
    return this.#totals.promise;
  }

  /** Ends the load early: sends no new requests and lets open ones finish. */
  stop(): void {
    this.#endedAt ??= performance.now();
  }

  #createContext(endpoint: Endpoint): RequestContext {
    const { run, target, host, keepAlive, mix } = this.#plan;
    const headers = [`Host: ${host ?? new URL(target).host}`, ...(keepAlive ? [] : ['Connection: close'])].join('\r\n');
    return {
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
      recorder: this.#recorder,
    };
  }

  #tick(): void {
    const { stages, timeoutMs, gracefulStopMs } = this.#plan;
    const now = performance.now();
    const elapsed = (now - this.#startedAt) / 1000;
    const seconds = totalSeconds(stages);
    if (this.#endedAt === undefined) this.#loop.advance(Math.min(elapsed, seconds));
    if (elapsed >= seconds) this.#endedAt ??= now;
    if (this.#endedAt !== undefined) this.#loop.end();
    if (elapsed >= this.#second + 1) {
      this.#onSecond(this.#recorder.takeSecond(this.#second, this.#loop.running));
      this.#second = Math.floor(elapsed);
      this.#loop.cut(timeoutMs, 'TIMEOUT');
    }
    if (this.#endedAt === undefined) return;
    if (now - this.#endedAt > gracefulStopMs) this.#loop.cut(0, 'CUT_AT_END');
    if (this.#loop.running === 0) this.#finish(elapsed);
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
