// Runs a part of the program without an engine and collects every resource that it declares, with
// properties and options.
import { createHash } from 'node:crypto';
import * as pulumi from '@pulumi/pulumi';
import type { RegisterResourceOutputsRequest, RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';
import { type JavaScriptValue, Struct } from 'google-protobuf/google/protobuf/struct_pb.js';

/** A declared value: JSON, with secrets replaced by `[secret]`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Properties of a resource. */
export type Properties = { readonly [key: string]: Json };

/** A resource that a program declares. */
export interface Declared {
  /** Names of its parents and its own name: `api/api-config`. */
  readonly path: string;
  readonly name: string;
  /** `kubernetes:apps/v1:Deployment` */
  readonly type: string;
  readonly properties: Properties;
  /** Options that affect its lifecycle. */
  readonly options: Properties;
  /**
   * Its URN and its former ones, without stack and project:
   * `breakwater:redis:Redis$…:StatefulSet::redis`.
   */
  readonly urns: readonly string[];
  /** What a component registers as its outputs. */
  readonly outputs: Properties;
}

export const SECRET = '[secret]';
/** Start of every generated password. Wherever it appears, a password is readable. */
export const CLEAR_PASSWORD = 'clear-password';
/** Stands for the code of a dynamic resource. */
const CODE = '[code]';

// Pulumi marks a secret on the wire with these two values.
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET_SIGNATURE = '1b47061264138c4ac30d75fd1eb44270';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keeps the structure of a secret, not its content. */
function hidden(value: unknown): Json {
  if (Array.isArray(value)) return value.map(hidden);
  if (!isMap(value)) return SECRET;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner)]));
}

/** Replaces secrets at any depth, and the code of dynamic resources. */
export function masked(value: unknown): Json {
  if (Array.isArray(value)) return value.map(masked);
  if (!isMap(value)) return value as Json;
  if (value[SIGNATURE] === SECRET_SIGNATURE) return hidden(value.value);
  const entries = Object.entries(value).map(([key, inner]) => [key, key === '__provider' ? CODE : masked(inner)]);
  return Object.fromEntries(entries);
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

const ACCOUNT = '123456789012';

/** Starts of the ids that AWS makes, by type. */
const AWS_IDS: Readonly<Record<string, string>> = {
  Vpc: 'vpc',
  Subnet: 'subnet',
  SecurityGroup: 'sg',
  RouteTable: 'rtb',
  InternetGateway: 'igw',
  NatGateway: 'nat',
};

/** The id of a new AWS resource, in AWS' form. */
const awsId = (type: string, name: string): string => {
  const start = AWS_IDS[type.split(':').at(-1) ?? ''];
  return start === undefined ? name : `${start}-${digest(name).slice(0, 17)}`;
};

/** What AWS would return for a new resource: its ARN, and what other resources refer to. */
function awsState(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const [, service, kind = ''] = type.split(':');
  const text = (key: string): string => String(inputs[key] ?? name);
  const key = digest(name).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
  const arns: Readonly<Record<string, string>> = {
    iam: `arn:aws:iam::${ACCOUNT}:role/${text('roleName')}`,
    kms: `arn:aws:kms:eu-west-1:${ACCOUNT}:key/${key}`,
  };
  return {
    ...inputs,
    arn: arns[service ?? ''] ?? `arn:aws:${service}:eu-west-1:${ACCOUNT}:${kind.toLowerCase()}/${name}`,
    keyId: key,
    allocationId: `eipalloc-${digest(name).slice(0, 17)}`,
    launchTemplateId: `lt-${digest(name).slice(0, 17)}`,
    latestVersionNumber: '1',
    clusterSecurityGroupId: `sg-${digest(name).slice(0, 17)}`,
    endpoint: kind === 'DbCluster' ? { address: `${name}.cluster.rds.example` } : `https://${name}.eks.example`,
    certificateAuthorityData: 'certificate',
    queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/${text('queueName')}`,
    primaryEndPoint: { address: `master.${name}.cache.example`, port: '6379' },
    readEndpoint: { address: `${name}.cluster-ro.rds.example` },
    latestRevision: { revision: 1 },
    repositoryUri: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/${text('repositoryName')}`,
  };
}

/**
 * The state that the provider would return for a new resource. A generated name is derived from the
 * content, so that it changes when a random one would.
 */
function stateOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  if (type.startsWith('random:'))
    return { ...inputs, result: pulumi.secret(`${CLEAR_PASSWORD}-${name}`), bcryptHash: pulumi.secret('') };
  if (type.startsWith('docker:'))
    return {
      ...inputs,
      repoDigest: `${String(inputs.imageName).replace(/:[^:/]*$/, '')}@sha256:${digest(inputs.build)}`,
    };
  if (type.endsWith(':Bootstrap')) return { ...inputs, brokers: 'b-1.msk.example:9096,b-2.msk.example:9096' };
  if (type.endsWith(':KubeconfigFile')) return { ...inputs, path: `.breakwater/${inputs.stack}/kubeconfig` };
  if (type.endsWith(':K3dCluster'))
    return {
      ...inputs,
      kubeconfigPath: `.breakwater/${inputs.stack}/kubeconfig`,
      kubeconfig: pulumi.secret('{}'),
      identity: digest(inputs.name).slice(0, 8),
      containers: 'containers',
    };
  if (type.startsWith('aws-native:')) return awsState(type, name, inputs);
  if (type.startsWith('kubernetes:')) {
    const metadata = { name: `${name}-~${digest(inputs).slice(0, 8)}`, namespace: 'default', ...inputs.metadata };
    return { ...inputs, metadata };
  }
  return inputs;
}

const nonEmpty = (options: Record<string, unknown>): Properties =>
  masked(
    Object.fromEntries(
      Object.entries(options).filter(([, value]) => value && !(Array.isArray(value) && value.length === 0)),
    ),
  ) as Properties;

const nameOf = (urn: string): string => urn.split('::').at(-1) ?? '';

/**
 * The URN of a resource and those that its aliases stand for. A child inherits the aliases of its
 * parent, as in the engine.
 * @param parents URNs of the parent; none at the top
 */
function urnsOf(request: RegisterResourceRequest, parents: readonly string[]): readonly string[] {
  const types = parents.length === 0 ? [''] : parents.map((urn) => `${urn.split('::')[0]}$`);
  const own = [
    { type: request.getType(), name: request.getName() },
    ...request.getAliasesList().map((alias) => ({
      type: alias.getSpec()?.getType() || request.getType(),
      name: alias.getSpec()?.getName() || request.getName(),
    })),
  ];
  return types.flatMap((parent) => own.map(({ type, name }) => `${parent}${type}::${name}`));
}

/** The options that matter in review. */
const optionsOf = (request: RegisterResourceRequest): Properties =>
  nonEmpty({
    protect: request.getProtect(),
    retainOnDelete: request.getRetainondelete(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    deletedWith: nameOf(request.getDeletedwith()),
    ignoreChanges: request.getIgnorechangesList(),
    // Those of aws-native are the package's own, for every resource of a type.
    replaceOnChanges: request.getType().startsWith('aws-native:') ? [] : request.getReplaceonchangesList(),
    createTimeout: request.getCustomtimeouts()?.getCreate(),
  });

/** A copy with its keys in order, as a struct's own are. */
function inOrder(value: unknown): JavaScriptValue {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isMap(value)) return value as JavaScriptValue;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, inOrder(value[key])]));
}

// What costs most in Pulumi and changes nothing here: properties become protobuf messages and back
// three times, and each resource takes the stack trace of its construction.
Struct.fromJavaScript = (value) => {
  const copy = inOrder(value) as Record<string, JavaScriptValue>;
  return Object.assign(new Struct(), { toJavaScript: () => copy });
};
(pulumi.Resource as unknown as { stackTrace(): [] }).stackTrace = () => [];

interface Monitor {
  registerResource(request: RegisterResourceRequest, callback: unknown): Promise<void>;
  registerResourceOutputs(request: RegisterResourceOutputsRequest, callback: unknown): void;
}

/** Not in Pulumi's types; its own tests wait with it. */
const runtime = pulumi.runtime as unknown as { getMonitor(): Monitor; waitForRPCs(): Promise<void> };

/**
 * What a part of the program declares, ordered by path.
 *
 * @param stack name of the stack
 * @param compose creates the resources
 * @param seen called with each resource at once, for programs that fail
 */
export async function declare(
  stack: string,
  compose: () => unknown,
  seen: (resource: Declared) => void = () => undefined,
): Promise<readonly Declared[]> {
  const mocks: pulumi.runtime.Mocks = {
    call: ({ token, inputs }) => (token.endsWith(':getAccountId') ? { accountId: ACCOUNT } : inputs),
    newResource: (args) => ({ id: awsId(args.type, args.name), state: stateOf(args) }),
  };
  await pulumi.runtime.setMocks(mocks, 'breakwater', stack);

  const declared: Declared[] = [];
  const paths = new Map<string, string>();
  const urns = new Map<string, readonly string[]>();
  const outputs = new Map<string, Properties>();
  const monitor = runtime.getMonitor();
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    const name = request.getName();
    const parent = paths.get(request.getParent());
    const path = parent === undefined ? name : `${parent}/${name}`;
    const parentType = request.getParent().split('::')[2];
    const qualified =
      parentType === undefined ? request.getType() : `${parentType.split('$').pop()}$${request.getType()}`;
    // The mocks' URN: it has the type of one parent only.
    const id = `urn:pulumi:${[stack, 'breakwater', qualified, name].join('::')}`;
    paths.set(id, path);
    urns.set(id, urnsOf(request, urns.get(request.getParent()) ?? []));
    const resource = {
      path,
      name,
      type: request.getType(),
      properties: masked(request.getObject()?.toJavaScript() ?? {}) as Properties,
      options: optionsOf(request),
      urns: urns.get(id) ?? [],
      get outputs() {
        return outputs.get(id) ?? {};
      },
    };
    declared.push(resource);
    seen(resource);
    return register(request, callback);
  };

  const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    outputs.set(request.getUrn(), masked(request.getOutputs()?.toJavaScript() ?? {}) as Properties);
    return registerOutputs(request, callback);
  };

  // Pulumi takes a stack trace for each promise, which costs more than all else here.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    await compose();
    await runtime.waitForRPCs();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return declared.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Identifies a resource: its path and its type. */
export const key = ({ path, type }: Declared): string => `${path} (${type})`;
