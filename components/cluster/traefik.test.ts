// Traefik's settings: they are what k3s and its chart accept, and are applied to k3s only.
import { describe, expect, test } from '@jest/globals';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { KEEP_ALIVE_MS } from '../../apps/shared/keep-alive.ts';
import { fakeRun, linesOf } from './cluster.testing.ts';
import { applyTraefik, IDLE_SECONDS, traefikConfig, traefikReplicas } from './traefik.ts';

/**
 * The parts that are used of the CRD (k3s-io/helm-controller, helm.cattle.io_helmchartconfigs.yaml)
 * and of the chart's values.schema.json (traefik/traefik-helm-chart, 37.1 to 39.0). The whole chart
 * schemas accept these values too.
 */
const text = { type: 'string' };
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
  spec: only({ valuesContent: text }),
});
const valuesSchema = only({
  deployment: only({ replicas: { type: 'integer', minimum: 0 } }),
  additionalArguments: { type: 'array', items: text },
});

const valuesOf = (replicas: number) =>
  parse((traefikConfig(replicas) as { spec: { valuesContent: string } }).spec.valuesContent);

test('the manifest and its values are of the form that k3s and the chart know', () => {
  const ajv = new Ajv();
  expect([ajv.validate(manifestSchema, traefikConfig(2)), ajv.errors]).toEqual([true, null]);
  expect([ajv.validate(valuesSchema, valuesOf(2)), ajv.errors]).toEqual([true, null]);
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
