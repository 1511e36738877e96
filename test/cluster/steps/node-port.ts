// The API past the ingress: a port of every node, and a port of this machine that leads there.
import type { Step } from '../context.ts';

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
  check(`${stack.outputs.apiUrl} is the port of this machine`, Number(port) === cluster.nodePortHostPort, port);
  const { status, text } = await stack.call('/api/data');
  check('GET /api/data answers there', status === 200, String(status === 200 ? status : text));
};
