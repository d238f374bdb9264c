// The live checklist in a browser: runs, evidence, gates, parameters, files, paper, phones, keyboard.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { start } from "./harness.mjs";

let running, site, open;
before(async () => {
  running = await start("checklist/mkdocs.yml");
  ({ folder: site, open } = running);
});
after(() => running?.end());

const box = (page, key) => page.locator(`[data-ob-item="${key}"]`);
const act = (page, name) => page.locator(`[data-ob-act=${name}]`);
const row = (page, key) => page.locator(`[id="item-${key}"]`);
const count = page => page.textContent("[data-ob-count]");
// The script of the checklist comes when somebody is there.
const live = async (page) => { await page.mouse.move(5, 5); await page.mouse.move(6, 6); await page.waitForFunction(() => !document.querySelector("[data-ob-count]").hidden); };
const submit = (page, key) => row(page, key).locator("[type=submit]").click();
const menu = async (page, name) => { await page.click(".ob-more > summary"); await act(page, name).click(); };
async function release(options) {
  const page = await open("/release/", options);
  await live(page);
  return page;
}
async function set(page, name, value) {
  const field = page.locator(`[data-ob-value=${name}]`);
  if (await field.evaluate(node => node.tagName) === "SELECT") await field.selectOption(value); else { await field.fill(value); await field.blur(); }
}
// Ticks an item out of order.
async function force(page, key) {
  await box(page, key).click();
  for (const input of await row(page, key).locator("form input[type=text], form textarea").all()) await input.fill("because");
  await submit(page, key);
}

test("there is one box for each thing to do, per component and environment", async () => {
  const page = await release();
  for (const env of ["staging", "production"]) for (const component of ["cavern"]) assert.equal(await box(page, `${env}.roll.${component}.deploy`).count(), 1);
  await set(page, "release", "2026.3");
  assert.equal(await box(page, "production.roll.vault.look").count(), 1);
  assert.equal(await box(page, "production.by-host.alpha.look").count(), 1);
  assert.match(await row(page, "production.by-host.beta.look").textContent(), /Look at beta/);
  assert.match(await row(page, "production.warn").textContent(), /Tell the <\/script><img src=x onerror=window.hacked=1> partners/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map(node => node.id));
  assert.equal(new Set(ids).size, ids.length, "ids are unique");
  await page.locator("[data-ob-value=hosts]").fill("gamma, delta, epsilon");
  await page.locator("[data-ob-value=hosts]").blur();
  assert.equal(await page.locator("[data-ob-item^='production.by-host.']").count(), 3);
  assert.equal(await count(page), "0 / 19");
  await box(page, "announce").click();
  await row(page, "announce").locator("[type=url]").fill("https://chat.example.org/1");
  await submit(page, "announce");
  assert.match(await row(page, "announce").locator("[role=alert]").textContent(), /needed/);
  await row(page, "announce").getByLabel("Your name").fill("Ann");
  await submit(page, "announce");
  assert.equal(await count(page), "1 / 19");
  assert.equal(await page.inputValue("[data-ob-who]"), "Ann");
  await force(page, "staging.roll.vault.deploy");
  assert.match(await page.locator("[id='item-staging.roll']").locator("legend").first().textContent(), /1 \/ 4/);
  await page.done();
});

test("ticks of the last run never greet the next, and each run is kept under its name", async () => {
  const page = await release();
  await act(page, "fresh").click();
  await page.locator("dialog input").first().fill("Monday <img src=x onerror=alert(1)>");
  await page.locator("dialog input").last().fill("Ann");
  await page.keyboard.press("Enter");
  await force(page, "announce");
  assert.equal(await count(page), "1 / 18");
  await page.reload();
  await page.waitForFunction(() => document.querySelector("[data-ob-count]").textContent.startsWith("1 "));
  await act(page, "fresh").click();
  assert.equal(await page.locator("dialog input").last().inputValue(), "Ann");
  await page.locator("dialog input").first().fill("Tuesday");
  await page.keyboard.press("Enter");
  assert.match(await count(page), /^0 /);
  await page.selectOption("[data-ob-run]", { index: 2 });
  assert.match(await count(page), /^1 /);
  await menu(page, "close");
  await page.locator("dialog select").selectOption("failed");
  await page.locator("dialog button[value=yes]").click();
  assert.equal(await box(page, "announce").isDisabled(), true);
  assert.equal(await page.textContent("[data-ob-state]"), "failed");
  await menu(page, "archive");
  assert.match(await count(page), /^0 /);
  assert.match(await page.textContent(".ob-alerts"), /Last run in this browser: Monday <img src=x onerror=alert\(1\)>, failed/);
  assert.match(await page.locator("[data-ob-run] optgroup").last().textContent(), /Monday/);
  assert.equal(await page.locator(".ob-runbook img").count(), 0);
  await page.done();
});

test("an old open run does not greet, and ticks of before there were runs become one", async () => {
  const page = await open("/release/");
  await page.evaluate(() => {
    localStorage.setItem("/.__runbook.release/.release", JSON.stringify({ announce: Date.now() - 9e7, gone: Date.now() - 8e7 }));
  });
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("[data-ob-run] option").length === 2);
  assert.match(await count(page), /^0 /);
  await page.selectOption("[data-ob-run]", "before");
  assert.match(await count(page), /^1 /);
  assert.equal(await box(page, "announce").isChecked(), true);
  assert.equal(await page.evaluate(() => localStorage.getItem("/.__runbook.release/.release")), null);
  await page.done();
});

test("two tabs agree at once, and no tick is lost", async () => {
  const page = await release();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await live(other);
  await act(page, "fresh").click();
  await page.keyboard.press("Enter");
  const keys = ["announce", "notes", "staging.roll.cavern.deploy", "staging.roll.cavern.look", "staging.smoke", "way"];
  await Promise.all(keys.map((key, n) => (n % 2 ? page : other).evaluate(key => {
    const box = document.querySelector(`[data-ob-item="${key}"]`);
    box.click();
    const form = box.closest("li").querySelector("form");
    if (!form) return;
    for (const input of form.querySelectorAll("input[type=text], textarea")) input.value = "because";
    for (const select of form.querySelectorAll("select")) select.selectedIndex = 1;
    form.requestSubmit();
  }, key)));
  for (const tab of [page, other]) await tab.waitForFunction(n => document.querySelector("[data-ob-count]").textContent.startsWith(`${n} `), keys.length);
  await page.reload();
  await page.waitForFunction(n => document.querySelector("[data-ob-count]").textContent.startsWith(`${n} `), keys.length);
  await act(page, "undo").click();
  await other.waitForFunction(n => document.querySelector("[data-ob-count]").textContent.startsWith(`${n} `), keys.length - 1);
  await page.done();
});

test("undo takes back, and unticking all asks", async () => {
  const page = await open("/confirm/");
  await live(page);
  await box(page, "first").check();
  await box(page, "second").check();
  assert.equal(await count(page), "2 / 4");
  await act(page, "undo").click();
  assert.equal(await count(page), "1 / 4");
  await page.click("[data-ob-reset]");
  await page.locator("dialog button").last().click();
  assert.equal(await count(page), "1 / 4");
  await page.click("[data-ob-reset]");
  await page.locator("dialog button[value=yes]").click();
  assert.equal(await count(page), "0 / 4");
  await act(page, "undo").click();
  assert.equal(await count(page), "1 / 4");
  assert.equal(await box(page, "first").isChecked(), true);
  await page.done();
});

test("evidence is asked for, checked, and shown as data", async () => {
  const page = await release();
  await page.locator("[data-ob-who]").fill("Ann <i>");
  await page.locator("[data-ob-who]").blur();
  await box(page, "announce").click();
  assert.equal(await box(page, "announce").isChecked(), false);
  await submit(page, "announce");
  assert.match(await row(page, "announce").locator("[role=alert]").textContent(), /needed/);
  await row(page, "announce").locator("[type=url]").fill("javascript:alert(1)");
  await submit(page, "announce");
  assert.match(await row(page, "announce").locator("[role=alert]").textContent(), /no address/);
  await row(page, "announce").locator("[type=url]").fill("https://chat.example.org/?a=<b>");
  await submit(page, "announce");
  const record = row(page, "announce").locator(".ob-item__record");
  assert.match(await record.textContent(), /Ann <i> · https:\/\/chat/);
  assert.equal(await record.locator("a").getAttribute("href"), "https://chat.example.org/?a=<b>");
  assert.equal(await record.locator("i, b").count(), 0);

  const bytes = Buffer.alloc(3_000_001, "0123456789abcdef!");
  for (const content of [Buffer.from(""), Buffer.from("abc"), bytes]) {
    await box(page, "notes").click();
    await row(page, "notes").locator("[type=file]").setInputFiles({ name: "notes <1>.txt", mimeType: "text/plain", buffer: content });
    await submit(page, "notes");
    const digest = createHash("sha256").update(content).digest("hex");
    await row(page, "notes").locator(".ob-item__record", { hasText: digest }).waitFor();
    await box(page, "notes").click();
  }
  await page.done();
});

test("what stands behind an approval is locked, and says who may approve", async () => {
  const page = await release();
  await page.locator("[data-ob-who]").fill("Ann");
  await page.locator("[data-ob-who]").blur();
  const key = "production.roll.cavern.deploy";
  assert.match(await row(page, key).locator(".ob-item__lock").textContent(), /Locked: 2 × release-manager must approve first/);
  assert.equal(await box(page, key).getAttribute("aria-describedby"), `lock-${key}`);
  await box(page, key).click();
  await submit(page, key);
  assert.equal(await box(page, key).isChecked(), false);
  await row(page, key).locator("form input[type=text]").fill("the manager is on the phone");
  await submit(page, key);
  assert.equal(await box(page, key).isChecked(), true);
  assert.match(await row(page, key).locator(".ob-item__record").textContent(), /out of order.*: the manager is on the phone/);

  await box(page, "yes").click();
  const names = row(page, "yes").locator("form input[type=text]");
  const given = async (...texts) => { for (const [n, text] of texts.entries()) await names.nth(n).fill(text); await names.nth(2).fill("now"); await submit(page, "yes"); };
  await given("Bob", "bob");
  assert.match(await row(page, "yes").locator("[role=alert]").textContent(), /counts once/);
  await given("Ann", "Bob");
  assert.match(await row(page, "yes").locator("[role=alert]").textContent(), /may not approve/);
  await given("Cid", "Bob");
  assert.match(await row(page, "yes").locator(".ob-item__record").textContent(), /approved by Cid, Bob/);
  assert.doesNotMatch(await row(page, "production.roll.cavern.look").locator(".ob-item__lock").textContent(), /approve/);

  const free = await open("/confirm/");
  await live(free);
  await box(free, "second").check();
  assert.equal(await count(free), "1 / 4");
  assert.match(await row(free, "third").locator(".ob-item__lock").textContent(), /duty-officer/);
  await box(free, "third").click();
  assert.equal(await box(free, "third").isChecked(), false);
  await free.done();
  await page.done();
});

test("what is due is what the plan would begin", async () => {
  const cwd = fileURLToPath(new URL("checklist", import.meta.url));
  const plan = JSON.parse(execFileSync(running.binary, ["plan", "docs/order.md", "--format", "json"], { cwd }));
  const page = await open("/order/");
  await live(page);
  assert.deepEqual(new Set(await page.locator("[data-ob-item]").evaluateAll(boxes => boxes.map(box => box.getAttribute("data-ob-item")))), new Set(plan.steps.map(step => step.id)));
  const main = plan.steps.filter(step => !step.needs.some(need => need.on === "failure"));
  const done = new Set();
  while (done.size < main.length) {
    const due = main.filter(step => !done.has(step.id) && step.needs.every(need => done.has(need.step))).map(step => step.id);
    assert.deepEqual(await page.locator(".ob-item--due [data-ob-item]").evaluateAll(boxes => boxes.map(box => box.getAttribute("data-ob-item"))), due, `after ${[...done].join(", ")}`);
    // Now the first, now the last: not only one way through.
    const next = due[done.size % 2 ? due.length - 1 : 0];
    await box(page, next).click();
    done.add(next);
  }
  assert.equal(await count(page), `${main.length} / ${main.length}`);
  await page.done();
});

test("a parameter is typed once and fills commands, titles and links; its pattern is checked", async () => {
  const page = await release();
  await set(page, "release", "v1; rm -rf /");
  assert.match(await page.locator("[data-ob-param=release] .ob-wrong").textContent(), /not taken/);
  assert.doesNotMatch(await page.locator("#step-look").textContent(), /rm -rf/);
  await set(page, "release", "2026.3");
  assert.equal(await page.locator("[data-ob-param=release] .ob-wrong").textContent(), "");
  assert.match(await row(page, "announce").textContent(), /Announce <b>2026\.3<\/b>/);
  assert.equal(await page.locator("article a", { hasText: "the board" }).getAttribute("href"), "https://board.example.org/2026.3");
  assert.match(await page.locator("article p", { hasText: "Watch" }).textContent(), /git tag v2026\.3, for 2026\.3/);
  assert.equal(await page.textContent("[data-ob-title]"), "Release 2026.3");
  assert.equal(await page.textContent("[data-ob-cli]"), "opsbook run docs/release.md --param release=2026.3");

  await page.locator(".ob-step__use >> nth=1").selectOption("production.roll.cavern.look");
  await page.click("[data-ob-copy=step-look]");
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const shell = `export MESSAGE='all is well'\n# $RELEASE in a comment\necho "2026.3 of cavern at www.example.org: \${MESSAGE}"\nawk '{ print $RELEASE }' list.txt`;
  assert.equal((await copied()).replace("export RELEASE=2026.3\n", ""), shell);
  await page.hover("#step-look");
  await page.click("#step-look .md-code__button");
  assert.equal((await copied()).replace("export RELEASE=2026.3\n", ""), shell);

  assert.match(await page.textContent("#command-deploy"), /helm upgrade --install vault charts\/vault/);
  await set(page, "message", "it's a, b");
  await page.locator("[data-ob-copy-item='production.roll.cavern.deploy']").click();
  const helm = await copied();
  assert.match(helm, /^helm upgrade --install cavern charts\/cavern \\\n {2}--version 7\.0\.1 \\\n {2}--namespace shop-production/);
  assert.ok(helm.includes(`--set 'note=it'\\''s a\\, b'`), helm);
  assert.match(helm, /--description "runbook \$\{OPSBOOK_PLAN:-\}\/production\.roll\.cavern\.deploy"/);
  await page.locator("[data-ob-copy-item='staging.smoke']").click();
  assert.equal((await copied()).trim(), 'curl --fail "https://staging.example.org/health?release=2026.3"');
  await page.reload();
  await page.waitForFunction(() => document.querySelector("[data-ob-title]").textContent === "Release 2026.3");
  assert.equal(await page.inputValue("[data-ob-value=release]"), "2026.3");
  await page.done();
});

test("the header of a step is folded away, and so is the form of a typed step", async () => {
  const page = await open("/release/");
  assert.equal(await page.locator("#step-deploy").isVisible(), false);
  assert.equal(await page.locator("#command-deploy").isVisible(), true);
  assert.equal(await page.locator("#step-look span", { hasText: "#| id: look" }).first().isVisible(), false);
  const toggle = page.locator("[data-ob-step=look] [data-ob-source]");
  await toggle.click();
  assert.equal(await page.locator("#step-look span", { hasText: "#| id: look" }).first().isVisible(), true);
  assert.equal(await toggle.getAttribute("aria-expanded"), "true");
  await page.done();
});

test("conditions follow parameters and answers", async () => {
  const page = await release();
  assert.equal(await box(page, "production.warn").isDisabled(), false);
  await set(page, "dry", "true");
  assert.equal(await row(page, "production.warn").locator("input").isDisabled(), true);
  await box(page, "way").click();
  await row(page, "way").locator("select").selectOption("good");
  for (const input of await row(page, "way").locator("form input").all()) await input.fill("because");
  await submit(page, "way");
  assert.equal(await row(page, "undo").locator("input").isDisabled(), true);
  assert.match(await row(page, "way").locator(".ob-item__record").textContent(), /way: good/);
  await page.done();
});

test("a run leaves the page as a file and comes back, and nothing else comes in", async () => {
  const page = await release();
  await set(page, "release", "2026.3");
  await box(page, "announce").click();
  await row(page, "announce").locator("[type=url]").fill("https://chat.example.org/1");
  await row(page, "announce").getByLabel("Your name").fill("Ann");
  await row(page, "announce").locator("textarea").fill("a | b\n# <script>alert(1)</script> [x](javascript:alert(1))");
  await submit(page, "announce");
  const download = async name => { const [file] = await Promise.all([page.waitForEvent("download"), menu(page, name)]); return readFileSync(await file.path(), "utf8"); };
  const kept = await download("export");
  const report = await download("report");
  assert.match(report, /opsbook executed nothing of it/);
  assert.match(report, /\| ☑ \| Announce .*2026\\?\.3/);
  assert.match(report, /a \\\| b \\# \\<script\\>/);
  assert.doesNotMatch(report, /\n# \\?<script|[^\\]<script|\]\(javascript/);
  assert.match(report, /☐.*Staging › Roll out › vault 2026\.3/);

  const other = await release();
  await other.setInputFiles("[data-ob-file]", { name: "run.json", mimeType: "application/json", buffer: Buffer.from(kept) });
  await other.waitForFunction(() => document.querySelector("[data-ob-count]").textContent.startsWith("1 "));
  assert.equal(await other.textContent("[data-ob-title]"), "Release 2026.3");
  const evil = JSON.parse(kept);
  evil.run = "evil";
  evil.events.x1 = { op: "tick", t: Date.now() + 5, k: "notes", by: "<img src=x onerror=window.hacked=1>", note: "<svg onload=window.hacked=1>", url: "javascript:window.hacked=1", file: { name: "<b>", size: "1e999", sha256: "zz" } };
  evil.events["../../x"] = { op: "clear", t: 1 };
  evil.events.x2 = { op: "__proto__", t: 1 };
  evil.events.x3 = { op: "set", t: Date.now() + 6, k: "__proto__", v: "1" };
  evil.events.x4 = { op: "tick", t: "soon", k: "way" };
  evil.events.x5 = { op: "set", t: Date.now() + 7, k: "release", v: "'; rm -rf /" };
  await other.setInputFiles("[data-ob-file]", { name: "run.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(evil)) });
  await other.waitForFunction(() => document.querySelector("[data-ob-count]").textContent.startsWith("2 "));
  assert.equal(await row(other, "notes").locator(".ob-item__record :is(img, svg, b, a)").count(), 0);
  for (const place of ["#step-look", "[data-ob-cli]", "[data-ob-title]"]) assert.doesNotMatch(await other.textContent(place), /rm -rf/);
  assert.equal(await other.evaluate(() => window.hacked), undefined);
  for (const bad of ["{", "[]", "null", JSON.stringify({ ...evil, runbook: "another" }), JSON.stringify({ ...evil, events: {} })]) {
    await other.setInputFiles("[data-ob-file]", { name: "bad.json", mimeType: "application/json", buffer: Buffer.from(bad) });
    await other.waitForFunction(() => /no record|belongs to/.test(document.querySelector(".ob-live").textContent));
    await other.evaluate(() => { document.querySelector(".ob-live").textContent = ""; });
  }
  assert.equal(await other.locator("[data-ob-run] option").count(), 3);
  await other.done();
  await page.done();
});

test("one key leads to the next due item, which is always in sight", async () => {
  const page = await open("/confirm/");
  await live(page);
  await page.keyboard.press("d");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-ob-item")), "first");
  await page.keyboard.press("Space");
  assert.match(await page.textContent("[data-ob-next] [data-ob-act=go]"), /Empty the queue/);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  const bar = await page.locator("[data-ob-next]").boundingBox();
  assert.ok(bar.y + bar.height <= 801, `the bar ends at ${bar.y + bar.height}`);
  await page.keyboard.press("d");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-ob-item")), "second");
  assert.match(await page.textContent(".ob-live"), /Look at the graphs ticked, 1 of 4/);
  await act(page, "tick").click();
  assert.equal(await count(page), "2 / 4");
  await page.done();
});

test("items are filtered by role and environment", async () => {
  const page = await release();
  await page.selectOption("[data-ob-env]", "staging");
  assert.equal(await row(page, "announce").isVisible(), false);
  assert.equal(await row(page, "staging.smoke").isVisible(), true);
  assert.equal(await page.locator("[id='item-production']").isVisible(), false);
  await page.selectOption("[data-ob-env]", "");
  await page.selectOption("[data-ob-role]", "release-manager");
  assert.equal(await page.locator(".ob-item:visible").count(), 1);
  assert.match(await page.textContent(".ob-live"), /1 of \d+ items are shown/);
  await page.done();
});

test("on a phone one item is shown at a time, and targets are large", async () => {
  const page = await release({ viewport: { width: 400, height: 800 }, hasTouch: true });
  await act(page, "fresh").click();
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 400);
  const small = await page.evaluate(() => [...document.querySelectorAll(".ob-runbook :is(button, select, summary, input:not([type=checkbox]), .ob-item__box), .ob-step :is(button, select)")].filter(node => node.offsetHeight).filter(node => node.offsetHeight < 24 || node.offsetWidth < 24).map(node => `${node.outerHTML.slice(0, 80)} ${node.offsetWidth}×${node.offsetHeight}`));
  assert.deepEqual(small, []);
  await act(page, "focus").click();
  assert.equal(await page.locator(".ob-item:visible").count(), 1);
  assert.equal(await row(page, "announce").isVisible(), true);
  await act(page, "forth").click();
  assert.equal(await row(page, "notes").isVisible(), true);
  assert.equal(await page.locator(".ob-item:visible").count(), 1);
  await page.done();
});

test("groups are fieldsets with a legend, and what is wrong with the page stands at its top", async () => {
  const page = await release();
  assert.match(await page.textContent(".ob-alerts"), /Nobody owns this runbook.*review of this runbook was due on 2020-03-31/s);
  for (const group of await page.locator("fieldset.ob-group").all()) assert.equal(await group.locator("> legend").count(), 1);
  assert.equal(await page.getByRole("group", { name: /Production/ }).first().isVisible(), true);
  assert.equal(await page.getByRole("checkbox", { name: "Keep the notes" }).count(), 1);
  const confirm = await open("/confirm/");
  await live(confirm);
  assert.equal(await confirm.locator(".ob-alerts").isVisible(), false);
  await confirm.done();
  await page.done();
});

test("paper is a form to fill in", async () => {
  const page = await release();
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".ob-session").isVisible(), false);
  assert.equal(await page.locator(".ob-paper").isVisible(), true);
  assert.equal(await box(page, "announce").isVisible(), true);
  assert.equal(await page.locator("[data-ob-value=release]").isVisible(), true);
  const pdf = (await page.pdf()).toString("latin1");
  const pages = pdf.match(/\/Type\s*\/Page\b/g).length;
  assert.ok(pages <= 3, `${pages} pages`);
  if (process.env.KEEP_PDF) writeFileSync(process.env.KEEP_PDF, Buffer.from(pdf, "latin1"));
  await page.done();
});

test("without scripts the checklist can be read", async () => {
  const page = await open("/release/", { javaScriptEnabled: false });
  assert.equal(await page.locator(".ob-session, .ob-filters").first().isVisible(), false);
  assert.equal(await page.locator(".ob-item:visible").count(), 13);
  assert.match(await page.locator("[id='item-staging.roll']").textContent(), /for each component/);
  assert.match(await page.textContent("#command-deploy"), /helm upgrade --install '‹component›'/);
  assert.equal(await page.locator("#step-deploy").isVisible(), true);
  await page.done();
});

test("the checklist comes with its page also where pages are exchanged in place, and from a disk", async () => {
  const page = await open("/");
  await page.click("article a[href*=release]");
  await page.waitForFunction(() => document.title.startsWith("Release"));
  await live(page);
  await page.keyboard.press("d");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("data-ob-item")), "announce");
  await page.goBack();
  await page.waitForFunction(() => document.title.startsWith("Start") || document.title === "Checklist tests");
  await page.goForward();
  await page.waitForFunction(() => document.title.startsWith("Release") && !document.querySelector("[data-ob-count]").hidden);
  await page.done();
  const disk = await open(pathToFileURL(join(site, "confirm/index.html")).href);
  await live(disk);
  await box(disk, "first").check();
  await disk.reload();
  await disk.waitForFunction(() => document.querySelector("[data-ob-count]").textContent === "1 / 4");
  await disk.done();
});

test("a page of a runbook stays light until somebody uses it", async () => {
  const sizes = new Map();
  const page = await open("/");
  page.on("response", response => { if (/\.(js|css)$/.test(new URL(response.url()).pathname)) sizes.set(response.url(), response); });
  await page.goto(`${running.origin}/release/`);
  const { gzipSync } = await import("node:zlib");
  let sum = 0;
  for (const response of sizes.values()) sum += gzipSync(await response.body(), { level: 9 }).length;
  assert.ok(sum > 20000 && sum < 45000, `${sum} bytes`);
  await page.done();
});
