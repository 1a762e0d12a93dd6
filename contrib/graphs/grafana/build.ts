// SPDX-License-Identifier: MIT
// build.js DIRECTORY: writes the dashboards into it.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import { graphite } from "./graphite";
import { dashboard } from "./layout";
import { prometheus } from "./prometheus";

for (const queries of [graphite, prometheus]) {
  const path = `${argv[2]}/pktloss-${queries.name.toLowerCase()}.json`;
  writeFileSync(path, `${JSON.stringify(dashboard(queries), null, 2)}\n`);
}
