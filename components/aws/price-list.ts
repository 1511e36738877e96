// Reads prices out of AWS' price list: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
// Files of a service and region as CSV, which is read line by line: that of EC2 has hundreds of MB.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Price } from './cost.ts';
import { billedOf, type PriceId } from './price-catalog.ts';

/** AWS' own server; public, without a login. */
const PRICE_LIST = 'https://pricing.us-east-1.amazonaws.com';

/** Asks for a file. @param url of the price list */
export type Get = (url: string) => Promise<Response>;

/**
 * The prices of a region that AWS lists, by id, of the first tier that is not free. What is not
 * listed is left out.
 *
 * @throws Error if a file cannot be fetched, or is not a price list
 */
export async function listedPrices(
  region: string,
  ids: readonly PriceId[],
  get: Get,
): Promise<Readonly<Record<string, Price>>> {
  const found: Record<string, Price> = {};
  for (const service of new Set(ids.map((id) => billedOf(id).service))) {
    const url = `${PRICE_LIST}/offers/v1.0/aws/${service}/current/${region}/index.csv`;
    const wanted = ids.filter((id) => billedOf(id).service === service);
    const answer = await get(url).catch((error: Error) => {
      throw new Error(`${PRICE_LIST} does not answer (${error.message})`, { cause: error });
    });
    Object.assign(found, await readOffer(url, wanted, answer));
  }
  return found;
}

async function readOffer(url: string, wanted: readonly PriceId[], answer: Response): Promise<Record<string, Price>> {
  if (!answer.ok || answer.body === null) throw new Error(`${url}: status ${answer.status}`);
  const found: Record<string, Price> = {};
  const starts: Record<string, number> = {};
  let date: string | undefined;
  let columns: readonly string[] | undefined;
  for await (const line of createInterface({ input: Readable.fromWeb(answer.body as never) })) {
    if (columns === undefined) {
      const [name, value] = cellsOf(line);
      if (name === 'Publication Date') date = value?.slice(0, 10);
      if (name === 'SKU') columns = cellsOf(line).map((column) => column.toLowerCase());
      continue;
    }
    for (const id of wanted.filter((one) => line.includes(billedOf(one).usageType))) {
      const row = rowOf(columns, cellsOf(line));
      const price = priceOf(id, row);
      const start = Number(row.startingrange);
      if (price === undefined || start >= (starts[id] ?? Number.POSITIVE_INFINITY)) continue;
      starts[id] = start;
      found[id] = { ...price, date: date ?? '', source: url };
    }
  }
  if (columns === undefined) throw new Error(`${url} is not a price list`);
  return found;
}

type Row = Readonly<Record<string, string>>;

const rowOf = (columns: readonly string[], cells: readonly string[]): Row =>
  Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));

/** The price, if the row has it: on demand, in this region. What is free at first is not. */
function priceOf(id: PriceId, row: Row): Pick<Price, 'usd' | 'sku'> | undefined {
  const { usageType, where = {}, units = 1 } = billedOf(id);
  const prefix = row.usagetype?.endsWith(usageType) ? row.usagetype.slice(0, -usageType.length) : undefined;
  const fits =
    prefix !== undefined &&
    /^([A-Z]{2,4}\d?-|[a-z]{2}-[a-z]+-\d-)?$/.test(prefix) &&
    row.termtype === 'OnDemand' &&
    Number(row.priceperunit) > 0 &&
    Object.entries(where).every(([column, value]) => row[column] === value);
  return fits ? { usd: Number((Number(row.priceperunit) * units).toPrecision(6)), sku: row.sku! } : undefined;
}

/** The cells of a line of CSV. */
const cellsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
