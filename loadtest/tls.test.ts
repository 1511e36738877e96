// The load test of an API behind HTTPS, as the load balancer of AWS serves it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { useCertificate } from '../test/certificate.ts';

const { keystore, password, certificate } = useCertificate();
const ids = Array.from('12345', (digit) => digit.repeat(24));
const stats = { lag: 0, deadLetters: 0, accepted: 1 };
const server = createServer({ pfx: readFileSync(keystore), passphrase: password }, ({ url }, res) =>
  res.end(JSON.stringify(url === '/api/stats' ? stats : { status: 'success', writes: ids, reads: ids })),
);
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-https-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

async function loadTest(env: Record<string, string>) {
  const target = `https://localhost:${(server.address() as AddressInfo).port}`;
  const flags = `--target ${target} --mongo none --gate none --engine builtin --vus 4 --time-scale 0.05`.split(' ');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...flags, '--report', directory], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { output, errors };
}

test('a certificate of a known authority: every request is answered', async () => {
  const { output } = await loadTest({ NODE_EXTRA_CA_CERTS: certificate });
  expect(output).toMatch(/accepted +[1-9]/);
  expect(output).toMatch(/unknown +0 /);
});

test('another certificate: the test does not start', async () => {
  expect((await loadTest({})).errors).toMatch(/not ready for a load test: .*certificate/);
});
