// npm run aws:prices: asks AWS for the prices of a region, and writes them to the table.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadStackConfig } from '../../config/load.ts';
import { UsageError } from '../../tooling/errors.ts';
import { costLines, type PriceTable } from './cost.ts';
import { priceIds } from './price-catalog.ts';
import { listedPrices } from './price-list.ts';

const HELP = `npm run aws:prices -- --stack NAME

Asks AWS' public price list for what the stack pays for in its region, and writes it to
components/aws/prices.json. What AWS does not list stays as it is.`;

const TABLE = join(import.meta.dirname, 'prices.json');

const { values } = parseArgs({ options: { stack: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help || values.stack === undefined) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else process.exitCode = await refresh(values.stack);

async function refresh(stack: string): Promise<number> {
  try {
    const config = loadStackConfig(stack, join(import.meta.dirname, '..', '..'));
    const { region } = config.aws;
    if (region === undefined) throw new UsageError(`${stack} is not on AWS: it has no aws:region`);
    const ids = [...new Set([...priceIds, ...costLines(config).map(({ id }) => id)])];
    const listed = await listedPrices(region, ids, fetch);
    const table: PriceTable = JSON.parse(await readFile(TABLE, 'utf8'));
    await writeFile(TABLE, `${JSON.stringify({ ...table, [region]: { ...table[region], ...listed } }, null, 2)}\n`);
    console.log(
      `${Object.keys(listed).length} of ${ids.length} prices of ${region} written to components/aws/prices.json`,
    );
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}; the table is as it was`);
    return 1;
  }
}
