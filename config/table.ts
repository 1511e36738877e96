// The table of all config keys in docs/config.md, generated from the schema.
import { type ConfigKey, configKeys } from './schema.ts';

const START = '<!-- config:start -->';
const END = '<!-- config:end -->';

/** Text of a table cell, where a bar would end the cell. Angle brackets in it must be in code. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (key: ConfigKey): string =>
  `| \`${key.key}\` | ${cell(key.brief)} | ${key.fallback === '' ? '' : `\`${key.fallback}\``} | ${cell(key.description)} | ${cell(key.change)} |`;

/** The keys as Markdown: one table per namespace. */
export function configTable(keys: readonly ConfigKey[] = configKeys): string {
  const namespaces = [...new Set(keys.map((key) => key.namespace))];
  return namespaces
    .map((namespace) =>
      [
        `### ${namespace}`,
        '',
        '| key | values | default | meaning | effect of a change |',
        '| --- | --- | --- | --- | --- |',
        ...keys.filter((key) => key.namespace === namespace).map(row),
      ].join('\n'),
    )
    .join('\n\n');
}

/**
 * Puts the table between the markers of a page.
 *
 * @throws Error when the page lacks them
 */
export function withConfigTable(page: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`The page needs the lines ${START} and ${END}, in this order.`);
  return `${page.slice(0, start + START.length)}\n\n${configTable()}\n\n${page.slice(end)}`;
}
