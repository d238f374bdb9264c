// Search: what the reader types goes to the engine, what it finds is drawn. The engine is loaded with the
// first search, as a worker; a page on a disk, which may have none, runs it itself.
const engineUrl = new URL(engineFile, (document.currentScript && document.currentScript.src) || new URL("assets/javascripts/bundle.js", base));
const ask = (() => {
  const shards = new URL("search/shards/", base).href;
  const script = src => new Promise((done, failed) => document.head.append(Object.assign(element("script", { src }), { onload: done, onerror: failed })));
  function employ() {
    const worker = new Worker(engineUrl);
    const waiting = new Map();
    let last = 0;
    worker.onmessage = ({ data }) => {
      const [done, failed] = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.error) failed(new Error(data.error)); else done(data.answer);
    };
    worker.onerror = error => { for (const [, failed] of waiting.values()) failed(error); waiting.clear(); begun = null; };
    worker.postMessage({ base: shards });
    return question => new Promise((done, failed) => { waiting.set(++last, [done, failed]); worker.postMessage({ ...question, id: last }); });
  }
  async function here() {
    const waiting = new Map();
    window.opsbookSearch = (name, ...shard) => waiting.get(name)(shard);
    await script(engineUrl);
    const engine = globalThis.opsbookEngine.makeEngine((name, digest) => new Promise((done, failed) => {
      waiting.set(name, done);
      script(`${shards}${name}.js${digest && `?${digest}`}`).catch(failed);
    }));
    return question => engine[question.ask](question);
  }
  async function begin() {
    if (location.protocol !== "file:") try { return employ(); } catch { /* a policy forbids workers */ }
    return here();
  }
  let begun = null;
  return async (name, question) => {
    begun = begun || begin();
    begun.catch(() => { begun = null; });
    return (await begun)({ ask: name, ...question });
  };
})();

const plainly = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
// Puts <mark> around the words that begin with a term, and around terms of scripts without blanks, as
// nodes: no text is ever parsed as HTML.
function marked(text, terms) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const hit of text.matchAll(/[\p{L}\p{N}\p{M}_]+/gu)) {
    const folded = plainly(hit[0]);
    let [start, end] = [hit.index, hit.index + hit[0].length];
    if (!terms.some(term => folded.startsWith(term))) {
      const inside = folded.length === hit[0].length && terms.find(term => /\p{Lo}/u.test(term) && folded.includes(term));
      if (!inside) continue;
      start += folded.indexOf(inside);
      end = start + inside.length;
    }
    fragment.append(text.slice(from, start), element("mark", { "data-md-highlight": "" }, text.slice(start, end)));
    from = end;
  }
  fragment.append(text.slice(from));
  return fragment;
}
// Text as the engine cuts it: [text, 1 where it was searched for | 2 where it is code].
const drawn = pieces => pieces.map(([text, kind]) => {
  const inner = kind & 1 ? element("mark", { "data-md-highlight": "" }, text) : text;
  return kind & 2 ? element("code", {}, inner) : inner;
});

(() => {
  const search = component("search");
  const input = component("search-query");
  const toggle = $("[data-md-toggle=search]");
  if (!search || !input || !toggle) return;
  const list = $(".md-search-result__list", search);
  const meta = $(".md-search-result__meta", search);
  const wrap = $(".md-search__scrollwrap", search);
  const filters = $(".md-search__filters", search);
  const suggest = component("search-suggest");
  const share = component("search-share");
  const count = (name, n) => n === 1 ? words[`${name}.one`] : (words[`${name}.other`] || "").replace("#", n);
  let result = null;
  let drawnPages = 0;
  const linkTo = address => {
    const url = new URL(address, base);
    if (location.protocol === "file:" && url.pathname.endsWith("/")) url.pathname += "index.html";
    if (feature("search.highlight") && result.terms.length) url.searchParams.set("h", result.terms.join(" "));
    return url.href;
  };
  const link = (url, ...inner) => element("a", { href: linkTo(url), class: "md-search-result__link" }, element("article", { class: "md-search-result__article md-typeset" }, ...inner));
  const excerpt = entry => [
    ...(entry.text.length ? [element("p", {}, ...drawn(entry.text))] : []),
    ...(entry.missing.length ? [element("p", { class: "md-search-result__terms" }, `${words["search.result.term.missing"]}: `, ...entry.missing.flatMap((term, at) => [at ? ", " : "", element("del", {}, term)]))] : []),
  ];
  const section = entry => link(entry.url, element("h2", entry.step ? { class: "md-search-result__step" } : {}, ...drawn(entry.title)), ...excerpt(entry));
  const draw = groups => {
    for (const group of groups) {
      const own = group.entries.find(entry => !entry.title);
      const path = group.path.length ? [element("p", { class: "md-search-result__path" }, group.path.join(" › "))] : [];
      const tags = group.tags.length ? [element("div", { class: "md-tags" }, ...group.tags.map(tag => element("span", { class: "md-tag" }, tag)))] : [];
      const item = element("li", { class: "md-search-result__item" }, link(group.url, ...path, element("h1", {}, ...drawn(group.title)), ...(own ? excerpt(own) : []), ...tags));
      item.append(...group.entries.filter(entry => entry.title).map(section));
      if (group.more) {
        const more = element("details", { class: "md-search-result__more" }, element("summary", {}, count("search.result.more", group.more)));
        more.addEventListener("toggle", async () => { for (const entry of await ask("rest", { page: group.page })) more.append(entry.title ? section(entry) : ""); }, { once: true });
        item.append(more);
      }
      list.append(item);
    }
    drawnPages += groups.length;
  };
  const chosen = () => Object.fromEntries($$("select", filters).filter(select => select.value).map(select => select.value.includes("=") ? select.value.split("=") : [select.name, select.value]));
  const recent = () => [].concat(__md_get("__searched") || []).filter(text => typeof text === "string").slice(0, 5);
  const empty = () => {
    meta.textContent = words["search.result.placeholder"];
    list.replaceChildren(...recent().map(text => {
      const again = element("button", { type: "button", class: "md-search-result__recent" }, text);
      again.addEventListener("click", () => { input.value = text; input.focus(); run(); });
      return element("li", { class: "md-search-result__item" }, again);
    }));
  };
  async function run() {
    const text = input.value.trim();
    const asked = chosen();
    if (suggest && !suggest.textContent.startsWith(input.value)) suggest.textContent = "";
    if (!text && !Object.keys(asked).length) { result = null; await ask("search", { text: "", count: 0 }).catch(() => {}); if (!input.value.trim()) empty(); return; }
    try {
      const found = await ask("search", { text: input.value.trimStart(), filters: asked, count: 8 });
      if (!found) return;
      result = found;
      drawnPages = 0;
      list.replaceChildren();
      draw(found.groups);
      wrap.scrollTop = 0;
      const total = found.total ? count("search.result", found.total) : words["search.result.none"];
      meta.textContent = found.instead.length ? `${total}: ${found.instead.join(" ")}` : total;
      if (suggest) suggest.textContent = found.suggestion ? input.value + found.suggestion.slice(input.value.trimStart().length) : "";
    } catch { meta.textContent = words["search.result.failed"]; }
  }
  let started = false;
  const start = async () => {
    if (started) return;
    started = true;
    try {
      const facets = await ask("facets", {});
      if (facets && filters) {
        const choose = (name, label, options) => {
          if (!options.length) return;
          filters.append(element("select", { name, "aria-label": label }, element("option", { value: "" }, label), ...options.map(([value, text]) => element("option", { value }, text))));
        };
        const values = facets.values;
        const plain = name => (values[name] || []).map(value => [value, value]);
        const kinds = (values.runbook || []).map(value => [`runbook=${value}`, value]);
        choose("kind", words["search.filter.all"], [...(kinds.length ? [["runbook=*", words["search.filter.runbooks"]], ...kinds] : []), ...(facets.steps ? [["step=*", words["search.filter.steps"]]] : [])]);
        choose("environment", words["search.filter.environment"], plain("environment"));
        choose("owner", words["search.filter.owner"], plain("owner"));
        choose("tag", words["search.filter.tag"], plain("tag"));
        filters.hidden = !filters.childElementCount;
        filters.addEventListener("change", run);
      }
      if (!input.value.trim()) empty();
    } catch { started = false; meta.textContent = words["search.result.failed"]; }
  };
  let more = null;
  const further = () => {
    if (more || !result || drawnPages >= result.total || wrap.scrollTop + wrap.clientHeight < wrap.scrollHeight - 300) return;
    const of = result;
    more = ask("further", { from: drawnPages, count: 10 }).then(groups => { if (result === of) draw(groups); }).finally(() => { more = null; });
  };
  input.addEventListener("input", run);
  input.addEventListener("focus", () => { if (!toggle.checked) toggle.click(); start(); });
  search.addEventListener("pointerenter", start, { once: true });
  wrap.addEventListener("scroll", further, { passive: true });
  toggle.addEventListener("change", () => {
    if (toggle.checked) { start(); setTimeout(() => toggle.checked && input.focus(), 10); } else if (search.contains(document.activeElement)) document.activeElement.blur();
  });
  search.addEventListener("focusout", event => { if (toggle.checked && event.relatedTarget && !search.contains(event.relatedTarget)) setToggle("search", false); });
  $("form", search).addEventListener("submit", event => event.preventDefault());
  $("form", search).addEventListener("reset", () => setTimeout(() => { for (const select of $$("select", filters)) select.value = ""; run(); input.focus(); }));
  if (share) share.addEventListener("click", () => { const url = new URL(location.href); url.search = ""; url.hash = ""; url.searchParams.set("q", input.value); copyText(url.href, words["link.copied"]); });
  const stops = () => $$("a, summary, button", list).filter(stop => stop.getClientRects().length);
  document.addEventListener("keydown", event => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (!toggle.checked) {
      if (["f", "s", "/"].includes(event.key) && !isTyping()) { event.preventDefault(); setToggle("search", true); input.focus(); input.select(); }
      return;
    }
    if (event.key === "Escape") { event.preventDefault(); setToggle("search", false); return; }
    const active = document.activeElement;
    if (!search.contains(active) || active.tagName === "SELECT") return;
    if (event.key === "ArrowRight" && suggest && suggest.textContent && active === input && input.selectionStart === input.value.length) { input.value = suggest.textContent; run(); return; }
    const all = stops();
    const at = all.indexOf(active);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      if (next < 0) input.focus(); else if (all[next]) { all[next].focus(); all[next].scrollIntoView({ block: "nearest" }); }
    } else if (event.key === "Enter" && active === input) {
      event.preventDefault();
      const first = all.find(stop => stop.href);
      if (first) first.click();
    } else if (event.key.length === 1 && event.key !== " " && active !== input) input.focus();
  });
  list.addEventListener("click", event => {
    if (!event.target.closest("a")) return;
    const text = input.value.trim();
    if (text) __md_set("__searched", [text, ...recent().filter(other => other !== text)].slice(0, 5));
    setToggle("search", false);
  });
  const asked = new URL(location.href).searchParams.get("q");
  if (asked) { input.value = asked; setToggle("search", true); start(); run(); }
})();
// The words that were searched for, shown on the page that was found.
onPage.push(() => {
  if (!feature("search.highlight")) return undefined;
  const text = new URL(location.href).searchParams.get("h");
  const article = $("article.md-content__inner");
  if (!text || !article) return undefined;
  const terms = plainly(text).split(/\s+/).filter(Boolean);
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node.nodeValue.trim() && !node.parentElement.closest("script, style, svg, [data-chrome]")) found.push(node);
  for (const node of found) {
    const fragment = marked(node.nodeValue, terms);
    if (fragment.childElementCount) node.replaceWith(fragment);
  }
  return undefined;
});
