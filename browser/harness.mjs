// What the browser tests share: a site built with opsbook, a server for it, and Chromium, which is not
// downloaded; CHROMIUM names another one than /usr/bin/chromium.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const candidates = [process.env.OPSBOOK, join(here, "../target/release/opsbook"), join(here, "../target/debug/opsbook")];
const binary = candidates.filter(path => path && existsSync(path)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
const types = { html: "text/html", css: "text/css", js: "text/javascript", json: "application/json", png: "image/png", svg: "image/svg+xml" };

// Builds `config` into a new folder and serves it: { binary, folder, origin, browser, open, end }.
export async function start(config) {
  assert.ok(binary, "build opsbook first: cargo build");
  const folder = mkdtempSync(join(tmpdir(), "opsbook-browser-"));
  execFileSync(binary, ["build", "-q", "-f", join(here, config), "-d", folder], { stdio: "inherit" });
  const server = createServer((request, response) => {
    let path = decodeURIComponent(new URL(request.url, "http://x").pathname);
    if (path.endsWith("/")) path += "index.html";
    const file = join(folder, path);
    if (!file.startsWith(folder) || !existsSync(file) || statSync(file).isDirectory()) {
      response.writeHead(404, { "content-type": "text/html" }).end(readFileSync(join(folder, "404.html")));
      return;
    }
    response.writeHead(200, { "content-type": types[path.split(".").pop()] || "text/plain" }).end(readFileSync(file));
  });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });

  // Opens a page; `done` fails the test for any error in it or any request to another host.
  async function open(path, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light", reducedMotion: "reduce", ...options });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", error => page.problems.push(String(error)));
    page.on("request", request => { if (!request.url().startsWith(origin) && !/^(file|data|blob):/.test(request.url())) page.problems.push(request.url()); });
    page.done = async () => { assert.deepEqual(page.problems, []); await context.close(); };
    await page.goto(path.includes(":") ? path : origin + path);
    return page;
  }
  async function end() {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { binary, folder, origin, browser, open, end };
}
