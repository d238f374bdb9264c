// How well a public site is searched: node search/measure.mjs NAME FOLDER, with the folder of the site as
// opsbook built it. `queries.json` names for each query the pages that are right, as somebody found them
// who had read the pages. The sites:
//
// rollouts  argoproj/argo-rollouts   9f8d111d8f8e3e88b6d7f8bbdf62fd3cd863ef9d  docs
// uv        astral-sh/uv             26a9dd4b2125bc271b47855e1fa0c49af3365db5  docs
// fastapi   fastapi/fastapi          c3f316b7e814667e8ee81e03a7330d00ee61e45c  docs/en/docs
// ja        fastapi/fastapi          the same                                  docs/ja/docs, `language: ja`

import { readFileSync } from "node:fs";
import { engineOf, success } from "./engine.mjs";

const [name, folder] = process.argv.slice(2);
const queries = JSON.parse(readFileSync(new URL("queries.json", import.meta.url), "utf8"))[name];
const { classes, missed } = await success(engineOf(folder), queries);
for (const [kind, [first, five, all]] of Object.entries(classes)) console.log(`${kind}: first ${first}, among five ${five}, of ${all}`);
for (const line of missed) console.log(`  ${line}`);
