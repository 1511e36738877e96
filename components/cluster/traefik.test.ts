// Traefik's settings: they are what k3s and its chart accept, and are applied to k3s only.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import Ajv from 'ajv/dist/2020';
import { parse } from 'yaml';
import { KEEP_ALIVE_MS } from '../../apps/shared/keep-alive.ts';
import { fakeRun, linesOf } from './cluster.testing.ts';
import { applyTraefik, IDLE_SECONDS, traefikConfig, traefikReplicas } from './traefik.ts';

/** The parts that are used of the CRD: k3s-io/helm-controller, helm.cattle.io_helmchartconfigs.yaml. */
const only = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const manifestSchema = only({
  apiVersion: { const: 'helm.cattle.io/v1' },
  kind: { const: 'HelmChartConfig' },
  metadata: only({ name: { const: 'traefik' }, namespace: { const: 'kube-system' } }),
  spec: only({ valuesContent: { type: 'string' } }),
});
/** Of the chart itself. */
const valuesSchema = JSON.parse(readFileSync(join(__dirname, 'traefik-values.schema.json'), 'utf8'));

const valuesOf = (replicas: number) =>
  parse((traefikConfig(replicas) as { spec: { valuesContent: string } }).spec.valuesContent);

test('the manifest and its values are of the form that k3s and the chart know', () => {
  const ajv = new Ajv({ strictTypes: false });
  expect([ajv.validate(manifestSchema, traefikConfig(2)), ajv.errors]).toEqual([true, null]);
  expect([ajv.validate(valuesSchema, valuesOf(2)), ajv.errors]).toEqual([true, null]);
  expect(ajv.validate(valuesSchema, { deployment: { replicas: '2' } })).toBe(false);
  expect(valuesOf(2)).toEqual({
    deployment: { replicas: 2 },
    additionalArguments: [
      '--serversTransport.maxIdleConnsPerHost=10000',
      '--serversTransport.forwardingTimeouts.idleConnTimeout=90s',
      '--serversTransport.forwardingTimeouts.dialTimeout=5s',
    ],
  });
});

test('idle connections to the pods end before the pods end them', () => {
  expect(IDLE_SECONDS * 1_000).toBeLessThan(KEEP_ALIVE_MS);
});

test.each([
  [1, 4, 1],
  [3, 4, 1],
  [10, 4, 2],
  [60, 4, 4],
])('%d API pods on %d nodes: %d', (pods, nodes, replicas) => {
  expect(traefikReplicas(pods, nodes)).toBe(replicas);
});

describe('applied', () => {
  const inputs = { kubeconfig: '/k', context: 'c', identity: '1', replicas: 2 };
  const kubectl = 'kubectl --kubeconfig=/k --context=c';
  const version = (gitVersion: string) => ({
    [`${kubectl} version`]: JSON.stringify({ serverVersion: { gitVersion } }),
  });

  test('to k3s, once it knows the kind', async () => {
    let asked = 0;
    const { run, calls } = fakeRun({
      ...version('v1.34.9+k3s1'),
      [`${kubectl} get crd`]: () => (asked++ === 0 ? '' : 'crd/helmchartconfigs.helm.cattle.io'),
    });
    expect(await applyTraefik(run, inputs)).toEqual({ ...inputs, applied: true });
    expect(asked).toBe(2);
    expect(JSON.parse(calls.at(-1)!.options.input!)).toEqual(traefikConfig(2));
  });

  test('to nothing else', async () => {
    const { run, calls } = fakeRun(version('v1.34.4'));
    expect(await applyTraefik(run, inputs)).toEqual({ ...inputs, applied: false });
    expect(linesOf(calls, `${kubectl} apply`)).toEqual([]);
  });
});
