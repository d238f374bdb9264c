// The theme in a browser: a small site is built with opsbook, served, and used as a reader uses it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { start } from "./harness.mjs";

let running, origin, site, open;
before(async () => {
  running = await start("site/mkdocs.yml");
  ({ origin, folder: site, open } = running);
});
after(() => running?.end());

const hash = page => page.evaluate(() => location.hash);

test("the palette is chosen once and kept", async () => {
  const page = await open("/");
  const scheme = () => page.getAttribute("body", "data-md-color-scheme");
  assert.equal(await scheme(), "default");
  await page.click("[data-md-component=palette] label:not([hidden])");
  assert.equal(await scheme(), "slate");
  await page.reload();
  assert.equal(await scheme(), "slate");
  await page.done();
  const dark = await open("/", { colorScheme: "dark" });
  assert.equal(await dark.getAttribute("body", "data-md-color-scheme"), "slate");
  await dark.done();
});

test("search by keyboard finds, shows an excerpt and marks the words on the page", async () => {
  const page = await open("/");
  await page.keyboard.press("/");
  await page.keyboard.type("zymu");
  const first = page.locator(".md-search-result__link").first();
  await first.waitFor();
  assert.match(await first.textContent(), /Everything/);
  assert.equal(await page.locator(".md-search-result mark").first().textContent(), "zymurgy");
  assert.equal(await page.textContent(".md-search__suggest"), "zymurgy");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/all\/\?h=zymu/);
  assert.equal(await page.locator("article mark").first().textContent(), "zymurgy");
  await page.keyboard.press("s");
  await page.keyboard.press("Escape");
  assert.equal(await page.isChecked("#__search"), false);
  await page.done();
});

test("text of the index is never run", async () => {
  const page = await open("/");
  await page.keyboard.press("f");
  await page.keyboard.type("onerror");
  await page.locator(".md-search-result__link").first().waitFor();
  assert.equal(await page.locator(".md-search-result img").count(), 0);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  await page.done();
});

test("pages are exchanged in place, and scripts of users are told", async () => {
  const page = await open("/");
  await page.evaluate(() => { window.stayed = true; });
  await page.click("article a[href*=all]");
  await page.waitForURL(/\/all\/$/);
  await page.waitForFunction(() => document.title.startsWith("Everything"));
  assert.equal(await page.evaluate(() => window.stayed), true);
  assert.match(await page.locator(".md-nav--primary .md-nav__link--active:visible").first().textContent(), /Everything/);
  assert.deepEqual(await page.evaluate(() => window.seen), ["Start", "Everything"]);
  await page.click(".md-footer__link--next");
  await page.waitForFunction(() => document.title.startsWith("Release"));
  assert.equal(new URL(page.url()).pathname, "/release/");
  assert.equal(await page.locator("link[rel=prev]").evaluate(link => link.href), `${origin}/all/`);
  await page.goBack();
  await page.waitForFunction(() => document.title.startsWith("Everything"));
  assert.equal(await page.evaluate(() => window.stayed), true);
  await page.done();
});

test("scripts of the project subscribe as with Material, and one that fails stops nobody", async () => {
  const page = await open("/all/?fail");
  assert.deepEqual(await page.evaluate(() => window.told), { document: 1, location: "/all/", component: true, piped: 1 });
  await page.keyboard.press("q");
  await page.keyboard.press("/");
  await page.locator("[data-md-component=search-query]").fill("x");
  await page.keyboard.press("y");
  assert.deepEqual(await page.evaluate(() => window.keys.map(({ mode, type }) => `${mode} ${type}`).filter(key => !key.includes("/"))), ["global q", "search y"]);
  const { size, offset } = await page.evaluate(() => window.viewport$.value);
  assert.deepEqual({ size, offset }, { size: { width: 1280, height: 800 }, offset: { x: 0, y: 0 } });
  // The one error is the script's own.
  assert.deepEqual(page.problems.splice(0), ["Error: a script of the project"]);
  await page.done();
});

test("at the end of a page its last heading is the active one", async () => {
  const page = await open("/more/long/");
  const last = await page.locator(".md-sidebar--secondary .md-nav__link").last().textContent();
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForFunction(last => [...document.querySelectorAll(".md-sidebar--secondary .md-nav__link--active")].some(link => link.textContent === last), last);
  await page.done();
});

test("a link into another page arrives at its heading", async () => {
  const page = await open("/");
  await page.click("article a[href*=section-8]");
  await page.waitForFunction(() => document.title.startsWith("Long"));
  const top = await page.locator("#section-8").evaluate(heading => heading.getBoundingClientRect().top);
  assert.ok(top >= 40 && top < 200, `the heading is at ${top}`);
  await page.done();
});

test("the table of contents and the address follow the reader", async () => {
  const page = await open("/more/long/");
  await page.waitForTimeout(350);
  await page.locator("#section-5").evaluate(heading => scrollTo(0, heading.offsetTop));
  await page.waitForFunction(() => location.hash === "#section-5");
  assert.match(await page.locator(".md-sidebar--secondary .md-nav__link--active").textContent(), /Section 5/);
  await page.mouse.wheel(0, 3000);
  await page.waitForTimeout(100);
  await page.mouse.wheel(0, -300);
  await page.locator(".md-top").waitFor();
  await page.click(".md-top");
  await page.waitForFunction(() => scrollY === 0);
  await page.waitForFunction(() => location.hash === "");
  assert.equal(await hash(page), "");
  await page.done();
});

test("tabs of one name change together and are remembered", async () => {
  const page = await open("/all/");
  const shown = () => page.locator(".tabbed-block:visible").allTextContents().then(texts => texts.map(text => text.trim()));
  assert.deepEqual(await shown(), ["Linux, first.", "Linux, second."]);
  await page.locator(".tabbed-labels label", { hasText: "macOS" }).first().click();
  assert.deepEqual(await shown(), ["macOS, first.", "macOS, second."]);
  await page.reload();
  assert.deepEqual(await shown(), ["macOS, first.", "macOS, second."]);
  await page.done();
});

test("code is copied without prompts and notes, and notes open beside it", async () => {
  const page = await open("/all/");
  await page.hover(".highlight pre");
  await page.click(".highlight .md-code__button[data-md-type=copy]");
  await page.locator(".md-dialog--active").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /echo two/);
  assert.doesNotMatch(copied, /\(1\)|The note/);
  await page.click(".md-annotation__index");
  assert.match(await page.textContent(".md-annotation__note"), /The note of the second line/);
  assert.equal(await page.locator("article ol:visible", { hasText: "The note" }).count(), 0);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".md-annotation__note").count(), 0);
  await page.done();
});

test("a runbook's items are ticked and kept, and its steps copied without their header", async () => {
  const page = await open("/release/");
  await page.mouse.move(5, 5);
  await page.mouse.move(6, 6);
  await page.waitForFunction(() => document.querySelector("[data-ob-count]").textContent === "0 / 2");
  await page.click("[data-ob-item$=announce]");
  await page.fill(".ob-item__form [type=url]", "https://chat.example.org/");
  await page.fill(".ob-item__form [autocomplete=name]", "Ann");
  await page.click(".ob-item__form [type=submit]");
  assert.equal(await page.textContent("[data-ob-count]"), "1 / 2");
  await page.reload();
  await page.waitForFunction(() => document.querySelector("[data-ob-item$=announce]").checked);
  await page.click("[data-ob-reset]");
  await page.click("dialog [value=yes]");
  assert.equal(await page.textContent("[data-ob-count]"), "0 / 2");
  await page.click("[data-ob-copy=step-deploy]");
  await page.locator(".md-dialog--active").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "helm upgrade --install app ./chart");
  await page.click(".ob-item a[href$='#step-deploy']");
  assert.equal(await hash(page), "#step-deploy");
  await page.done();
});

test("titles and footnotes show as tooltips", async () => {
  const page = await open("/all/");
  await page.hover(".footnote-ref");
  await page.locator(".md-tooltip2").waitFor();
  assert.match(await page.textContent(".md-tooltip2"), /What the footnote says/);
  await page.hover("abbr");
  await page.locator(".md-tooltip2", { hasText: "Hyper Text" }).waitFor();
  await page.done();
});

test("an anchor inside closed details opens them, and paper shows everything", async () => {
  const page = await open("/all/#inside-details");
  assert.equal(await page.locator("details.note").getAttribute("open"), "");
  const paper = await open("/all/", { colorScheme: "dark" });
  await paper.emulateMedia({ media: "print" });
  await paper.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await paper.locator(".md-header").isVisible(), false);
  assert.equal(await paper.locator("article h1").evaluate(heading => getComputedStyle(heading).color), "rgb(0, 0, 0)");
  assert.equal(await paper.locator("pre > code").first().evaluate(code => getComputedStyle(code).color), "rgb(34, 34, 34)");
  assert.equal(await paper.locator("details.note").getAttribute("open"), "");
  assert.equal(await paper.locator(".tabbed-block:visible").count(), 4);
  await paper.done();
  await page.done();
});

test("on a phone the drawer opens, leads on and closes", async () => {
  const page = await open("/all/", { viewport: { width: 400, height: 800 } });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
  await page.click("label[for=__drawer].md-header__button");
  await page.locator(".md-nav--primary a", { hasText: "Start" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".md-nav--primary a", { hasText: "Start" }).waitFor({ state: "hidden" });
  await page.click("label[for=__drawer].md-header__button");
  await page.locator(".md-nav--primary a", { hasText: "Start" }).click();
  await page.waitForFunction(() => document.title === "Browser tests");
  assert.equal(await page.isChecked("#__drawer"), false);
  await page.done();
});

test("every control can be reached and seen with the keyboard", async () => {
  const page = await open("/all/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "md-skip");
  await page.keyboard.press("Enter");
  assert.equal(await hash(page), "#everything");
  const label = page.locator(".md-nav__link[for^=__nav] > [role=button]:visible").first();
  await label.focus();
  await page.keyboard.press("Enter");
  assert.equal(await label.getAttribute("aria-expanded"), "true");
  assert.notEqual(await label.evaluate(node => getComputedStyle(node).outlineStyle), "none");
  await page.done();
});

test("without scripts everything can be read", async () => {
  const page = await open("/all/", { javaScriptEnabled: false });
  assert.equal(await page.locator(".tabbed-block:visible").count(), 2);
  await page.locator(".md-nav__link[for^=__nav]:visible").first().click();
  assert.equal(await page.locator(".md-nav--primary a", { hasText: "Other" }).isVisible(), true);
  await page.locator(".tabbed-labels label", { hasText: "macOS" }).first().click();
  assert.equal((await page.locator(".tabbed-block:visible").first().textContent()).trim(), "macOS, first.");
  await page.done();
});

test("a page opened from a disk works", async () => {
  const page = await open(pathToFileURL(join(site, "all/index.html")).href);
  assert.equal(await page.locator(".md-code__button").count() > 0, true);
  await page.click("[data-md-component=palette] label:not([hidden])");
  assert.equal(await page.getAttribute("body", "data-md-color-scheme"), "slate");
  await page.done();
});

test("an unknown address leads back into the site", async () => {
  const page = await open("/no/such/page/");
  assert.match(await page.textContent("article"), /Not found/);
  assert.equal(await page.locator(".md-nav--primary a:visible").first().evaluate(link => link.href), `${origin}/`);
  await page.done();
});

test("a page in a script from right to left is a mirror image, and speaks its language", async () => {
  const arabic = await start("rtl/mkdocs.yml");
  try {
    const page = await arabic.open("/");
    assert.equal(await page.getAttribute("html", "lang"), "ar");
    assert.equal(await page.getAttribute("body", "dir"), "rtl");
    const left = async selector => (await page.locator(selector).first().boundingBox()).x;
    assert.ok(await left(".md-sidebar--primary") > await left("article"));
    assert.ok(await left("article") > await left(".md-sidebar--secondary"));
    assert.match(await page.textContent(".md-sidebar--secondary .md-nav__title"), /جدول المحتويات/);
    assert.equal(await page.locator(".highlight code").evaluate(code => getComputedStyle(code).direction), "ltr");
    await page.done();
    const phone = await arabic.open("/", { viewport: { width: 400, height: 800 } });
    assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 400);
    await phone.click("label[for=__drawer].md-header__button");
    await phone.waitForFunction(() => { const box = document.querySelector(".md-sidebar--primary").getBoundingClientRect(); return box.right <= 401 && box.right > 399; });
    await phone.done();
  } finally {
    await arabic.end();
  }
});
