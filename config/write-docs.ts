// `npm run docs:config`: rewrites what is made from the schema, the table in docs/config.md and the
// JSON schema of the stack files. With --check it only reports whether they are up to date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { SCHEMA_FILE, schemaText } from './json-schema.ts';
import { withConfigTable } from './table.ts';

const generated: Readonly<Record<string, (old: string) => string>> = {
  'docs/config.md': withConfigTable,
  [SCHEMA_FILE]: schemaText,
};

for (const [file, generate] of Object.entries(generated)) {
  const old = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const updated = generate(old);
  if (updated === old) console.log(`${file} is up to date.`);
  else if (process.argv.includes('--check')) {
    console.error(`${file} differs from the schema: run npm run docs:config and commit the result.`);
    process.exitCode = 1;
  } else {
    writeFileSync(file, updated);
    console.log(`${file} rewritten.`);
  }
}
