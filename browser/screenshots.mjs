// Makes the pictures of the manual from the built manual: `npm run screenshots`.
// Each is a page as a reader sees it, so that the pictures stay true; look at them before you commit.

import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./harness.mjs";

const images = join(dirname(fileURLToPath(import.meta.url)), "../content/images");
const limit = 150_000;
const pictures = [
  { name: "site.png", path: "/writing/admonitions/" },
  { name: "runbook.png", path: "/contributing/cut-a-release/" },
  { name: "step.png", path: "/contributing/cut-a-release/#step-tag-is-public" },
];

const running = await start("../book.toml");
try {
  for (const { name, path } of pictures) {
    const page = await running.open(path, { viewport: { width: 1280, height: 760 } });
    const file = join(images, name);
    await page.screenshot({ path: file });
    await page.done();
    const { size } = statSync(file);
    if (size > limit) throw new Error(`${file} has ${size} bytes, more than ${limit}`);
    console.log(`${file}: ${size} bytes`);
  }
} finally {
  await running.end();
}
