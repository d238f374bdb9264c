// The search in a browser, as a reader uses it: what it finds, what it shows, and with which keys.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { start } from "./harness.mjs";

let running;
before(async () => { running = await start("search/mkdocs.yml"); });
after(() => running?.end());

const item = ".md-search-result__item";
const status = page => page.textContent(".md-search-result__meta");

async function ask(page, text) {
  if (!await page.isChecked("#__search")) await page.keyboard.press("/");
  await page.fill(".md-search__input", text);
  await page.locator(item).first().waitFor();
}
async function found(text, path = "/") {
  const page = await running.open(path);
  await ask(page, text);
  const first = page.locator(item).first();
  const result = { title: await first.locator("h1").textContent(), text: await first.textContent(), marks: await first.locator("mark").allTextContents(), codes: await first.locator("code").allTextContents(), status: await status(page) };
  await page.done();
  return result;
}

test("code words keep their punctuation, and stay code in the excerpt", async () => {
  const flag = await found("--frozen");
  assert.equal(flag.title, "Start");
  assert.match(flag.codes.join(""), /uv sync --frozen/);
  assert.ok(flag.marks.includes("--frozen"), String(flag.marks));
  assert.equal((await found("spec.strategy.canary")).title, "Rollouts");
  assert.equal((await found("max surge")).title, "Rollouts");
});

test("other forms of a word, one error, and words that are not finished are found", async () => {
  assert.equal((await found("configuring clusters")).title, "Start");
  const error = await found("rolluot");
  assert.equal(error.title, "Rollouts");
  assert.match(error.status, /rollout/);
  assert.equal((await found("deployme")).title, "Start");
});

test("a quotation stands as it is written, and a word can be left out", async () => {
  assert.match((await found('"pod template"')).text, /pod template hash/);
  const page = await running.open("/");
  await page.keyboard.press("/");
  await page.fill(".md-search__input", '"template pod"');
  await page.waitForFunction(() => /No matching/.test(document.querySelector(".md-search-result__meta").textContent));
  await page.fill(".md-search__input", "rollout -template");
  await page.locator(item).first().waitFor();
  assert.doesNotMatch(await page.textContent(".md-search-result__list"), /Blue and green/);
  await page.done();
});

test("languages without blanks between words are found in the middle of a sentence", async () => {
  const japanese = await found("依存関係");
  assert.equal(japanese.title, "日本語");
  assert.equal(japanese.marks.join(""), "依存関係");
});

test("results say where they are, how many there are, and more of one page on demand", async () => {
  const page = await running.open("/");
  await ask(page, "wombat");
  assert.equal(await status(page), "1 matching page");
  assert.equal(await page.textContent(".md-search-result__path"), "Guide");
  const shown = await page.locator(`${item} h2`).count();
  await page.click(".md-search-result__more summary");
  await page.waitForFunction(() => document.querySelectorAll(".md-search-result__item h2").length === 8);
  assert.ok(shown < 8);
  await page.done();
});

test("filters let runbooks, steps, owners, environments and tags through", async () => {
  const page = await running.open("/");
  await page.keyboard.press("/");
  const titles = async () => { await page.waitForTimeout(300); return page.locator(`${item} h1`).allTextContents(); };
  const filter = name => page.locator(`.md-search__filters select[name=${name}]`);
  await filter("owner").waitFor();
  await filter("kind").selectOption("runbook=*");
  assert.deepEqual(await titles(), ["Release"]);
  await filter("kind").selectOption("step=*");
  assert.deepEqual(await titles(), ["Release"]);
  assert.equal(await page.textContent(`${item} h2`), "Upgrade the chart");
  await filter("environment").selectOption("staging");
  assert.deepEqual(await titles(), ["Release"]);
  await page.fill(".md-search__input", "helm upgrade");
  assert.deepEqual(await titles(), ["Release"]);
  await filter("environment").selectOption("");
  await filter("kind").selectOption("");
  await filter("tag").selectOption("delivery");
  await page.fill(".md-search__input", "rollout");
  assert.deepEqual(await titles(), ["Rollouts"]);
  await page.done();
});

test("the whole search works by keyboard, and its list holds links and no options", async () => {
  const page = await running.open("/");
  await ask(page, "canary");
  assert.equal(await page.locator(".md-search [role=listbox], .md-search [role=option]").count(), 0);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.match(await page.evaluate(() => document.activeElement.href), /rollouts\/\?h=canary#canary$/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/rollouts\/\?h=canary#canary$/);
  await page.keyboard.press("/");
  assert.equal(await page.textContent(".md-search-result__recent"), "canary");
  await page.keyboard.press("Escape");
  assert.equal(await page.isChecked("#__search"), false);
  await page.done();
});

test("a site that is opened from a disk finds without any plugin", async () => {
  const page = await running.open("about:blank");
  await page.goto(pathToFileURL(join(running.folder, "release/index.html")).href);
  await ask(page, "canary");
  const link = await page.locator(`${item} a`).first().getAttribute("href");
  assert.match(link, /guide\/rollouts\/index\.html\?h=canary$/);
  await page.done();
});
