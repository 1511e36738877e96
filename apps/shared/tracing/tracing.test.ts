// Sampling, what counts as a trace of the caller, and a collector that does not take spans.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { silent } from '../../../test/api.ts';
import { OtlpReceiver } from '../../../test/otlp-receiver.ts';
import { until } from '../../../test/until.ts';
import { createLogger, type Logger } from '../logger.ts';
import { createTracing } from './create.ts';
import type { SpanStart, Tracing } from './tracing.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;
const START: SpanStart = { name: 'test', kind: 'server', attributes: { 'breakwater.request_id': 'r' } };

let receiver: OtlpReceiver;
let registry: Registry;
const opened: Tracing[] = [];
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  registry = new Registry();
});
afterEach(async () => {
  for (const tracing of opened.splice(0)) await tracing.close();
  await receiver.close();
});

async function open(sampleRatio: number, logger: Logger = silent): Promise<Tracing> {
  const settings = { TRACING_ENDPOINT: receiver.url, TRACING_SAMPLE_RATIO: sampleRatio };
  const tracing = await createTracing(settings, { app: 'test', registry, logger });
  opened.push(tracing!);
  return tracing!;
}

test('without an endpoint there is nothing', async () => {
  const context = { app: 'test', registry, logger: silent };
  expect(await createTracing({}, context)).toBeUndefined();
  expect(await registry.metrics()).toBe('\n');
  await expect(createTracing({ TRACING_ENDPOINT: receiver.url }, context)).rejects.toThrow('TRACING_SAMPLE_RATIO');
});

describe('sampling', () => {
  test.each([
    [0, 0],
    [1, 100],
  ])('of requests without a trace, at ratio %d: %d of 100', async (ratio, expected) => {
    const tracing = await open(ratio);
    const spans = Array.from({ length: 100 }, () => tracing.begin(START, undefined));
    expect(spans.filter((span) => span !== undefined)).toHaveLength(expected);
  });

  test.each([0, 1])('the caller decides, at ratio %d', async (ratio) => {
    const tracing = await open(ratio);
    expect(tracing.begin(START, UNSAMPLED)).toBeUndefined();
    expect(tracing.resume(START, UNSAMPLED)).toBeUndefined();
    expect(tracing.begin(START, SAMPLED)?.traceId).toBe(TRACE);
    expect(tracing.resume(START, SAMPLED)?.traceId).toBe(TRACE);
  });

  test.each([
    ['empty', ''],
    ['no header', 'sampled'],
    ['two headers', `${SAMPLED}, ${SAMPLED}`],
    ['upper case', SAMPLED.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['too short', SAMPLED.slice(0, -1)],
    ['too long for its version', `${SAMPLED}-00`],
    ['the version that there is not', `ff${SAMPLED.slice(2)}`],
    ['a very long text', 'a'.repeat(8_000)],
  ])('a malformed header counts as none: %s', async (_, header) => {
    const tracing = await open(1);
    expect(tracing.begin(START, header)?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(tracing.begin(START, header)?.traceId).not.toBe(TRACE);
    expect(tracing.resume(START, header)).toBeUndefined();
  });
});

test('spans arrive as children of each other, with what they are known by', async () => {
  const tracing = await open(0);
  const span = tracing.begin(START, SAMPLED)!;
  const child = span.child({ name: 'send', kind: 'producer', attributes: {} });
  expect(child.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  child.set({ ids: ['a', 'b'], count: 2 });
  child.fail('QueueFullError');
  child.end();
  span.end();
  await tracing.close();
  const [first, second] = receiver.spans;
  expect(receiver.spans).toHaveLength(2);
  expect(first).toMatchObject({
    ...{
      service: 'breakwater-test',
      traceId: TRACE,
      parentSpanId: second!.spanId,
      name: 'send',
      kind: 4,
      failed: true,
    },
    attributes: { ids: ['a', 'b'], count: 2, 'error.type': 'QueueFullError' },
  });
  expect(second).toMatchObject({ parentSpanId: PARENT, name: 'test', kind: 2, failed: false });
});

describe('a collector that fails', () => {
  const lines: { level: string; msg: string; dropped?: number }[] = [];
  const logger = createLogger('test', 'info', { write: (line) => void lines.push(JSON.parse(line)) });
  const spansWith = async (outcome: string): Promise<number> => {
    const { values } = await registry.getSingleMetric('breakwater_trace_spans_total')!.get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  };
  afterEach(() => void lines.splice(0));

  test('spans that it refuses are counted; the log has one line when that begins, and one when it ends', async () => {
    receiver.status = 400;
    const tracing = await open(1, logger);
    for (let i = 1; i <= 2; i++) {
      tracing.begin(START, undefined)!.end();
      await until(async () => (await spansWith('dropped')) === i);
    }
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('does not take spans') }]);
    receiver.status = 200;
    tracing.begin(START, undefined)!.end();
    await until(async () => (await spansWith('exported')) === 1);
    expect(lines.slice(1)).toMatchObject([{ level: 'info', dropped: 2 }]);
  });

  test('while it hangs, no more than 2,048 spans wait', async () => {
    receiver.status = undefined;
    const tracing = await open(1, logger);
    for (let i = 0; i < 5_000; i++) tracing.begin(START, undefined)!.end();
    expect(await spansWith('dropped')).toBe(5_000 - 512 - 2_048);
    expect(lines).toHaveLength(1);
  });
});
