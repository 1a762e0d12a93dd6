// SPDX-License-Identifier: MIT
// What write_graphite sends with Prefix "collectd." and StoreRates true.
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { type Queries, TRAFFIC } from "./queries";

const source = { type: "graphite", uid: "${source}" };
const LAYERS = [
  "link", "qdisc", "softnet", "netfilter", "conntrack", "neigh", "ip", "icmp", "tcp", "udp", "socket", "xfrm",
  "unexplained",
];
const AT = "collectd.$host.pktloss-*$namespace"; // $namespace begins with its @
const LOST = `${AT}.packets-$layer-lost_*`;
// What TCP sent again, or refused, was not lost here.
const SHARE = `exclude(${AT}.percent-$layer-*, '(-fill|tcp-tx|tcp-listen)$')`;
const COUNTERS = `${AT}.{packets,ipt_packets,if_rx_dropped,if_tx_dropped,if_rx_errors,if_tx_errors,if_collisions}-$layer-*`;

interface GraphiteQuery extends Dataquery {
  refId: string;
  datasource: typeof source;
  target: string;
}

class GraphiteQueryBuilder implements Builder<GraphiteQuery> {
  constructor(private readonly target: string) {}

  build(): GraphiteQuery {
    return { refId: "A", datasource: source, target: this.target, _implementsDataqueryVariant() {} };
  }
}

function ask(target: string): GraphiteQueryBuilder {
  return new GraphiteQueryBuilder(target);
}

// "web1 eth0@nginx percent-link-rx"
function named(series: string): string {
  return `aliasSub(${series}, '^.*collectd\\.([^.]+)\\.pktloss-([^.]+)\\.([^,)]+).*$', '\\1 \\2 \\3')`;
}

// One series for each host and namespace: "web1@nginx".
function byNamespace(series: string, how: string): string {
  return `groupByNode(aliasSub(${series}, '^collectd\\.([^.]+)\\.pktloss-[^@.]*(@[^.]*)?\\..*$', '\\1\\2'), 0, '${how}')`;
}

// What is drawn of several intervals in one pixel.
function consolidated(series: string, how: string): string {
  return `aliasSub(consolidateBy(${series}, '${how}'), '^consolidateBy\\(([^,]+).*$', '\\1')`;
}

const BY_RATIO = `aliasSub(groupByNode(${SHARE}, 3, 'max'), '^percent-', '')`;
const BY_LAYER = `aliasSub(groupByNode(${LOST}, 3, 'sum'), '^packets-(.+)-lost_', '\\1-')`;
// Of a packet that a peer refused only the peer has the series of packets lost.
const SHARE_WHERE_LOST =
  `applyByNode(${LOST}, 2, "maxSeries(exclude(%.percent-$layer-*, '(-fill|tcp-tx)$'))", '%.share')`;
const LOST_A_MINUTE = `aliasSub(hitcount(${byNamespace(LOST, "sum")}, '1min', true), '^hitcount\\(([^,]+).*$', '\\1')`;

export const graphite: Queries = {
  name: "Graphite",
  source,
  variables: [
    query("host", "Host", "collectd.*", "", "*"),
    query("namespace", "Namespace", "collectd.$host.pktloss-*", "/(@.+)$/", "*"),
    new CustomVariableBuilder("layer")
      .label("Layer")
      .values(LAYERS.join(","))
      .multi(true)
      .includeAll(true)
      .allValue("*")
      .current({ text: ["All"], value: ["$__all"] }),
  ],
  annotations: [],

  shareByLayer: ask(consolidated(BY_RATIO, "max")),
  lostByLayer: ask(BY_LAYER),

  worstShare: ask(`highest(maximumAbove(${consolidated(byNamespace(SHARE_WHERE_LOST, "max"), "max")}, 0), 10, 'max')`),
  worstLost: ask(`highest(maximumAbove(${consolidated(LOST_A_MINUTE, "sum")}, 0), 10, 'sum')`),
  worstShareIs: "max",
  worstLostIs: "sum",

  shareByPlace: ask(consolidated(named(SHARE), "max")),
  lostByPlace: ask(named(LOST)),
  reasons: ask(`highest(maximumAbove(${named(`${AT}.packets-dropreason-*`)}, 0), 20, 'max')`),
  counters: ask(`highest(maximumAbove(${named(`exclude(${COUNTERS}, '-lost_|-dropreason-|${TRAFFIC}')`)}, 0), 20, 'max')`),
  fill: ask(named(`${AT}.percent-$layer-fill`)),

  namespaces: ask(`groupByNode(${AT}.gauge-all-sources, 1, 'count')`),
  sources: ask(`groupByNode(${AT}.gauge-all-sources, 1, 'sum')`),
  leftOut: ask(named("collectd.$host.pktloss-all.gauge-all-{skipped,slow,unwatched}")),
  unreadable: ask(named(`offset(scale(minimumBelow(${AT}.gauge-$layer-available, 1), -1), 1)`)),
};

function query(name: string, label: string, definition: string, regex: string, all: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(definition)
    .definition(definition)
    .regex(regex)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ text: ["All"], value: ["$__all"] })
    .sort(VariableSort.AlphabeticalAsc)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}
