// SPDX-License-Identifier: MIT
// What write_prometheus exports, with the labels that ../prometheus/prometheus.yml makes.
import {
  AnnotationQueryBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { type Queries, TRAFFIC } from "./queries";

const source = { type: "prometheus", uid: "${source}" };
const CHOSEN = 'instance=~"$host",namespace=~"$namespace",layer=~"$layer"';
const LOST = `collectd_pktloss_packets_total{${CHOSEN},type=~".+-lost_.+"}`;
// What TCP sent again, or refused, was not lost here.
const SHARE = `collectd_pktloss_percent{${CHOSEN},direction!="fill",type!~"tcp-(tx|listen)"}`;
const OWN = 'collectd_pktloss_gauge{instance=~"$host",namespace=~"$namespace"';
const COUNTERS = 'collectd_pktloss_(packets|ipt_packets|if_(rx|tx)_(dropped|errors)|if_collisions)_total';

function over(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(source).expr(expr).legendFormat(legend).range();
}

function now(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().datasource(source).expr(expr).legendFormat(legend).instant();
}

function rate(series: string): string {
  return `rate(${series}[$__rate_interval])`;
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query({ query, refId: name })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ text: ["All"], value: ["$__all"] })
    .sort(VariableSort.AlphabeticalAsc)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}

const ALERTS = 'ALERTS{alertname=~"PacketLoss.*|TableFull",alertstate="firing",instance=~"$host",namespace=~"$namespace"}';

export const prometheus: Queries = {
  name: "Prometheus",
  source,
  variables: [
    variable("host", "Host", 'label_values({__name__=~"collectd_pktloss_.+"}, instance)'),
    variable("namespace", "Namespace", 'label_values({__name__=~"collectd_pktloss_.+",instance=~"$host"}, namespace)'),
    variable("layer", "Layer", 'label_values(collectd_pktloss_percent{instance=~"$host"}, layer)'),
  ],
  annotations: [
    new AnnotationQueryBuilder()
      .name("Alerts")
      .datasource(source)
      .enable(true)
      .iconColor("red")
      .expr(ALERTS)
      .titleFormat("{{alertname}} ({{severity}})")
      .textFormat("{{type}} of {{pktloss}}")
      .step("60s"),
  ],

  shareByLayer: over(`max by (layer, direction) (${SHARE})`, "{{layer}} {{direction}}"),
  lostByLayer: over(`sum by (layer, direction) (${rate(LOST)})`, "{{layer}} {{direction}}"),

  // Of a packet that a peer refused only the peer has the series of packets lost.
  worstShare: now(
    `topk(10, max by (instance, namespace) (max_over_time(${SHARE}[$__range]) ` +
      `and on (instance, pktloss, layer, direction) last_over_time(${LOST}[$__range])) > 0)`,
    "{{instance}} {{namespace}}",
  ),
  worstLost: now(
    `topk(10, sum by (instance, namespace) (increase(${LOST}[$__range])) > 0)`,
    "{{instance}} {{namespace}}",
  ),
  worstShareIs: "lastNotNull",
  worstLostIs: "lastNotNull",

  shareByPlace: over(SHARE, "{{instance}} {{pktloss}} {{type}}"),
  lostByPlace: over(rate(LOST), "{{instance}} {{pktloss}} {{layer}} {{direction}}"),
  reasons: over(
    `topk(20, ${rate('collectd_pktloss_packets_total{instance=~"$host",namespace=~"$namespace",layer="dropreason"}')} > 0)`,
    "{{instance}} {{pktloss}} {{type}}",
  ),
  counters: over(
    `topk(20, ${rate(`{__name__=~"${COUNTERS}",${CHOSEN},type!~".+-lost_.+|dropreason-.+|.+${TRAFFIC}"}`)} > 0)`,
    "{{instance}} {{pktloss}} {{type}}",
  ),
  fill: over(`collectd_pktloss_percent{${CHOSEN},direction="fill"}`, "{{instance}} {{pktloss}} {{layer}}"),

  namespaces: now(`count by (instance) (${OWN},type="all-sources"})`, "{{instance}}"),
  sources: now(`sum by (instance) (${OWN},type="all-sources"})`, "{{instance}}"),
  leftOut: now(
    'sum by (instance, type) (max_over_time(collectd_pktloss_gauge{instance=~"$host",' +
      'type=~"all-(skipped|slow|unwatched)"}[$__range]))',
    "{{instance}} {{type}}",
  ),
  unreadable: now(
    `1 - min by (instance, namespace, layer) (min_over_time(${OWN},layer=~"$layer",type=~".+-available"}[$__range])) > 0`,
    "{{instance}} {{namespace}} {{layer}}",
  ),
};
