import { expect, test } from '@jest/globals';
import { firstError } from './first-error.ts';

test.each<[string, string, string]>([
  [
    'the AWS CLI',
    '\naws: [ERROR]: An error occurred (NoCredentials): Unable to locate credentials.\n',
    'An error occurred (NoCredentials): Unable to locate credentials.',
  ],
  [
    'an older AWS CLI, after a warning of Python',
    [
      '/usr/lib/python3/dist-packages/boto3/compat.py:82: PythonDeprecationWarning: Boto3 will no longer support Python 3.8',
      '  warnings.warn(warning, PythonDeprecationWarning)',
      '',
      'An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.',
    ].join('\n'),
    'An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security token included in the request is invalid.',
  ],
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
    // k3d 5.9.0, as it printed it.
    'k3d cannot pull the image of the registry, and stumbles over its rollback',
    [
      "ERRO[0002] Failed Cluster Preparation: Failed to create registry: failed to create container for node 'k3d-x-registry': docker failed to pull image 'registry:2.8.3': Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host ",
      'ERRO[0002] Failed to create cluster >>> Rolling Back    ',
      'ERRO[0002] failed to get cluster: No nodes found for given cluster ',
      'FATA[0002] Cluster creation FAILED, also FAILED to rollback changes! ',
    ].join('\n'),
    "Failed Cluster Preparation: Failed to create registry: failed to create container for node 'k3d-x-registry': docker failed to pull image 'registry:2.8.3': Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host",
  ],
  [
    // k3d 5.9.0: its first error only says what failed.
    'k3d cannot pull the image of its tools',
    [
      "\u001b[31mERRO\u001b[0m[0000] Failed to run tools container for cluster 'breakwater-dev' ",
      "\u001b[31mERRO\u001b[0m[0001] failed to ensure tools node: failed to create node 'k3d-breakwater-dev-tools': docker failed to pull image 'ghcr.io/k3d-io/k3d-tools:5.9.0': no such host ",
      '\u001b[31mERRO\u001b[0m[0001] Failed to create cluster >>> Rolling Back    ',
      '\u001b[31mFATA\u001b[0m[0001] Cluster creation FAILED, all changes have been rolled back! ',
    ].join('\n'),
    "Failed to run tools container for cluster 'breakwater-dev': failed to ensure tools node: failed to create node 'k3d-breakwater-dev-tools': docker failed to pull image 'ghcr.io/k3d-io/k3d-tools:5.9.0': no such host",
  ],
  [
    // k3d 5.9.0, `k3d cluster create x --config`: the parts of one error on lines of their own.
    'k3d is given a wrong config',
    'FATA[0000] Schema Validation failed for config file k3d.yaml: - (root): Additional property sysctls is not allowed \n- agents: Invalid type. Expected: integer, given: string \n',
    'Schema Validation failed for config file k3d.yaml: - (root): Additional property sysctls is not allowed',
  ],
  [
    'docker pulled an image before the program in it failed',
    "Unable to find image 'rancher/k3s:v1.34.9-k3s1' locally\nv1.34.9-k3s1: Pulling from rancher/k3s\n4f4fb700ef54: Pulling fs layer\n4f4fb700ef54: Pull complete\nDigest: sha256:9c16\nStatus: Downloaded newer image for rancher/k3s:v1.34.9-k3s1\nsysctl: no such setting",
    'sysctl: no such setting',
  ],
  [
    'docker builds',
    'DEPRECATED: The legacy builder is deprecated and will be removed in a future release.\n            Install the buildx component to build images with BuildKit:\n            https://docs.docker.com/go/buildx/\n\nGet "https://registry-1.docker.io/v2/": dial tcp: no such host\n',
    'Get "https://registry-1.docker.io/v2/": dial tcp: no such host',
  ],
  [
    'docker starts: the cause, not that it failed',
    'Error response from daemon: driver failed programming external connectivity: Bind for 127.0.0.1:8080 failed: port is already allocated\nError: failed to start containers: web',
    'Error response from daemon: driver failed programming external connectivity: Bind for 127.0.0.1:8080 failed: port is already allocated',
  ],
  [
    'kubectl runs a command in a pod',
    'Defaulted container "kafka" out of: kafka, agent, format (init)\nsh: 1: exec: no-such-tool: not found\ncommand terminated with exit code 127',
    'sh: 1: exec: no-such-tool: not found',
  ],
  [
    'kubectl, whose context is unknown',
    'Warning: old API\nError in configuration: context was not found for specified context: prod',
    'Error in configuration: context was not found for specified context: prod',
  ],
  [
    'helm',
    'WARNING: Kubernetes configuration file is group-readable.\nlevel=WARN msg="unable to find exact version" chart=keda\nError: INSTALLATION FAILED: release keda failed, and has been uninstalled due to atomic being set: context deadline exceeded\n',
    'INSTALLATION FAILED: release keda failed, and has been uninstalled due to atomic being set: context deadline exceeded',
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
  [
    'npm: the reason, not its number',
    'npm warn old lockfile\nnpm error code ENOENT\nnpm error syscall open\nnpm error path /x/package.json\nnpm error errno -2\nnpm error enoent Could not read package.json: no such file\nnpm error A complete log of this run can be found in: /x',
    'enoent Could not read package.json: no such file',
  ],
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
  [
    'Java, whose options come from the environment',
    'NOTE: Picked up JDK_JAVA_OPTIONS: -Dx=y\nPicked up JAVA_TOOL_OPTIONS: -Dx=y\nno meta.properties',
    'no meta.properties',
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
