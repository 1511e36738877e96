import { expect, test } from '@jest/globals';
import { firstError } from './first-error.ts';

test.each<[string, string, string]>([
  [
    'k3d on a terminal: the cause, not its consequences',
    [
      '\u001b[36mINFO\u001b[0m[0000] Prep: Network                               ',
      '\u001b[33mWARN\u001b[0m[0001] No node filter specified                    ',
      '\u001b[31mERRO\u001b[0m[0002] Failed Cluster Start: port is already allocated ',
      '\u001b[31mERRO\u001b[0m[0002] Failed to create cluster >>> Rolling Back   ',
      '\u001b[31mFATA\u001b[0m[0003] Cluster creation FAILED, all changes have been rolled back! ',
    ].join('\n'),
    'Failed Cluster Start: port is already allocated',
  ],
  [
    'k3d elsewhere',
    'time="2026-11-24T17:00:00Z" level=info msg="Prep: Network"\ntime="2026-11-24T17:00:01Z" level=fatal msg="no \\"such\\" node"',
    'no "such" node',
  ],
  [
    'kubectl, whose library logs first',
    'W1124 17:00:00.000001    4711 loader.go:222] Config not found\nE1124 17:00:00.000002    4711 memcache.go:265] connection refused\nThe connection to the server was refused',
    'connection refused',
  ],
  ['kubectl', 'error: the context "prod" does not exist\n', 'the context "prod" does not exist'],
  [
    'kubectl, of what the server said',
    'Warning: unrecognized format\nError from server (NotFound): pods "api" not found',
    'Error from server (NotFound): pods "api" not found',
  ],
  [
    'a drain',
    'Warning: ignoring DaemonSet-managed Pods: kube-system/svclb\nerror when evicting pods/"api" -n "bw": would violate the disruption budget\nThere are pending nodes to be drained:\n a1\nerror: unable to drain node "a1"',
    'error when evicting pods/"api" -n "bw": would violate the disruption budget',
  ],
  [
    'docker',
    'Unable to find image locally\ndocker: Error response from daemon: pull access denied.\nSee docker run --help',
    'docker: Error response from daemon: pull access denied.',
  ],
  [
    'the Docker engine is off',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.',
  ],
  [
    'apt',
    'Reading package lists...\nW: Target Packages is configured twice\nE: Unable to locate package redis\nE: No packages found\n',
    'Unable to locate package redis',
  ],
  [
    'Maven',
    '[WARNING] deprecated\n[ERROR] Failed to execute goal: Could not transfer artifact\n[ERROR] -> [Help 1]\n',
    'Failed to execute goal: Could not transfer artifact',
  ],
  ['npm', 'npm warn old lockfile\nnpm error code ENOENT\nnpm error syscall open\n', 'code ENOENT'],
  ['pulumi', 'Previewing update\nerror: no stack named "x" found\n', 'no stack named "x" found'],
  [
    'Node',
    'node:internal/process/promises:394\n      triggerUncaughtException(err, true);\n      ^\n\nDOMException [TimeoutError]: The operation was aborted due to timeout\n    at new DOMException (node:internal)',
    'DOMException [TimeoutError]: The operation was aborted due to timeout',
  ],
  [
    'Java',
    'Picked up JAVA_TOOL_OPTIONS: -Dx=y\nException in thread "main" java.lang.RuntimeException: no meta.properties\n\tat kafka.Kafka',
    'Exception in thread "main" java.lang.RuntimeException: no meta.properties',
  ],
  ['a plain line', 'one\ntwo\n', 'one'],
  ['nothing but progress', 'INFO[0000] one\nINFO[0001] two', 'two'],
  ['a progress bar', '10 %\r20 %\rerror: disk full\n', 'disk full'],
  ['nothing', ' \n', ''],
])('%s', (_name, printed, expected) => {
  expect(firstError(printed)).toBe(expected);
});

test('a marked line of the second stream comes before a plain line of the first', () => {
  expect(firstError('Picked up JAVA_TOOL_OPTIONS', '[ERROR] no network')).toBe('no network');
  expect(firstError('plain', 'INFO[0000] progress')).toBe('plain');
  expect(firstError('', 'only here')).toBe('only here');
});
