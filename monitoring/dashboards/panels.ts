// The dashboard and the few kinds of panel that all dashboards are made of, so that they look
// alike.
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphDrawStyle,
  GraphGradientMode,
  LegendDisplayMode,
  LegendPlacement,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  MappingType,
  type Panel,
  RowBuilder,
  SpecialValueMatch,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as LogsPanel } from '@grafana/grafana-foundation-sdk/logs';
import { DataqueryBuilder as LokiQuery } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data sources, by the identifiers under which Grafana is provisioned with them. */
const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: 'prometheus' };
const LOKI: DataSourceRef = { type: 'loki', uid: 'loki' };

/** A custom unit of Grafana's: `1.35K rec/s`. */
export const RECORDS_PER_SECOND = 'count:rec/s';

const TAG = 'breakwater';

interface DashboardArgs {
  /** Part of the dashboard's address: never changes. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Panels by the title of the row that folds them; those under the empty title are in no row. */
  readonly rows: Readonly<Record<string, readonly Builder<Panel>[]>>;
}

/** Builds a dashboard. It is read-only in Grafana, which would lose edits at its next start. */
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

interface PanelArgs {
  readonly title: string;
  /** What the panel shows and how to read it: a tooltip at its corner. */
  readonly description: string;
  /** Width, of 24. */
  readonly width: number;
  /** Height in rows of about 38 pixels; a screen has about 24. */
  readonly height: number;
}

interface NumberArgs extends PanelArgs {
  readonly expr: string;
  /** Grafana's name of the unit: `s`, `percentunit`, `reqps`. */
  readonly unit: string;
  readonly decimals?: number;
  /** From this value on the number is yellow. @default no colour */
  readonly warnAt?: number;
  /**
   * From this value on the number is red. Where it is below `warnAt`, small values are the bad
   * ones.
   * @default no colour
   */
  readonly alarmAt?: number;
}

interface GraphArgs extends PanelArgs {
  /** PromQL by the legend of its lines, a text with `{{label}}`. */
  readonly queries: Readonly<Record<string, string>>;
  readonly unit: string;
  /** Decimals on the axis: 0 for whole numbers. @default as many as Grafana likes */
  readonly decimals?: number;
  /** Shown while there is no data and that is fine. @default Grafana's "No data" */
  readonly nothing?: string;
  /** Whether the lines add up to a whole. @default false */
  readonly stacked?: boolean;
  /** Legends of limits, which are drawn dashed, red and unstacked. */
  readonly limits?: readonly string[];
  /** Colours by legend. */
  readonly colors?: Readonly<Record<string, string>>;
}

/** Green, yellow, red; the other way round where small values are bad. */
function thresholdSteps(warnAt?: number, alarmAt?: number): Threshold[] {
  if (warnAt === undefined || alarmAt === undefined) return [{ value: null, color: 'text' }];
  return alarmAt >= warnAt
    ? [
        { value: null, color: 'green' },
        { value: warnAt, color: 'yellow' },
        { value: alarmAt, color: 'red' },
      ]
    : [
        { value: null, color: 'red' },
        { value: alarmAt, color: 'yellow' },
        { value: warnAt, color: 'green' },
      ];
}

const prometheusQuery = (expr: string, legend: string) =>
  new PrometheusQuery().datasource(PROMETHEUS).expr(expr).legendFormat(legend);

/** No data, or a share of nothing: no number, and neither good nor bad. */
const NOTHING: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: '-', color: 'text' } },
};

/**
 * One large number, as of now. A query over the whole range would keep showing the last number of a
 * process that is gone, or the latency of users who have left.
 */
export function number({ title, description, width, height, expr, unit, decimals, warnAt, alarmAt }: NumberArgs) {
  const panel = new StatPanel()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(PROMETHEUS)
    .unit(unit)
    .mappings([NOTHING])
    .noValue('-')
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholdSteps(warnAt, alarmAt)))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .withTarget(prometheusQuery(expr, title).instant().refId('A'));
  return decimals === undefined ? panel : panel.decimals(decimals);
}

/** Lines over time. */
export function graph({
  title,
  description,
  width,
  height,
  queries,
  unit,
  decimals,
  nothing,
  stacked,
  limits = [],
  colors = {},
}: GraphArgs) {
  const panel = new TimeseriesPanel()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(PROMETHEUS)
    .unit(unit)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    // In a stack, the line of a series at zero would colour the edge of the one below it.
    .lineWidth(stacked ? 0 : 1)
    .fillOpacity(stacked ? 40 : 8)
    .gradientMode(GraphGradientMode.None)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  if (decimals !== undefined) panel.decimals(decimals);
  if (nothing !== undefined) panel.noValue(nothing);
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('all'));
  for (const limit of limits)
    panel.overrideByName(limit, [
      { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
      { id: 'custom.lineWidth', value: 1 },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.stacking', value: { mode: 'none' } },
    ]);
  for (const [legend, fixedColor] of Object.entries(colors))
    panel.overrideByName(legend, [{ id: 'color', value: { mode: 'fixed', fixedColor } }]);
  for (const [index, [legend, expr]] of Object.entries(queries).entries())
    panel.withTarget(prometheusQuery(expr, legend).refId(String.fromCharCode(65 + index)));
  return panel;
}

interface LogsArgs extends PanelArgs {
  /** LogQL. */
  readonly expr: string;
}

/** Log lines, newest first. */
export const logs = ({ title, description, width, height, expr }: LogsArgs) =>
  new LogsPanel()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(LOKI)
    .showTime(true)
    .wrapLogMessage(true)
    .sortOrder(LogsSortOrder.Descending)
    .withTarget(new LokiQuery().datasource(LOKI).expr(expr).refId('A'));
