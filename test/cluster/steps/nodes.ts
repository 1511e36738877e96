// What only a k3d cluster of our own shows: kernel settings on the nodes, and a node port on this
// machine.
import { classifySysctls } from '../../../components/cluster/sysctls.ts';
import { run } from '../../../tooling/run.ts';
import { apply } from '../apply.ts';
import type { Step } from '../context.ts';

/** For a stack without kernel settings. A safe one, so that the Pod Security level stays. */
const EXAMPLE = { name: 'net.ipv4.ip_local_port_range', value: '1024 65000' };

export const sysctls: Step = async (context) => {
  const { pulumi, check } = context;
  if (Object.keys(pulumi.config.cluster.sysctls).length === 0)
    await apply(context, { [`cluster:sysctls["${EXAMPLE.name}"]`]: EXAMPLE.value }, { rolls: ['api'] });
  const { sysctls } = pulumi.config.cluster;
  const { pod, node } = classifySysctls(sysctls);
  const stack = await context.stack();
  for (const { metadata } of await stack.pods('api'))
    compare(
      check,
      `pod ${metadata.name}`,
      pod,
      await readInPod((source) => stack.script('api', `pod/${metadata.name}`, source), Object.keys(pod)),
    );
  for (const { metadata } of await stack.nodes()) {
    const values = await Promise.all(
      Object.keys(node).map(
        async (name) => [name, await run('docker', ['exec', metadata.name, 'cat', fileOf(name)])] as const,
      ),
    );
    compare(check, `node ${metadata.name}`, node, Object.fromEntries(values));
  }
};

/** File of a kernel setting. */
const fileOf = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`;

async function readInPod(script: (source: string) => Promise<string>, names: readonly string[]) {
  const files = JSON.stringify(names.map((name) => [name, fileOf(name)]));
  const printed = await script(`
import { readFileSync } from 'node:fs';
console.log(JSON.stringify(Object.fromEntries(${files}.map(([name, file]) => [name, readFileSync(file, 'utf8')]))));`);
  return JSON.parse(printed) as Record<string, string>;
}

type Values = Readonly<Record<string, string>>;

function compare(
  check: (name: string, ok: boolean, found?: string) => void,
  where: string,
  wanted: Values,
  found: Values,
) {
  const wrong = Object.entries(wanted).filter(([name, value]) => plain(found[name] ?? '') !== plain(value));
  const names = Object.keys(wanted).join(', ') || 'none';
  check(
    `${where} has the configured settings`,
    wrong.length === 0,
    wrong.length === 0 ? names : wrong.map(([name]) => `${name} is ${found[name]?.trim()}`).join(', '),
  );
}

const plain = (value: string): string => value.trim().replace(/\s+/g, ' ');

interface Service {
  readonly spec: { readonly type: string; readonly ports: readonly { readonly nodePort?: number }[] };
}

export const nodePort: Step = async ({ pulumi, check, ...context }) => {
  const stack = await context.stack();
  const { api, cluster } = pulumi.config;
  const { spec } = await stack.kubectl.get<Service>(stack.apiNamespace, 'service/api');
  const ports = spec.ports.flatMap(({ nodePort }) => nodePort ?? []);
  check(
    `the Service is a NodePort at ${api.nodePort}`,
    spec.type === 'NodePort' && ports.includes(api.nodePort),
    `${spec.type} ${ports.join(', ')}`,
  );
  const { port } = new URL(stack.outputs.apiUrl);
  check(`${stack.outputs.apiUrl} has the configured port`, Number(port) === cluster.nodePortHostPort, port);
  const { status, text } = await stack.call('/api/data');
  check('GET /api/data answers there', status === 200, String(status === 200 ? status : text));
};
