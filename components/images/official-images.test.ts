// Names of third-party images: from the public registry or a mirror, with or without the digest.
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { type OfficialImageName, officialImage, officialImageNames } from './official-images.ts';

const imagesOf = (raw: Record<string, unknown>) => parseStackConfig(raw).images;
const pinned = imagesOf({});
const unpinned = imagesOf({ 'images:digests': 'false' });
const mirrored = imagesOf({ 'images:mirror': 'mirror.example.com:5000/hub', 'images:digests': 'false' });

test.each(officialImageNames)('%s is pinned by a version and a digest', (name) => {
  expect(officialImage(name, pinned)).toMatch(/^[a-z0-9._/-]+:v?\d+\.\d+\.\d+[a-z0-9-]*@sha256:[0-9a-f]{64}$/);
});

test.each<[OfficialImageName, string]>([
  ['redis', 'redis:8.2.8-bookworm'],
  ['kafka', 'apache/kafka:4.3.1'],
  ['kafka-ui', 'ghcr.io/kafbat/kafka-ui:v1.5.0'],
])('%s without its digest: %s', (name, expected) => {
  expect(officialImage(name, unpinned)).toBe(expected);
});

test.each<[OfficialImageName, string]>([
  ['redis', 'mirror.example.com:5000/hub/library/redis:8.2.8-bookworm'],
  ['kafka', 'mirror.example.com:5000/hub/apache/kafka:4.3.1'],
  ['kafka-ui', 'mirror.example.com:5000/hub/kafbat/kafka-ui:v1.5.0'],
])('%s from a mirror: %s', (name, expected) => {
  expect(officialImage(name, mirrored)).toBe(expected);
});

describe('another version', () => {
  test('has the digest of that version', () => {
    const images = new Set(['4.1.1', '4.1.2', '4.3.1'].map((version) => officialImage('kafka', pinned, version)));
    expect(images.size).toBe(3);
    for (const image of images) expect(image).toMatch(/@sha256:/);
  });

  test('has no digest if the list has none: never that of another version', () => {
    expect(officialImage('kafka', pinned, '4.9.9')).toBe('apache/kafka:4.9.9');
  });
});

test('a mirror keeps the digest by default', () => {
  expect(officialImage('redis', imagesOf({ 'images:mirror': 'm.example' }))).toMatch(
    /^m\.example\/library\/redis:8\.2\.8-bookworm@sha256:/,
  );
});
