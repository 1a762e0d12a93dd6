// SPDX-License-Identifier: MIT
// The dashboard: the same panels, whichever database answers.
import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as Graph } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Queries, Target } from "./queries";

const PERCENT = "percent";
const RATE = "pps"; // packets a second
const COUNT = "short";
const HALF = 12; // of the width, which is 24
const TALL = 9;
const LOW = 5;

// The limits that pktloss has by itself for most layers, in percent.
const LIMITS = [
  { value: null, color: "green" },
  { value: 0.1, color: "orange" },
  { value: 1, color: "red" },
];
const ANY_IS_BAD = [
  { value: null, color: "green" },
  { value: 1, color: "orange" },
];

// How one number is made of a series.
const NOW = "lastNotNull";
const WORST = "max";

type Steps = { value: number | null; color: string }[];

function thresholds(steps: Steps): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function reduce(calculation: string): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().values(false).calcs([calculation]);
}

function graph(title: string, description: string, unit: string, target: Target): Graph {
  return new Graph()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .span(HALF)
    .height(TALL)
    .fillOpacity(10)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .calcs(["max", "lastNotNull"]),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .withTarget(target);
}

function stacked(title: string, description: string, target: Target): Graph {
  return graph(title, description, RATE, target)
    .fillOpacity(60)
    .lineWidth(0)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
}

function bars(title: string, description: string, unit: string, target: Target, is: string): BarGauge {
  return new BarGauge()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .span(HALF)
    .height(TALL)
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Gradient)
    .reduceOptions(reduce(is))
    .noValue("nothing lost")
    .withTarget(target);
}

function stat(title: string, description: string, target: Target, is: string): Stat {
  return new Stat()
    .title(title)
    .description(description)
    .span(6)
    .height(LOW)
    .reduceOptions(reduce(is))
    .graphMode(common.BigValueGraphMode.None)
    .noValue("none")
    .withTarget(target);
}

function ladder(board: DashboardBuilder, q: Queries): void {
  board
    .withRow(new RowBuilder("The ladder: which layer loses"))
    .withPanel(
      graph("Share lost, by layer", "The worst place of each layer and direction.", PERCENT, q.shareByLayer).thresholds(
        thresholds(LIMITS),
      ),
    )
    .withPanel(
      stacked("Packets lost a second, by layer", "Each packet is in one layer, once: the sum is what is lost.", q.lostByLayer),
    );
}

function worst(board: DashboardBuilder, q: Queries): void {
  board
    .withRow(new RowBuilder("The ten worst namespaces, in the time shown"))
    .withPanel(
      bars("Largest share lost", "The worst interval of the worst layer.", PERCENT, q.worstShare, q.worstShareIs).thresholds(
        thresholds(LIMITS),
      ),
    )
    .withPanel(bars("Most packets lost", "All layers.", COUNT, q.worstLost, q.worstLostIs));
}

function detail(board: DashboardBuilder, q: Queries): void {
  board
    .withRow(new RowBuilder("Where, and why"))
    .withPanel(graph("Share lost, by place", "interface@namespace, or all@namespace.", PERCENT, q.shareByPlace))
    .withPanel(stacked("Packets lost a second, by place", "Each packet is in one place, once.", q.lostByPlace))
    .withPanel(graph("The kernel's reasons", "Of Linux 5.17 and later: see DropReasons.", RATE, q.reasons))
    .withPanel(
      graph("Counters behind it", "As in docs/COUNTERS.md. Several may count the same packet.", RATE, q.counters),
    )
    .withPanel(graph("How full tables are", "What comes when one is full is lost.", PERCENT, q.fill).max(100).span(24));
}

function health(board: DashboardBuilder, q: Queries): void {
  board
    .withRow(new RowBuilder("pktloss itself"))
    .withPanel(stat("Namespaces looked at", "Those that are sent: see ReportHeartbeat.", q.namespaces, NOW))
    .withPanel(stat("Sources read", "Of the kernel, in all namespaces.", q.sources, NOW))
    .withPanel(
      stat(
        "Namespaces left out",
        "At most, in the time shown. Skipped: see ReadBudget. Slow: NamespaceBudget. Unwatched: MaxNamespaces.",
        q.leftOut,
        WORST,
      ).thresholds(thresholds(ANY_IS_BAD)),
    )
    .withPanel(
      stat("Layers that could not be read", "1: at some time of that shown. collectd's log says why.", q.unreadable, WORST)
        .thresholds(thresholds(ANY_IS_BAD)),
    );
}

// Grafana wants a number of each panel, which is another one's nowhere.
function numbered(board: Dashboard): Dashboard {
  board.panels?.forEach((panel, i) => (panel.id = i + 1));
  return board;
}

export function dashboard(q: Queries): Dashboard {
  const board = new DashboardBuilder(`Packet loss (${q.name})`)
    .uid(`pktloss-${q.name.toLowerCase()}`)
    .description("Where Linux hosts and their containers lose packets, from collectd's plugin pktloss.")
    .tags(["collectd", "pktloss"])
    .time({ from: "now-1h", to: "now" })
    .refresh("30s")
    .timezone("browser")
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([new DatasourceVariableBuilder("source").label("Source").type(q.name.toLowerCase()), ...q.variables])
    .annotations(q.annotations);

  for (const row of [ladder, worst, detail, health]) row(board, q);
  return numbered(board.build());
}
