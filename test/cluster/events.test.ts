import { describe, expect, test } from '@jest/globals';
import { describeChanges, readEvents } from './events.ts';

const urn = (name: string) => `urn:pulumi:e2e-dev::breakwater::kubernetes:apps/v1:Deployment::${name}`;
const metadata = (op: string, name: string) => ({ op, urn: urn(name), type: 'kubernetes:apps/v1:Deployment' });
const log = (...events: object[]) => `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;

describe("Pulumi's events", () => {
  test('say what changed', () => {
    const changes = readEvents(
      log(
        { sequence: 0, preludeEvent: { config: {} } },
        { resourcePreEvent: { metadata: metadata('same', 'consumer') } },
        { resourcePreEvent: { metadata: metadata('update', 'api') } },
        { resOutputsEvent: { metadata: metadata('update', 'api') } },
        { summaryEvent: { resourceChanges: { same: 40, update: 1, create: 0 } } },
      ),
    );
    expect(changes).toEqual({
      counts: { update: 1 },
      resources: ['update api (kubernetes:apps/v1:Deployment)'],
      errors: [],
    });
    expect(describeChanges(changes)).toBe('1 update');
  });
  test('say that nothing changed', () => {
    const changes = readEvents(log({ summaryEvent: { resourceChanges: { same: 40, read: 2 } } }));
    expect(changes.counts).toEqual({});
    expect(describeChanges(changes)).toBe('nothing');
  });
  test('say what is wrong, without colours', () => {
    const diagnostic = (severity: string, message: string) => ({
      diagnosticEvent: { severity, message, color: 'raw' },
    });
    const message = '<{%fg 9%}>error: <{%reset%}>kafka:partitions: 3 → 1\n<{%reset%}>';
    const { errors } = readEvents(log(diagnostic('info', 'hm'), diagnostic('error', message)));
    expect(errors).toEqual(['error: kafka:partitions: 3 → 1']);
  });
  test('may be missing', () => expect(readEvents('')).toEqual({ counts: {}, resources: [], errors: [] }));
});
