// `npm run docs:metrics`: rewrites the tables in docs/metrics.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { inventory } from './inventory.ts';
import { withMetricsTables } from './page.ts';

const PAGE = 'docs/metrics.md';

const page = readFileSync(PAGE, 'utf8');
const updated = withMetricsTables(page, await inventory());
if (updated === page) console.log(`${PAGE} is up to date.`);
else {
  writeFileSync(PAGE, updated);
  console.log(`${PAGE} rewritten.`);
}
