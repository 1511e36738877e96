// Reads the command of a message from its first bytes, and says what it costs in disk operations.
import { constants, inflateSync, zstdDecompressSync } from 'node:zlib';

const OP_UPDATE = 2001;
const OP_INSERT = 2002;
export const OP_QUERY = 2004;
const OP_GET_MORE = 2005;
const OP_DELETE = 2006;
const OP_KILL_CURSORS = 2007;
export const OP_COMPRESSED = 2012;
export const OP_MSG = 2013;

/** Handshake, monitoring, sessions and authentication use no disk. */
const FREE = new Set(
  `hello isMaster ismaster ping buildInfo buildinfo saslStart saslContinue authenticate getnonce logout
  startSession endSessions refreshSessions killSessions killAllSessions killCursors killOp serverStatus getParameter
  connectionStatus whatsmyuri hostInfo getLog getCmdLineOpts listCommands features currentOp connPoolStats
  replSetGetStatus replSetGetConfig isdbgrid top atlasVersion getFreeMonitoringStatus`.split(/\s+/),
);

/**
 * Commands with their own metric label. All others share `other`, because a client could invent any
 * number of them.
 */
const NAMED = new Set([
  ...FREE,
  ...`insert update delete find getMore aggregate count distinct findAndModify findandmodify bulkWrite mapReduce explain
  create createIndexes dropIndexes drop dropDatabase renameCollection collMod listCollections listDatabases listIndexes
  dbStats collStats validate compact fsync fsyncUnlock commitTransaction abortTransaction createUser updateUser dropUser
  usersInfo setParameter shutdown compressed`.split(/\s+/),
]);

/** Whether a command is free, apart from its size beyond 256 KiB. Unknown commands are not. */
export const isFree = (command: string): boolean => FREE.has(command);

/** The metric label of a command: its name, or `other`. */
export const commandLabel = (command: string): string => (NAMED.has(command) ? command : 'other');

/** Bytes that one operation carries, as EBS counts I/O. */
const OPERATION_BYTES = 256 * 1024;

/** Operations beyond the first for a message of this size. */
export const furtherOperations = (bytes: number): number => Math.max(0, Math.ceil(bytes / OPERATION_BYTES) - 1);

/** Operations for a request: 1 (0 for a free command), and 1 for each further 256 KiB. */
export const requestCost = (free: boolean, bytes: number): number => (free ? 0 : 1) + furtherOperations(bytes);

export interface CommandHead {
  readonly command: string;
  readonly expectsReply: boolean;
  /**
   * Size of the decompressed message, bytes; 0 if it is not compressed. This is what the message
   * claims, or the most that its data can expand to if that is less.
   */
  readonly plainBytes: number;
}

const LEGACY: Readonly<Record<number, { command: string; expectsReply: boolean }>> = {
  [OP_UPDATE]: { command: 'update', expectsReply: false },
  [OP_INSERT]: { command: 'insert', expectsReply: false },
  [OP_GET_MORE]: { command: 'getMore', expectsReply: true },
  [OP_DELETE]: { command: 'delete', expectsReply: false },
  [OP_KILL_CURSORS]: { command: 'killCursors', expectsReply: false },
};

/** Document sequences that may precede the command's section, and the command they belong to. */
const SEQUENCES: Readonly<Record<string, string>> = {
  documents: 'insert',
  updates: 'update',
  deletes: 'delete',
  ops: 'bulkWrite',
  nsInfo: 'bulkWrite',
};

/** Reads the command from a message's header and the first bytes of its body. Never throws. */
export function readCommand(head: Buffer): CommandHead {
  const opCode = head.readInt32LE(12);
  const body = head.subarray(16);
  if (opCode === OP_COMPRESSED) return readCompressed(body, head.readInt32LE(0));
  return { ...readBody(opCode, body), plainBytes: 0 };
}

function readBody(opCode: number, body: Buffer): { command: string; expectsReply: boolean } {
  if (opCode === OP_MSG) {
    const moreToCome = body.length >= 4 && (body.readInt32LE(0) & 2) !== 0;
    return { command: readMessage(body) ?? 'other', expectsReply: !moreToCome };
  }
  if (opCode === OP_QUERY) return { command: readQuery(body) ?? 'other', expectsReply: true };
  return LEGACY[opCode] ?? { command: 'other', expectsReply: true };
}

/** OP_MSG: flags, then sections. Kind 0 is the command, kind 1 a sequence of documents. */
function readMessage(body: Buffer): string | undefined {
  if (body[4] === 0) return firstKey(body, 5);
  if (body[4] === 1) return SEQUENCES[readText(body, 9)?.text ?? ''];
  return undefined;
}

/**
 * OP_QUERY: flags, collection, two numbers, a document. It is a command if the collection is
 * `$cmd`.
 */
function readQuery(body: Buffer): string | undefined {
  const collection = readText(body, 4);
  if (!collection) return undefined;
  if (!collection.text.endsWith('.$cmd')) return 'find';
  const start = collection.end + 8;
  const name = firstKey(body, start);
  // A command with a read preference is wrapped: { $query: { command }, $readPreference }.
  if (name !== '$query' && name !== 'query') return name;
  return firstKey(body, start + 5 + name.length + 1);
}

/** The name of the first element of the BSON document at `start`: length (4), type (1), name. */
const firstKey = (body: Buffer, start: number): string | undefined => readText(body, start + 5)?.text || undefined;

function readText(body: Buffer, start: number): { text: string; end: number } | undefined {
  const end = body.indexOf(0, start);
  return start >= body.length || end < 0 ? undefined : { text: body.toString('utf8', start, end), end: end + 1 };
}

/** Header, original opcode, decompressed size, compressor. */
const COMPRESSED_HEAD_BYTES = 16 + 4 + 4 + 1;

/**
 * The most bytes that one byte of compressed data can stand for: none, snappy (a copy of 64 bytes
 * takes 3), zlib, zstd (a run of 128 KiB takes 4). MongoDB rejects every other compressor.
 */
const MAX_EXPANSION = [1, 64 / 3, 1032, 128 * 256];

/** OP_COMPRESSED: original opcode, decompressed size, compressor, data. */
function readCompressed(body: Buffer, wireBytes: number): CommandHead {
  if (body.length < 9) return { command: 'other', expectsReply: true, plainBytes: 0 };
  const opCode = body.readInt32LE(0);
  const compressor = body[8]!;
  const plainBytes = 16 + Math.max(0, Math.min(body.readInt32LE(4), maxPlainBytes(compressor, wireBytes)));
  const plain = decompressStart(compressor, body.subarray(9));
  if (!plain || plain.length < 5) return { command: 'compressed', expectsReply: true, plainBytes };
  return { ...readBody(opCode, plain), plainBytes };
}

/**
 * The most bytes that the data of a compressed message can expand to. The size that a message
 * claims cannot be trusted: a few bytes that claim gigabytes would occupy the disk for minutes.
 */
const maxPlainBytes = (compressor: number, wireBytes: number): number =>
  Math.floor((wireBytes - COMPRESSED_HEAD_BYTES) * (MAX_EXPANSION[compressor] ?? 0));

/**
 * Decompresses the first bytes of compressed data. Undefined if they cannot be decompressed alone,
 * or if the compressor is unknown.
 */
function decompressStart(compressor: number, data: Buffer): Buffer | undefined {
  try {
    if (compressor === 0) return data;
    if (compressor === 2) return inflateSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
    if (compressor === 3) return zstdDecompressSync(data, { maxOutputLength: 1_048_576 });
  } catch {
    // Truncated or damaged. The gate only needs a name, and counts the message as `compressed`.
  }
  return undefined;
}
