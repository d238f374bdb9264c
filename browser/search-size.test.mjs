// The search of a large site in a browser: how much is loaded, and how long the reader waits.
// OPSBOOK_SEARCH_PAGES=10000 asks for more pages than continuous integration has time for.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start } from "./harness.mjs";

const count = Number(process.env.OPSBOOK_SEARCH_PAGES) || 1000;
const words = "service config cluster deploy request response client server token policy index build cache worker queue node storage volume network route secret value schema table record field query filter page template theme plugin module package version release branch commit merge review issue label user group role session header payload event stream topic partition replica leader quorum lease lock timeout retry backoff limit quota budget metric trace alert dashboard report export import backup restore snapshot migrate upgrade rollback canary".split(" ");
// The same site each time: numbers that only look like chance.
let seed = 1;
const chance = below => (seed = (seed * 48271) % 2147483647) % below;
const text = length => Array.from({ length }, () => words[Math.min(chance(words.length), chance(words.length))]).join(" ");

let running, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsbook-large-"));
  for (let page = 0; page < count; page += 1) {
    const section = join(folder, "docs", `part-${page % 40}`);
    mkdirSync(section, { recursive: true });
    const sections = Array.from({ length: 6 }, (_, index) => `## ${text(2)} ${index}\n\n${text(60)}.\n`);
    writeFileSync(join(section, `page-${page}.md`), `# ${text(3)} ${page}\n\n${text(40)}.\n\n${sections.join("\n")}`);
  }
  writeFileSync(join(folder, "docs/index.md"), "# Start\n");
  writeFileSync(join(folder, "mkdocs.yml"), "site_name: Large\nsite_url: https://example.org/\ntheme: {name: material}\n");
  running = await start(relative(dirname(fileURLToPath(import.meta.url)), join(folder, "mkdocs.yml")));
});
after(async () => {
  await running?.end();
  rmSync(folder, { recursive: true, force: true });
});

test("the first result comes soon and loads little", async () => {
  const page = await running.open("/");
  const answers = [];
  page.context().on("response", answer => { if (answer.url().includes("/search/shards/")) answers.push(answer.body().then(body => body.length)); });
  await page.keyboard.press("/");
  await page.waitForFunction(() => /start/i.test(document.querySelector(".md-search-result__meta").textContent));
  // From the stroke of a key to the results on the screen.
  const waits = await page.evaluate(async queries => {
    const input = document.querySelector(".md-search__input");
    const list = document.querySelector(".md-search-result__list");
    const waits = [];
    for (const query of queries) {
      input.value = query;
      const began = performance.now();
      const drawn = new Promise(done => { const seen = new MutationObserver(() => { if (!list.childElementCount) return; seen.disconnect(); done(); }); seen.observe(list, { childList: true }); });
      input.dispatchEvent(new Event("input"));
      await drawn;
      waits.push(Math.round(performance.now() - began));
    }
    return waits;
  }, ["canary", "rollback", "rollback canary", "deploy service clus", "dashbord"]);
  const loaded = (await Promise.all(answers)).reduce((sum, length) => sum + length, 0);
  console.log(`${count} pages: ${waits.join(", ")} ms, ${Math.round(loaded / 1000)} kB`);
  assert.ok(loaded < 1_000_000, `${loaded} bytes`);
  // A machine that is busy is slow: only what is out of all proportion fails.
  assert.ok(Math.max(...waits) < 2000, waits.join(" "));
  await page.done();
});
