// The search engine outside of a browser, over the folder of a built site.

import { readFileSync } from "node:fs";
import { join } from "node:path";

const source = readFileSync(new URL("../../themes/default/assets/javascripts/search-engine.js", import.meta.url), "utf8");
(0, eval)(`(() => { "use strict";\n${source}\n})();`);
export const { makeEngine, wordsOf, isNear } = globalThis.opsbookEngine;

// An engine for a site, with `bytes`, which tells how much it has read.
export function engineOf(site) {
  let bytes = 0;
  const engine = makeEngine(async name => {
    const text = readFileSync(join(site, "search/shards", `${name}.js`), "utf8");
    bytes += Buffer.byteLength(text);
    return JSON.parse(`[${text.slice(text.indexOf(",") + 1, text.lastIndexOf(")"))}]`);
  });
  return { ...engine, bytes: () => bytes };
}

// How many of [class, query, pages that are right] have a right page first, and among the first five:
// { class: [first, five, all] }, and the queries that have none there.
export async function success(engine, queries) {
  const classes = {};
  const missed = [];
  for (const [kind, query, right] of queries) {
    const { groups } = await engine.search({ text: query, count: 5 });
    const at = groups.findIndex(group => right.includes(group.url));
    const counts = classes[kind] = classes[kind] || [0, 0, 0];
    if (at === 0) counts[0] += 1;
    if (at >= 0) counts[1] += 1;
    counts[2] += 1;
    if (at !== 0) missed.push(`${query}: ${at}, first is ${groups[0] && groups[0].url}`);
  }
  return { classes, missed };
}
