// A dashboard: its rows of panels, links to the others, and the settings that all of them share.
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';

const TAG = 'breakwater';

export interface DashboardArgs {
  /** Part of its address: never changes. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Panels by the title of their row, which can be folded; those under the empty title have none. */
  readonly rows: Readonly<Record<string, readonly Builder<Panel>[]>>;
}

/** Builds it. Nobody can edit it in Grafana: it would be lost with the next start. */
export function dashboard({ uid, title, description, rows }: DashboardArgs): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-30m', to: 'now' })
    .refresh('5s')
    .link(
      new DashboardLinkBuilder('Dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true),
    );
  for (const [row, panels] of Object.entries(rows)) {
    if (row !== '') builder.withRow(new RowBuilder(row));
    for (const panel of panels) builder.withPanel(panel);
  }
  return builder.build();
}
