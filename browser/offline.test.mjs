// A site of the plugin offline, opened from the disk: no server, and every request elsewhere refused.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { start } from "./harness.mjs";

let running;
before(async () => { running = await start("offline/mkdocs.yml"); });
after(() => running?.end());

async function fromDisk(path) {
  const page = await running.open("about:blank");
  page.failed = [];
  page.on("requestfailed", request => page.failed.push(request.url()));
  await page.context().setOffline(true);
  await page.goto(pathToFileURL(join(running.folder, path)).href);
  return page;
}

test("pages have their style, icons and links", async () => {
  const page = await fromDisk("index.html");
  assert.equal(await page.locator(".md-header").evaluate(header => getComputedStyle(header).position), "sticky");
  for (const icon of ["article .twemoji svg", ".md-source__icon svg", ".md-social svg"]) {
    const box = await page.locator(icon).first().boundingBox();
    assert.ok(box && box.width > 8 && box.height > 8, `${icon} is not drawn: ${JSON.stringify(box)}`);
  }
  const note = page.locator(".admonition-title").first();
  assert.match(await note.evaluate(title => getComputedStyle(title, "::before").maskImage), /data:image\/svg/);
  await page.click("article a[href*=deep]");
  await page.waitForURL(/more\/deep\.html$/);
  assert.equal(await page.textContent("article h1"), "Deep");
  await page.click(".md-footer__link--prev");
  await page.waitForURL(/index\.html$/);
  assert.deepEqual(page.failed, []);
  await page.done();
});

test("the search finds, from any folder, and leads to its page", async () => {
  for (const from of ["index.html", "more/deep.html"]) {
    const page = await fromDisk(from);
    await page.keyboard.press("/");
    await page.keyboard.type("quokk");
    const result = page.locator(".md-search-result__link[href*='h=quokk']");
    await result.first().waitFor();
    assert.match(await page.textContent(".md-search-result__list"), /The quokka lives/);
    await result.last().click();
    await page.waitForURL(/more\/deep\.html\?h=quokk#quokka$/);
    assert.equal(await page.locator("article mark").first().textContent(), "Quokka");
    assert.deepEqual(page.failed, []);
    await page.done();
  }
});
