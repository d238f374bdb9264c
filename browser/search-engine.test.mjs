// The search engine without a browser: how it cuts words, and what it finds in the manual.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { start } from "./harness.mjs";
import { engineOf, isNear, success, wordsOf } from "./search/engine.mjs";

let running;
before(async () => { running = await start("../book.toml"); });
after(() => running?.end());

test("texts fall into the same words as where the index is made", () => {
  const table = JSON.parse(readFileSync(new URL("../tests/cases/search/words.json", import.meta.url), "utf8"));
  assert.ok(table.length > 30);
  for (const [text, words] of table) assert.deepEqual(wordsOf(text).map(({ term, at, piece }) => [term, at, piece]), words, text);
});

test("each word knows its place in the text", () => {
  for (const text of ["Run `uv sync --frozen` now", "HTTPServer, max_surge", "Kubernetesの導入"]) {
    for (const { term, start, end } of wordsOf(text)) assert.equal(text.slice(start, end).toLowerCase(), term);
  }
});

test("one error is an insertion, a deletion, an exchange or a swap", () => {
  for (const [one, other, near] of [
    ["kubernets", "kubernetes", true], ["kubernetess", "kubernetes", true], ["kubernates", "kubernetes", true],
    ["kuberentes", "kubernetes", true], ["same", "same", true], ["kubrnets", "kubernetes", false], ["ab", "ba", true],
    ["canary", "binary", false], ["", "a", true],
  ]) assert.equal(isNear(one, other), near, `${one} ${other}`);
});

// A query and the pages of the manual that answer it, found by reading.
const MANUAL = [
  ["title", "search", ["site/search/"]],
  ["title", "admonitions", ["writing/admonitions/"]],
  ["title", "architecture", ["contributing/architecture/"]],
  ["title", "security model", ["explanation/security-model/"]],
  ["heading", "prebuild_index", ["site/search/"]],
  ["text", "where is the search index", ["site/search/"]],
  ["code", "mkdocs.yml", ["reference/mkdocs-yml/"]],
  ["code", "book.toml", ["reference/book-toml/"]],
  ["code", "use_directory_urls", ["reference/mkdocs-yml/", "reference/book-toml/", "site/links/"]],
  ["code", "site_url", ["reference/mkdocs-yml/", "tutorials/publish/", "reference/book-toml/"]],
  ["title", "tables", ["writing/tables/"]],
  ["title", "roll back", ["how-to/roll-back/"]],
  ["text", "certificate is about to expire", ["how-to/rotate-a-certificate/"]],
  ["code", "--poll", ["commands/serve/"]],
  ["code", "git-revision-date-localized", ["plugins/git-revision-date-localized/"]],
  ["code", "data-search-exclude", ["site/search/"]],
  ["code", "pymdownx.superfences", ["reference/extensions/", "writing/code-blocks/"]],
  ["stem", "migrating plugin", ["how-to/migrate-plugins/"]],
  ["stem", "approval from accounts", ["how-to/approve-from-your-account/"]],
  ["prefix", "moving from mkd", ["how-to/move-from-mkdocs/"]],
  ["prefix", "gloss", ["reference/glossary/", "reference/glossary/"]],
  ["typo", "admonitons", ["writing/admonitions/"]],
  ["typo", "tutorail", ["tutorials/", "tutorials/first-site/"]],
];

test("the manual is found by titles, headings, texts, code, beginnings and with errors", async () => {
  const engine = engineOf(running.folder);
  const { classes, missed } = await success(engine, MANUAL);
  const sum = index => Object.values(classes).reduce((sum, counts) => sum + counts[index], 0);
  assert.ok(sum(0) >= MANUAL.length - 4 && sum(1) === MANUAL.length, missed.join("\n"));
});

test("a query reads a small part of the index, and the newest one is answered", async () => {
  const engine = engineOf(running.folder);
  const [older, newer] = await Promise.all([engine.search({ text: "appro", count: 8 }), engine.search({ text: "approval", count: 8 })]);
  assert.equal(older, null);
  assert.ok(newer.total > 1);
  assert.ok(engine.bytes() < 600_000, String(engine.bytes()));
});
