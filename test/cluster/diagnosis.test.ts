import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Kubectl } from '../../tooling/cluster/kubectl.ts';
import { CommandError, type Run } from '../../tooling/run.ts';
import { saveDiagnosis } from './diagnosis.ts';

const pod = (namespace: string, name: string, ready: boolean, restartCount = 0) => ({
  metadata: { name, namespace, uid: name },
  spec: { containers: [] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    containerStatuses: [{ restartCount }],
  },
});
const items = [pod('shop', 'api', true), pod('shop', 'kafka-0', false, 2), pod('other', 'theirs', false)];

/** Prints the pods as JSON, and its own arguments otherwise; a pod's log before a restart is gone. */
const answer: Run = async (_program, args) => {
  if (args.includes('json')) return JSON.stringify({ items });
  const output = args.filter((arg) => !arg.startsWith('--kubeconfig')).join(' ');
  if (!args.includes('--previous')) return output;
  throw new CommandError('failed', { command: [], status: 1, signal: null, output: 'not found', reason: '' });
};

test('saves events, what is not ready, and logs of the given namespaces', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-diagnosis-'));
  try {
    await saveDiagnosis(new Kubectl({ kubeconfigPath: '/k' }, answer), folder, ['shop']);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
      'events.txt',
      'logs',
      'logs/shop.api.log',
      'logs/shop.kafka-0.log',
      'logs/shop.kafka-0.previous.log',
      'pods.txt',
      'shop.kafka-0.txt',
    ]);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    expect(read('shop.kafka-0.txt')).toBe('describe pod --namespace shop kafka-0');
    expect(read('logs/shop.kafka-0.previous.log')).toBe('not found');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
