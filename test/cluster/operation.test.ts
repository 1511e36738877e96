import { describe, expect, test } from '@jest/globals';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { changesNothing, describeChanges, type Operation, succeeded, summarize } from './operation.ts';

const urn = (name: string) => `urn:pulumi:e2e-dev::breakwater::kubernetes:apps/v1:Deployment::${name}`;
const metadata = (op: string, name: string) => ({ op, urn: urn(name), type: 'kubernetes:apps/v1:Deployment' });
const events = (...parts: object[]) => parts as unknown as readonly EngineEvent[];

describe("the engine's events", () => {
  test('name what changed', () => {
    const changes = summarize(
      events(
        { sequence: 0, preludeEvent: { config: {} } },
        { resourcePreEvent: { metadata: metadata('same', 'consumer') } },
        { resourcePreEvent: { metadata: metadata('update', 'api') } },
        { resOutputsEvent: { metadata: metadata('update', 'api') } },
        { summaryEvent: { resourceChanges: { same: 40, update: 1, create: 0 } } },
        { cancelEvent: {} },
      ),
    );
    expect(changes).toEqual({
      counts: { update: 1 },
      resources: ['update api (kubernetes:apps/v1:Deployment)'],
      errors: [],
    });
    expect(describeChanges(changes)).toBe('1 update');
    expect(changesNothing(changes)).toBe(false);
  });
  test('show that nothing changed', () => {
    const changes = summarize(events({ summaryEvent: { resourceChanges: { same: 40, read: 2 } } }));
    expect(changes.counts).toEqual({});
    expect(describeChanges(changes)).toBe('nothing');
    expect(changesNothing(changes)).toBe(true);
  });
  test('carry errors, shown without colours', () => {
    const diagnostic = (severity: string, message: string) => ({
      diagnosticEvent: { severity, message, color: 'raw' },
    });
    const message = '<{%fg 9%}>error: <{%reset%}>kafka:partitions: 3 → 1\n<{%reset%}>';
    const { errors } = summarize(events(diagnostic('info', 'hm'), diagnostic('error', message)));
    expect(errors).toEqual(['error: kafka:partitions: 3 → 1']);
  });
  test('may be missing', () => expect(summarize([])).toEqual({ counts: {}, resources: [], errors: [] }));
});

describe('an operation that must succeed', () => {
  const operation: Operation = {
    ok: true,
    seconds: 2.4,
    text: 'printed\n',
    log: '/logs/02-up.log',
    counts: {},
    resources: [],
    errors: [],
  };
  test('is passed on', () => expect(succeeded('up', operation)).toBe(operation));
  test('fails with what Pulumi reported, or else with what it printed', () => {
    const failed = { ...operation, ok: false };
    expect(() => succeeded('up', { ...failed, errors: ['no such image'] })).toThrow(
      'up failed after 2 s:\nno such image\nAll that it printed: /logs/02-up.log',
    );
    expect(() => succeeded('up', failed)).toThrow('up failed after 2 s:\nprinted');
  });
});
