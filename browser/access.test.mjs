// What axe finds on pages of each kind, light and dark, wide and narrow: nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { start } from "./harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

async function findings(config, paths, prepare = () => {}) {
  const running = await start(config);
  const found = [];
  try {
    for (const path of paths) {
      for (const width of [1280, 400]) {
        for (const colorScheme of ["light", "dark"]) {
          const page = await running.open(path, { viewport: { width, height: 800 }, colorScheme });
          await page.mouse.move(5, 5);
          await page.mouse.move(6, 6);
          await prepare(page, path);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(tags => axe.run(document, { runOnly: tags }), tags);
          for (const { id, nodes } of violations) found.push(`${path} ${width} ${colorScheme}: ${id} at ${nodes[0].target}`);
          await page.context().close();
        }
      }
    }
  } finally {
    await running.end();
  }
  return found;
}

test("pages are free of findings", async () => {
  assert.deepEqual(await findings("site/mkdocs.yml", ["/", "/all/", "/release/", "/no/such/page/"]), []);
});

test("so are checklists, with a form open, a run and values that are wrong", async () => {
  const prepare = async (page, path) => {
    await page.waitForFunction(() => !document.querySelector("[data-ob-count]").hidden);
    if (path !== "/release/") return;
    for (const value of ["2026.3", "wrong"]) {
      await page.fill("[data-ob-value=release]", value);
      await page.locator("[data-ob-value=release]").blur();
    }
    await page.click("[data-ob-item=announce]");
    await page.click("[id='item-announce'] [type=submit]");
  };
  assert.deepEqual(await findings("checklist/mkdocs.yml", ["/release/", "/confirm/"], prepare), []);
});
