// Finds the metrics that a PromQL expression reads, to check that they exist.

/** Words of PromQL that look like metrics. */
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'start', 'end', 'inf', 'nan']);

/** Followed by a list of labels in parentheses. */
const LABEL_LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*(?:\([^)]*\))?/g;

/**
 * The names of the metrics that an expression reads, each once, sorted, without Grafana's
 * variables.
 */
export function metricNamesOf(expression: string): readonly string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\$\w+/g, ' ')
    .replace(LABEL_LISTS, ' ');
  // A name is not part of a number (1e6, 5m) and, unlike a function, not followed by a parenthesis.
  const names = [...bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name.toLowerCase())).sort();
}

/** The metric that a sample belongs to: `_bucket`, `_sum` and `_count` are parts of a histogram. */
export const metricOf = (name: string, histograms: ReadonlySet<string>): string => {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return histograms.has(base) ? base : name;
};
