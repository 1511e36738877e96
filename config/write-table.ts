// `npm run docs:config`: rewrites the table in docs/config.md. With --check it only says whether it
// is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { withConfigTable } from './table.ts';

const PAGE = 'docs/config.md';

const page = readFileSync(PAGE, 'utf8');
const updated = withConfigTable(page);
if (updated === page) console.log(`${PAGE} is up to date.`);
else if (process.argv.includes('--check')) {
  console.error(`${PAGE} differs from the schema: run npm run docs:config and commit the result.`);
  process.exitCode = 1;
} else {
  writeFileSync(PAGE, updated);
  console.log(`${PAGE} rewritten.`);
}
