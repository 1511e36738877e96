// What a timeline says in a sentence: peaks, and what happened when.
import { formatCount } from '../../../tooling/report/format.ts';
import type { Timeline } from '../timeline.ts';

export function highlights({ app, moments, marks }: Timeline): readonly string[] {
  const most = (pick: (moment: (typeof moments)[number]) => number | null) =>
    moments.reduce((peak, moment) => Math.max(peak, pick(moment) ?? 0), 0);
  return [
    `at most ${formatCount(most(({ accepted }) => accepted))} records/s accepted`,
    `highest lag ${formatCount(most(({ lag }) => lag))}`,
    `${most(({ ready }) => ready)} ${app} pods at most`,
    ...marks.map(({ t, what }) => `${what} at ${t.toFixed(0)} s`),
  ];
}
