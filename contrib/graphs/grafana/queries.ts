// SPDX-License-Identifier: MIT
// What a database has to answer for the dashboard to be drawn.
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import type { AnnotationQuery, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";

export type Target = Builder<Dataquery>;

// Counters of what passed, which losses are measured against: see docs/COUNTERS.md.
export const TRAFFIC =
  "-((Ip6)?(InReceives|InDelivers|OutRequests|OutTransmits)|(Ip6Out)?ForwDatagrams|(Icmp6)?InMsgs|InSegs|OutSegs|" +
  "TCPOrigDataSent|PassiveOpens|(Udp6)?(In|Out)Datagrams|multicast|[rt]x_compressed)$";

export interface Queries {
  name: string; // of the database
  source: DataSourceRef;
  variables: Builder<VariableModel>[];
  annotations: Builder<AnnotationQuery>[];

  // The ladder: layer by layer, of all that is chosen.
  shareByLayer: Target;
  lostByLayer: Target;

  // A bar for each of the ten worst, over the time that is shown.
  worstShare: Target;
  worstLost: Target;
  worstShareIs: string; // how Grafana makes one number of a series
  worstLostIs: string;

  // Each place by itself.
  shareByPlace: Target;
  lostByPlace: Target;
  reasons: Target;
  counters: Target;
  fill: Target;

  // pktloss itself.
  namespaces: Target;
  sources: Target;
  leftOut: Target;
  unreadable: Target;
}
