// Which images a stack builds, what they are made from, and where they are pushed.
import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Collector, valueIn } from '../program.testing.ts';
import { AppImages, type AppName, appsOf, platformOf } from './app-images.ts';

const config = (raw: RawConfig = {}) => parseStackConfig(raw);

test.each<[string, RawConfig, AppName[]]>([
  ['Kafka, no producer', {}, ['api', 'consumer', 'topics', 'kafka-agent', 'gate', 'console']],
  [
    'Kafka and a producer',
    { 'producer:rate': 1 },
    ['api', 'consumer', 'producer', 'topics', 'kafka-agent', 'gate', 'console'],
  ],
  ['Redis Streams', { 'queue:kind': 'redis-streams' }, ['api', 'consumer', 'gate', 'console']],
  [
    'an external MongoDB',
    { 'queue:kind': 'redis-streams', 'mongo:external': 'mongodb://db.example:27017/breakwater' },
    ['api', 'consumer', 'console'],
  ],
  [
    'an external Kafka, whose topics are declared too',
    { 'kafka:external': 'a:9092' },
    ['api', 'consumer', 'topics', 'gate', 'console'],
  ],
])('apps of a stack with %s', (_, raw, expected) => {
  expect(appsOf(config(raw))).toEqual(expected);
});

test.each([
  ['x64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
])('platform of a machine with %s: %s', (architecture, expected) => {
  expect(platformOf(architecture)).toBe(expected);
});

describe('images', () => {
  const made = (raw: RawConfig, apps: readonly AppName[]) => {
    const collector = new Collector();
    const images = new AppImages('images', {
      registry: pulumi.output('localhost:5050'),
      registryInstance: 'one',
      apps,
      config: config(raw).images,
    });
    return { images, collector };
  };

  test('are targets of the one Dockerfile, tagged by stack, from the pinned base', async () => {
    const { collector } = made({ 'images:platform': 'linux/arm64' }, ['api', 'gate']);
    expect((await collector.all('Image')).map(({ name }) => name)).toEqual(['images-api', 'images-gate']);
    const { imageName, build, registry } = await collector.inputsOf('Image', 'images-gate');
    expect(imageName).toBe('localhost:5050/breakwater/gate:test');
    expect(build).toMatchObject({
      context: './apps',
      dockerfile: './apps/Dockerfile',
      target: 'gate',
      platform: 'linux/arm64',
    });
    expect(build.args.NODE_IMAGE).toMatch(/^node:24\.[\w.-]+@sha256:[0-9a-f]{64}$/);
    // The credentials are those of `docker login`, so that none is in the state.
    expect(registry).toBeUndefined();
  });

  test('the base comes from the mirror', async () => {
    const { collector } = made({ 'images:mirror': 'mirror.example/hub' }, ['api']);
    const { build } = await collector.inputsOf('Image', 'images-api');
    expect(build.args.NODE_IMAGE).toMatch(/^mirror\.example\/hub\/library\/node:/);
  });

  test('are referenced by digest; one that is not built is an error', async () => {
    const { images } = made({}, ['api']);
    expect(await valueIn(images.of('api'))).toMatch(/^localhost:5050\/breakwater\/api@sha256:/);
    expect(() => images.of('gate')).toThrow('The image of gate is not built: this stack does not run it');
  });
});

test('what the Dockerfile names is there', () => {
  const dockerfile = readFileSync('apps/Dockerfile', 'utf8');
  const named = [...dockerfile.matchAll(/\/app\/([\w./-]+)/g)].map(([, path]) => path!);
  const made = /^(node_modules|\.compile-cache)$/;
  expect(named.filter((path) => !made.test(path) && !existsSync(`apps/${path}`))).toEqual([]);
});

test('every app with an image is a target of the Dockerfile, and every target is an app', () => {
  const dockerfile = readFileSync('apps/Dockerfile', 'utf8');
  const named = (pattern: RegExp) => [...dockerfile.matchAll(pattern)].map(([, name]) => name).sort();
  const apps = [...appsOf(config({ 'producer:rate': 1 }))].sort();
  expect(named(/^FROM (?:base|runtime) AS (?!runtime$)(\S+)$/gm)).toEqual(apps);
  expect(named(/^CMD \["(\S+)\/main\.ts"\]$/gm)).toEqual(apps);
});

describe('the Dockerfile copies', () => {
  const stages = readFileSync('apps/Dockerfile', 'utf8')
    .split(/^FROM /m)
    .slice(1)
    .map((text) => ({ name: /AS (\S+)/.exec(text)?.[1], parent: /^\S+/.exec(text)![0], text }));
  /** Sources in a stage, its parents included. */
  const copied = (name: string): readonly string[] => {
    const stage = stages.find((candidate) => candidate.name === name);
    if (stage === undefined) return [];
    const lines = [...stage.text.matchAll(/^COPY --from=sources (.*) \S+$/gm)].map(([, sources]) => sources!);
    return [
      ...copied(stage.parent),
      ...lines.flatMap((line) => line.split(' ')).map((path) => path.slice('/app/'.length)),
    ];
  };
  /** A module and those that it loads, by their paths in `apps/`. */
  const loaded = (module: string, found = new Set<string>()): ReadonlySet<string> => {
    if (found.has(module)) return found;
    found.add(module);
    const source = readFileSync(join('apps', module), 'utf8');
    for (const [, path] of source.matchAll(/^(?:import|export) (?!type\b)[^;'=]*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm))
      if (path !== undefined) loaded(normalize(join(module, '..', path)), found);
    return found;
  };

  test.each([...appsOf(config({ 'producer:rate': 1 }))])('every module that %s loads', (app) => {
    const places = copied(app);
    const missing = [...loaded(`${app}/main.ts`)].filter(
      (module) => !places.some((place) => module === place || module.startsWith(`${place}/`)),
    );
    expect(missing).toEqual([]);
  });
});
