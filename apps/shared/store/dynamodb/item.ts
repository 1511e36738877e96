// A record as an item of DynamoDB.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DataRecord } from '../../record.ts';

export type Item = Record<string, AttributeValue>;

/** DynamoDB's limit for an item, names and values together, bytes. */
const MAX_ITEM_BYTES = 400 * 1024;

/** The key of a record. */
export const keyOf = (id: string): Item => ({ _id: { S: id } });

export const itemOf = ({ _id, type, index, payload, createdAt, origin }: DataRecord): Item => ({
  ...keyOf(_id),
  type: { S: type },
  index: { N: String(index) },
  payload: { S: payload },
  createdAt: { S: createdAt },
  origin: { S: origin },
});

export const recordOf = ({ _id, type, index, payload, createdAt, origin }: Item): DataRecord => ({
  _id: _id!.S!,
  type: type!.S!,
  index: Number(index!.N),
  payload: payload!.S!,
  createdAt: createdAt!.S!,
  origin: origin!.S!,
});

/** Why DynamoDB will never take the item, as far as its size tells. */
export function reasonAgainst(item: Item): string | undefined {
  const bytes = Object.entries(item).reduce(
    (sum, [name, { S = '', N = '' }]) => sum + name.length + Buffer.byteLength(S) + N.length,
    0,
  );
  return bytes > MAX_ITEM_BYTES ? TOO_LARGE : undefined;
}

export const TOO_LARGE = `larger than DynamoDB's limit of ${MAX_ITEM_BYTES / 1024} KB for an item`;
