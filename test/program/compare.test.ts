// What counts as a roll, a change in place, a replacement.
import { expect, test } from '@jest/globals';
import { compare, type Effect } from './compare.ts';
import type { Declared, Properties } from './declare.ts';

const resource = (type: string, name: string, properties: Properties, options: Properties = {}): Declared => ({
  path: name,
  name,
  type: `kubernetes:${type}`,
  properties,
  options,
  urns: [],
  outputs: {},
});

const deployment = (replicas: number, image: string, name = 'api') =>
  resource('apps/v1:Deployment', 'api', { metadata: { name }, spec: { replicas, template: { image } } });
const statefulSet = (size: string) =>
  resource('apps/v1:StatefulSet', 'kafka', { spec: { template: {}, volumeClaimTemplates: [{ size }] } });
const job = (image: string) => resource('batch/v1:Job', 'topics', { spec: { template: { image } } });
const configMap = (value: string) => resource('core/v1:ConfigMap', 'config', { data: { value } });
const service = (port: number, protect = false) => resource('core/v1:Service', 'api', { spec: { port } }, { protect });

test.each<[string, Declared[], Declared[], Partial<Effect>]>([
  ['nothing', [deployment(1, 'a')], [deployment(1, 'a')], {}],
  ['another image rolls', [deployment(1, 'a')], [deployment(1, 'b')], { rolls: ['api'] }],
  ['more replicas change it in place', [deployment(1, 'a')], [deployment(2, 'a')], { changes: ['Deployment api'] }],
  ['both', [deployment(1, 'a')], [deployment(2, 'b')], { rolls: ['api'], changes: ['Deployment api'] }],
  ['another name replaces', [deployment(1, 'a')], [deployment(1, 'a', 'b')], { replaces: ['Deployment b'] }],
  ['another volume replaces', [statefulSet('1')], [statefulSet('2')], { replaces: ['StatefulSet kafka'] }],
  ['a job runs again', [job('a')], [job('b')], { runs: ['topics'] }],
  ['config alone has no effect', [configMap('a')], [configMap('b')], {}],
  ['a service changes', [service(1)], [service(2)], { changes: ['Service api'] }],
  ['an option changes', [service(1)], [service(1, true)], { changes: ['Service api'] }],
  ['a new object is created', [], [service(1)], { creates: ['Service api'] }],
  ['a missing object is deleted', [service(1), job('a')], [], { deletes: ['Job topics', 'Service api'] }],
])('%s', (_name, before, after, effect) => {
  const none: Effect = { rolls: [], runs: [], changes: [], creates: [], deletes: [], replaces: [] };
  expect(compare(before, after)).toEqual({ ...none, ...effect });
});
