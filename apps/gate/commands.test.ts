// The command is read from every kind of message that drivers send, and costs what it should.
import { deflateSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import {
  commandLabel,
  furtherOperations,
  isFree,
  OP_COMPRESSED,
  OP_MSG,
  OP_QUERY,
  readCommand,
  requestCost,
} from './commands.ts';
import { commandDocument, commandSection, int32, message, msgBody } from './gate.testing.ts';

const sequence = (identifier: string): Buffer => {
  const name = Buffer.from(`${identifier}\0`);
  return Buffer.concat([Buffer.from([1]), int32(4 + name.length), name]);
};
const query = (collection: string, document: Buffer): Buffer =>
  message(OP_QUERY, Buffer.concat([int32(0), Buffer.from(`${collection}\0`), int32(0), int32(-1), document]));
const compressed = (compressor: number, data: Buffer, plainBytes: number): Buffer =>
  message(OP_COMPRESSED, Buffer.concat([int32(OP_MSG), int32(plainBytes), Buffer.from([compressor]), data]));

function wrapped(outer: string): Buffer {
  const inner = commandDocument('isMaster');
  const body = Buffer.concat([Buffer.from(`\x03${outer}\0`, 'latin1'), inner, Buffer.alloc(1)]);
  return Buffer.concat([int32(4 + body.length), body]);
}

const insert = msgBody([commandSection('insert', 40)]);

describe('readCommand', () => {
  test.each<[string, Buffer, string, boolean]>([
    ['OP_MSG', message(OP_MSG, insert), 'insert', true],
    ['OP_MSG with moreToCome', message(OP_MSG, msgBody([commandSection('insert')], 2)), 'insert', false],
    ['OP_MSG with exhaustAllowed', message(OP_MSG, msgBody([commandSection('hello')], 1 << 16)), 'hello', true],
    ['documents first', message(OP_MSG, msgBody([sequence('documents'), commandSection('insert')])), 'insert', true],
    ['deletes first', message(OP_MSG, msgBody([sequence('deletes')])), 'delete', true],
    ['an unknown sequence first', message(OP_MSG, msgBody([sequence('things')])), 'other', true],
    ['an empty OP_MSG', message(OP_MSG, Buffer.alloc(0)), 'other', true],
    ['a name without end', message(OP_MSG, msgBody([Buffer.from('\0aaaaaaaaaaaa')])), 'other', true],
    ['OP_QUERY command', query('admin.$cmd', commandDocument('isMaster')), 'isMaster', true],
    ['OP_QUERY wrapped command', query('admin.$cmd', wrapped('$query')), 'isMaster', true],
    ['OP_QUERY on a collection', query('db.things', commandDocument('a')), 'find', true],
    ['a cut-off OP_QUERY', message(OP_QUERY, Buffer.from([0, 0, 0, 0, 65])), 'other', true],
    ['OP_INSERT', message(2002, Buffer.alloc(20)), 'insert', false],
    ['OP_GET_MORE', message(2005, Buffer.alloc(20)), 'getMore', true],
    ['an unknown operation', message(4711, Buffer.alloc(20)), 'other', true],
  ])('%s', (_name, bytes, command, expectsReply) =>
    expect(readCommand(bytes)).toEqual({ command, expectsReply, plainBytes: 0 }),
  );

  test.each<[string, number, Buffer, string]>([
    ['no compression', 0, insert, 'insert'],
    ['zlib', 2, deflateSync(insert), 'insert'],
    ['zstd', 3, zstdCompressSync(insert), 'insert'],
    ['snappy', 1, Buffer.from('whatever'), 'compressed'],
    ['damaged zlib', 2, Buffer.from('not zlib'), 'compressed'],
  ])('OP_COMPRESSED, %s', (_name, compressor, data, command) =>
    expect(readCommand(compressed(compressor, data, 5))).toMatchObject({ command, plainBytes: 21 }),
  );

  test('OP_COMPRESSED of which only the start has arrived', () => {
    const data = deflateSync(Buffer.concat([insert, Buffer.alloc(90_000, 'abcd')]));
    const start = compressed(2, data, 90_000).subarray(0, 100);
    expect(readCommand(start)).toMatchObject({ command: 'insert', plainBytes: 90_016 });
  });

  // The data is 15 bytes: the whole message is 40.
  test.each<[string, number, number]>([
    ['no compression', 0, 15],
    ['snappy', 1, 320],
    ['zlib', 2, 15_480],
    ['zstd', 3, 491_520],
    ['an unknown compressor', 9, 0],
  ])('a claimed size counts no more than the data can expand to: %s', (_name, compressor, most) => {
    const claim = compressed(compressor, Buffer.alloc(15), 2 ** 31 - 1);
    expect(claim).toHaveLength(40);
    expect(readCommand(claim).plainBytes).toBe(16 + most);
  });

  test.each<[string, number, (plain: Buffer) => Buffer]>([
    ['zlib', 2, (plain) => deflateSync(plain)],
    ['zstd', 3, (plain) => zstdCompressSync(plain)],
  ])('the true size counts in full, however well it compresses: %s', (_name, compressor, compress) => {
    const plain = Buffer.alloc(40_000_000);
    expect(readCommand(compressed(compressor, compress(plain), plain.length)).plainBytes).toBe(16 + plain.length);
  });

  test('a negative claim counts as nothing', () =>
    expect(readCommand(compressed(2, Buffer.alloc(15), -1)).plainBytes).toBe(16));
});

test.each(['hello', 'isMaster', 'ping', 'saslStart', 'endSessions', 'killCursors', 'serverStatus'])(
  '%s is free',
  (name) => expect(isFree(name)).toBe(true),
);
test.each(['insert', 'find', 'getMore', 'createIndexes', 'dropDatabase', 'compressed', 'other', 'madeUp', 'Hello'])(
  '%s costs',
  (name) => expect(isFree(name)).toBe(false),
);
test('made-up names share one label', () => {
  expect(commandLabel('insert')).toBe('insert');
  expect(commandLabel('madeUp')).toBe('other');
});

const KiB = 1024;

describe('requestCost', () => {
  test.each([
    [1, 60],
    [1, 256 * KiB],
    [2, 256 * KiB + 1],
    [2, 512 * KiB],
    [3, 512 * KiB + 1],
    [6, 1_400_000],
    [184, 48_000_000],
  ])('%i for %i bytes', (cost, bytes) => expect(requestCost(false, bytes)).toBe(cost));

  test('a free command pays only for its further size', () => {
    expect(requestCost(true, 256 * KiB)).toBe(0);
    expect(requestCost(true, 256 * KiB + 1)).toBe(1);
  });
});

test.each([
  [0, 16],
  [0, 256 * KiB],
  [1, 256 * KiB + 1],
  [3, 1024 * KiB],
])('%i further operations for a reply of %i bytes', (cost, bytes) => expect(furtherOperations(bytes)).toBe(cost));
