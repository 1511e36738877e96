// Reads the package sources of the system's apt and rewrites them for another suite of the same
// mirror.

/** One source of binary packages. */
interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** As written: a path, or an inline key with its line breaks. */
  signedBy?: string;
}

/** Parses `*.sources` files (deb822). */
export function parseDeb822(text: string): AptSource[] {
  return text
    .split(/\n\s*\n/)
    .map(fields)
    .filter((stanza) => stanza.get('enabled') !== 'no' && words(stanza.get('types')).includes('deb'))
    .map((stanza) => ({
      uris: words(stanza.get('uris')),
      suites: words(stanza.get('suites')),
      components: words(stanza.get('components')),
      ...(stanza.has('signed-by') && { signedBy: stanza.get('signed-by')! }),
    }))
    .filter((source) => source.uris.length > 0 && source.suites.length > 0);
}

/** Parses `sources.list` files (one source a line). */
export function parseSourcesList(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) return [];
    const [, options = '', uri, suite, components] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uris: [uri!], suites: [suite!], components: words(components), ...(signedBy && { signedBy }) }];
  });
}

/**
 * The system's sources with the suite `wanted` in place of `current`: its main archive and its
 * security updates.
 */
export function sourcesForSuite(sources: readonly AptSource[], current: string, wanted: string): AptSource[] {
  const renamed = new Map([
    [current, wanted],
    ['stable', wanted],
    ['oldstable', wanted],
    [`${current}-security`, `${wanted}-security`],
    ['stable-security', `${wanted}-security`],
    ['oldstable-security', `${wanted}-security`],
  ]);
  return sources.flatMap((source) => {
    const suites = [...new Set(source.suites.flatMap((suite) => renamed.get(suite) ?? []))];
    const components = source.components.filter((component) => component === 'main' || component === 'universe');
    return suites.length > 0 && components.length > 0 ? [{ ...source, suites, components }] : [];
  });
}

/** The text of a `*.sources` file. */
export function formatDeb822(sources: readonly AptSource[]): string {
  return sources
    .map((source) =>
      [
        'Types: deb',
        `URIs: ${source.uris.join(' ')}`,
        `Suites: ${source.suites.join(' ')}`,
        `Components: ${source.components.join(' ')}`,
        ...(source.signedBy ? [`Signed-By: ${source.signedBy}`] : []),
      ].join('\n'),
    )
    .join('\n\n')
    .concat('\n');
}

function fields(stanza: string): Map<string, string> {
  const result = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n').filter((each) => !each.startsWith('#'))) {
    if (/^\s/.test(line)) {
      if (last) result.set(last, `${result.get(last)}\n${line}`);
      continue;
    }
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (!name) continue;
    last = name.toLowerCase();
    result.set(last, value!);
  }
  return result;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter(Boolean);
}
