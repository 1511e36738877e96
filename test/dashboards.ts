// The dashboards as Grafana reads them, and the queries of their panels.
import type { StackConfig } from '../config/schema.ts';
import { dashboardFiles } from '../monitoring/dashboards/dashboards.ts';

export interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly datasource: { readonly type: string };
    readonly refId: string;
  }[];
  readonly panels?: readonly Panel[];
}

/** The dashboards by file, with the panels of folded rows beside the others. */
export const dashboardsIn = (config: StackConfig) =>
  Object.entries(dashboardFiles(config)).map(([file, text]) => {
    const { title, panels } = JSON.parse(text) as { title: string; panels: readonly Panel[] };
    const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    return { file, title, panels: all.filter(({ type }) => type !== 'row') };
  });

/**
 * The queries that the panels send to a data source; a rate is over four scrapes, as in Grafana.
 */
export const queriesIn = (config: StackConfig, source: 'prometheus' | 'loki') =>
  dashboardsIn(config).flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? [])
        .filter(({ datasource }) => datasource.type === source)
        .map(({ expr }) => ({
          where: `${title}, ${panel.title}`,
          expr: expr.replaceAll('$__rate_interval', `${4 * config.monitoring.scrapeSeconds}s`),
        })),
    ),
  );
