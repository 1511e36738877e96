// The table of all config keys for docs/config.md, made from the schema so that it cannot be out of date.
import { type ConfigKey, configKeys } from './schema.ts';

const START = '<!-- config:start -->';
const END = '<!-- config:end -->';

/** Text of a table's cell: a bar would end it, and angle brackets would be read as HTML outside code. */
const cell = (text: string): string => text.replaceAll('|', '\\|');

const row = (key: ConfigKey): string =>
  `| \`${key.key}\` | ${cell(key.brief)} | ${key.fallback === '' ? '' : `\`${key.fallback}\``} | ${cell(key.description)} | ${cell(key.change)} |`;

/** The keys as Markdown, a table a namespace. */
export function configTable(keys: readonly ConfigKey[] = configKeys): string {
  const namespaces = [...new Set(keys.map((key) => key.namespace))];
  return namespaces
    .map((namespace) =>
      [
        `### ${namespace}`,
        '',
        '| key | takes | default | meaning | a change of it |',
        '| --- | --- | --- | --- | --- |',
        ...keys.filter((key) => key.namespace === namespace).map(row),
      ].join('\n'),
    )
    .join('\n\n');
}

/**
 * Puts the table between the markers of a page.
 * @throws Error when the page lacks them
 */
export function withConfigTable(page: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`The page needs the lines ${START} and ${END}, in this order.`);
  return `${page.slice(0, start + START.length)}\n\n${configTable()}\n\n${page.slice(end)}`;
}
