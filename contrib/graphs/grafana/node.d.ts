// SPDX-License-Identifier: MIT
// The little of node that build.ts uses: its own types would be a package more.
declare module "node:fs" {
  export function writeFileSync(path: string, text: string): void;
}
declare module "node:process" {
  export const argv: string[];
}
