// The light box of the plugin glightbox, used by mouse and by keyboard.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./harness.mjs";

let running;
before(async () => { running = await start("lightbox/mkdocs.yml"); });
after(() => running?.end());

const shown = page => page.locator("dialog.ob-lightbox[open] .ob-lightbox__image").getAttribute("src").then(src => src.split("/").pop());
const focused = page => page.evaluate(() => document.activeElement.className);

test("an image opens over the page, with its caption, and Escape leads back to it", async () => {
  const page = await running.open("/");
  const links = page.locator("a.glightbox");
  assert.equal(await links.count(), 2);
  await links.first().click();
  await page.locator("dialog.ob-lightbox[open]").waitFor();
  assert.equal(await shown(page), "red.svg");
  assert.equal(await page.textContent(".ob-lightbox__caption strong"), "A red field");
  assert.equal(await page.textContent(".ob-lightbox__caption div"), "Before the release");
  assert.match(await focused(page), /ob-lightbox__button--close/);
  const box = await page.locator(".ob-lightbox__image").boundingBox();
  assert.ok(box.width > 600 && box.x >= 0 && box.x + box.width <= 1280 && box.y + box.height <= 800, JSON.stringify(box));
  await page.keyboard.press("Escape");
  await page.locator("dialog.ob-lightbox").waitFor({ state: "hidden" });
  assert.equal(await focused(page), "glightbox");
  assert.equal(new URL(page.url()).pathname, "/");
  await page.done();
});

test("buttons and arrow keys lead to the next image and back, and stop at the ends", async () => {
  const page = await running.open("/");
  await page.locator("a.glightbox").first().click();
  assert.equal(await page.locator(".ob-lightbox__button--back").isVisible(), false);
  await page.click(".ob-lightbox__button--on");
  assert.equal(await shown(page), "green.svg");
  assert.equal(await page.textContent(".ob-lightbox__caption strong"), "A green field");
  assert.equal(await page.locator(".ob-lightbox__button--on").isVisible(), false);
  assert.match(await focused(page), /ob-lightbox__button--close/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await shown(page), "green.svg");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await shown(page), "red.svg");
  await page.keyboard.press("/");
  assert.equal(await page.isChecked("#__search"), false);
  await page.click(".ob-lightbox__button--close");
  await page.locator("dialog.ob-lightbox").waitFor({ state: "hidden" });
  await page.done();
});

test("the keyboard opens an image, stays in the box, and a click beside the image closes it", async () => {
  const page = await running.open("/");
  await page.locator("a.glightbox").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("dialog.ob-lightbox[open]").waitFor();
  for (let times = 0; times < 5; times++) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest("dialog"));
    assert.ok(inside, "the focus left the box");
  }
  await page.mouse.click(4, 400);
  await page.locator("dialog.ob-lightbox").waitFor({ state: "hidden" });
  await page.done();
});

test("a click shows a large image in its own size", async () => {
  const page = await running.open("/", { viewport: { width: 800, height: 600 } });
  await page.locator("a.glightbox").first().click();
  const image = page.locator(".ob-lightbox__image");
  await image.click();
  assert.ok(await page.locator(".ob-lightbox--zoomed").count() === 1);
  assert.ok((await image.boundingBox()).width >= 1600);
  await image.click();
  assert.equal(await page.locator(".ob-lightbox--zoomed").count(), 0);
  await page.done();
});

test("images of one gallery keep to themselves", async () => {
  const page = await running.open("/more/");
  await page.locator("a.glightbox[data-gallery=one]").first().click();
  await page.keyboard.press("ArrowRight");
  assert.equal(await shown(page), "blue.svg");
  assert.equal(await page.textContent(".ob-lightbox__caption strong"), "The blue one");
  assert.equal(await page.locator(".ob-lightbox__button--on").isVisible(), false);
  await page.keyboard.press("Escape");
  await page.locator("dialog.ob-lightbox").waitFor({ state: "hidden" });
  await page.locator("a.glightbox[data-gallery=two]").click();
  assert.equal(await page.locator(".ob-lightbox__button--on").isVisible(), false);
  assert.equal(await page.locator(".ob-lightbox__button--back").isVisible(), false);
  await page.done();
});

test("images of certain classes, and those in links, stay what they are", async () => {
  const page = await running.open("/");
  await page.locator("img.plain").click();
  await page.locator("img.off-glb").click();
  assert.equal(await page.locator("dialog[open]").count(), 0);
  await page.locator("a[href*=more] img").click();
  await page.waitForURL(/\/more\//);
  await page.done();
});

test("without scripts an image is a link to its file", async () => {
  const page = await running.open("/", { javaScriptEnabled: false });
  await page.locator("a.glightbox").first().click();
  await page.waitForURL(/red\.svg$/);
  await page.done();
});
