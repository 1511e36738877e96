// The few kinds of panel that our dashboards are made of, so that all of them look and read alike.
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
  MappingType,
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

/** The data sources, under the names that Grafana is provisioned with. */
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: 'prometheus' };
export const LOKI: DataSourceRef = { type: 'loki', uid: 'loki' };

/** Grafana's name of a unit that it doesn't know by itself: `1.35K rec/s`. */
export const RECORDS_PER_SECOND = 'count:rec/s';

/** What is asked of Prometheus, and what the line is called: text with `{{label}}`. */
export type Queries = Readonly<Record<string, string>>;

/** What every panel says. */
interface PanelText {
  readonly title: string;
  /** What to read from it: shown at the panel's corner. */
  readonly description: string;
  /** Width, of 24. */
  readonly width: number;
  /** Height in rows of about 38 pixels; a screen has some 24. */
  readonly height: number;
}

export interface NumberArgs extends PanelText {
  readonly expr: string;
  /** Grafana's name of the unit: `s`, `percentunit`, `reqps`. */
  readonly unit: string;
  readonly decimals?: number;
  /** Value from which the number is yellow, and from which it is red. A red below the yellow warns of small values. */
  readonly warnAt?: number;
  readonly alarmAt?: number;
}

export interface GraphArgs extends PanelText {
  readonly queries: Queries;
  readonly unit: string;
  /** Digits after the point on the axis: 0 for what comes in whole pieces. */
  readonly decimals?: number;
  /** What the panel says where there is no line at all, and that is as it should be. @default Grafana's "No data" */
  readonly nothing?: string;
  /** Whether the lines add up to a whole. @default false */
  readonly stacked?: boolean;
  /** Legends that are a limit rather than a measurement: dashed, red and on top of nothing. */
  readonly limits?: readonly string[];
  /** Legends whose colour says what they are. */
  readonly colors?: Readonly<Record<string, string>>;
}

/** Green, then yellow, then red, or the other way round where small values are bad. */
export function thresholdSteps(warnAt?: number, alarmAt?: number): Threshold[] {
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

/** No answer, or a share of nothing: no number, and neither good nor bad. */
const NOTHING: ValueMapping = {
  type: MappingType.SpecialValue,
  options: { match: SpecialValueMatch.NullAndNan, result: { text: '-', color: 'text' } },
};

/**
 * One number, large: how it is now. A query over the whole time would go on showing the last number of a process that is gone, or the
 * latency of users who left.
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
    // Stacked, the line of what is zero would colour the edge of what lies below it.
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

export interface LogsArgs extends PanelText {
  /** LogQL. */
  readonly expr: string;
}

/** Log lines, the newest first. */
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
