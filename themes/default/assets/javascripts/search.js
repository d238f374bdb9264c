// Search: an index in memory over search_index.json, made on first use; no worker, so that it also
// runs from a disk where the index comes as a script.
const engine = (() => {
  let pending = null;
  let separator = /[\s\-]+/;
  const plain = html => new DOMParser().parseFromString(html, "text/html").body.textContent || "";
  const fold = text => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const tokens = text => fold(text).split(separator).flatMap(word => word.split(/[^\p{L}\p{N}_.]+/u)).map(word => word.replace(/^[._]+|[._]+$/g, "")).filter(Boolean);
  function build(raw) {
    try { if (raw.config && raw.config.separator) separator = new RegExp(raw.config.separator); } catch { separator = /[\s\-]+/; }
    const fields = (raw.config && raw.config.fields) || {};
    const boost = (name, usual) => Math.log2(1 + Number((fields[name] && fields[name].boost) || usual));
    const weights = { title: boost("title", 1000), tags: boost("tags", 1000000), text: 1 };
    // MkDocs' own form has no fields: its texts are text, not HTML, and the entry of a page holds all of
    // it, so that the first heading would only say it again.
    const isMkdocs = !(raw.config && raw.config.fields);
    const shortest = (raw.config && raw.config.min_search_length) || 0;
    const docs = [];
    const postings = new Map();
    const parents = new Map();
    for (const entry of raw.docs || []) {
      const page = entry.location.split("#")[0];
      if (isMkdocs && entry.location.includes("#") && parents.has(page) && parents.get(page).title === plain(entry.title)) continue;
      const id = docs.length;
      const doc = { id, location: entry.location, page, title: plain(entry.title), text: (isMkdocs ? entry.text : plain(entry.text)).replace(/\s+/g, " ").trim(), tags: entry.tags || [], boost: Number(entry.boost) || 1 };
      if (!entry.location.includes("#")) parents.set(page, doc);
      docs.push(doc);
      const count = (text, weight) => {
        const length = 1 + Math.sqrt(text.length) / 12;
        for (const word of text) {
          let hits = postings.get(word);
          if (!hits) postings.set(word, hits = new Map());
          hits.set(id, (hits.get(id) || 0) + weight / length);
        }
      };
      count(tokens(doc.title), weights.title * (entry.location.includes("#") ? 1 : 1.4));
      count(tokens(doc.text), weights.text);
      count(doc.tags.flatMap(tag => tokens(String(tag))), weights.tags);
    }
    const vocabulary = [...postings.keys()].sort();
    return { docs, postings, vocabulary, parents, shortest };
  }
  function load() {
    if (!pending) {
      pending = (async () => {
        if (typeof window.__index === "object" && window.__index) return build(await window.__index);
        if (location.protocol === "file:") {
          // A page on a disk may not read other files, but it may load a script (plugin `offline`).
          await new Promise((done, failed) => document.head.append(Object.assign(element("script", { src: new URL("search/search_index.js", base).href }), { onload: done, onerror: failed })));
          return build(await window.__index);
        }
        const answer = await fetch(new URL("search/search_index.json", base));
        if (!answer.ok) throw new Error(String(answer.status));
        return build(await answer.json());
      })().catch(error => { pending = null; throw error; });
    }
    return pending;
  }
  function completions(index, prefix, limit) {
    let low = 0;
    let high = index.vocabulary.length;
    while (low < high) { const middle = (low + high) >> 1; if (index.vocabulary[middle] < prefix) low = middle + 1; else high = middle; }
    const words = [];
    for (let at = low; at < index.vocabulary.length && index.vocabulary[at].startsWith(prefix) && words.length < limit; at += 1) words.push(index.vocabulary[at]);
    return words;
  }
  function query(index, text) {
    if (text.length < index.shortest) return { terms: [], groups: [], count: 0 };
    const phrases = [...text.matchAll(/"([^"]+)"/g)].map(hit => fold(hit[1]));
    const banned = [...text.matchAll(/(?:^|\s)-(\S{2,})/g)].flatMap(hit => tokens(hit[1]));
    const wanted = tokens(text.replace(/(?:^|\s)-\S{2,}/g, " ").replace(/["+*~^]/g, " "));
    if (!wanted.length) return { terms: [], groups: [], count: 0 };
    const scores = new Map();
    const total = index.docs.length;
    for (const [at, term] of wanted.entries()) {
      const words = completions(index, term, at === wanted.length - 1 ? 400 : 120);
      const best = new Map();
      for (const word of words) {
        const hits = index.postings.get(word);
        const rarity = Math.log(1 + total / hits.size);
        const nearness = word === term ? 1 : .45 + .35 * term.length / word.length;
        for (const [id, weight] of hits) {
          const score = weight * rarity * nearness;
          if (score > (best.get(id) || 0)) best.set(id, score);
        }
      }
      for (const [id, score] of best) {
        const entry = scores.get(id) || { score: 0, found: new Set() };
        entry.score += score;
        entry.found.add(term);
        scores.set(id, entry);
      }
    }
    for (const word of banned) for (const id of (index.postings.get(word) || new Map()).keys()) scores.delete(id);
    const pages = new Map();
    for (const [id, entry] of scores) {
      const doc = index.docs[id];
      if (phrases.length) { const whole = fold(`${doc.title} ${doc.text}`); if (!phrases.every(phrase => whole.includes(phrase))) continue; }
      const share = entry.found.size / new Set(wanted).size;
      const score = entry.score * doc.boost * share * share;
      const page = pages.get(doc.page) || { score: 0, entries: [], page: doc.page };
      page.score = Math.max(page.score, score);
      page.entries.push({ doc, score, missing: [...new Set(wanted)].filter(term => !entry.found.has(term)) });
      pages.set(doc.page, page);
    }
    const groups = [...pages.values()].sort((a, b) => b.score - a.score || (a.page < b.page ? -1 : 1));
    for (const group of groups) group.entries.sort((a, b) => b.score - a.score || a.doc.id - b.doc.id);
    const last = wanted[wanted.length - 1];
    const suggestion = completions(index, last, 30).filter(word => word !== last).sort((a, b) => index.postings.get(b).size - index.postings.get(a).size)[0];
    return { terms: wanted, groups, count: groups.length, parents: index.parents, suggestion: suggestion ? text.slice(0, text.length - last.length) + suggestion : "" };
  }
  return { load, query, fold };
})();

// Puts <mark> around the words that begin with a term, as nodes: no text is ever parsed as HTML.
function marked(text, terms) {
  const fragment = document.createDocumentFragment();
  let from = 0;
  for (const hit of text.matchAll(/[\p{L}\p{N}_]+/gu)) {
    const folded = engine.fold(hit[0]);
    if (!terms.some(term => folded.startsWith(term) || (term.includes(".") && term.split(".").some(part => part && folded.startsWith(part))))) continue;
    fragment.append(text.slice(from, hit.index), element("mark", { "data-md-highlight": "" }, hit[0]));
    from = hit.index + hit[0].length;
  }
  fragment.append(text.slice(from));
  return fragment;
}
function excerpt(text, terms) {
  const folded = engine.fold(text);
  let at = -1;
  for (const term of terms) {
    const hit = folded.search(new RegExp(`(?<![\\p{L}\\p{N}])${term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u"));
    if (hit >= 0 && (at < 0 || hit < at)) at = hit;
  }
  const start = at > 90 ? text.lastIndexOf(" ", at - 60) + 1 : 0;
  const part = text.slice(start, start + 320);
  return `${start ? "… " : ""}${part}${start + 320 < text.length ? " …" : ""}`;
}

(() => {
  const search = component("search");
  const input = component("search-query");
  const toggle = $("[data-md-toggle=search]");
  if (!search || !input || !toggle) return;
  const list = $(".md-search-result__list", search);
  const meta = $(".md-search-result__meta", search);
  const wrap = $(".md-search__scrollwrap", search);
  const suggest = component("search-suggest");
  const share = component("search-share");
  let index = null;
  let shown = 0;
  let result = { groups: [], terms: [] };
  const count = n => n === 0 ? words["search.result.none"] : n === 1 ? words["search.result.one"] : (words["search.result.other"] || "").replace("#", n);
  const linkTo = doc => {
    const url = new URL(doc.location, base);
    if (feature("search.highlight")) url.searchParams.set("h", result.terms.join(" "));
    return url.href;
  };
  const article = (entry, isMain) => {
    const { doc } = entry;
    const text = excerpt(doc.text, result.terms);
    const body = element("article", { class: "md-search-result__article md-typeset" }, element(isMain ? "h1" : "h2", {}, marked(doc.title, result.terms)));
    if (doc.text) body.append(element("p", {}, marked(text, result.terms)));
    if (doc.tags.length && isMain) body.append(element("nav", { class: "md-tags" }, ...doc.tags.map(tag => element("span", { class: "md-tag" }, String(tag)))));
    if (entry.missing.length) body.append(element("p", { class: "md-search-result__terms" }, `${words["search.result.term.missing"]}: `, ...entry.missing.flatMap((term, at) => [at ? ", " : "", element("del", {}, term)])));
    return element("a", { href: linkTo(doc), class: "md-search-result__link", tabindex: "-1", role: "option" }, body);
  };
  const more = () => {
    const part = result.groups.slice(shown, shown + 10);
    shown += part.length;
    for (const group of part) {
      const parent = result.parents.get(group.page);
      const own = group.entries.find(entry => entry.doc === parent);
      const main = own || (parent ? { doc: parent, score: 0, missing: [] } : group.entries[0]);
      const rest = group.entries.filter(entry => entry !== main);
      const item = element("li", { class: "md-search-result__item", role: "presentation" }, article(main, true));
      for (const entry of rest.slice(0, own ? 1 : 2)) item.append(article(entry, false));
      const folded = rest.slice(own ? 1 : 2);
      if (folded.length) {
        const label = folded.length === 1 ? words["search.result.more.one"] : (words["search.result.more.other"] || "").replace("#", folded.length);
        item.append(element("details", { class: "md-search-result__more" }, element("summary", { tabindex: "-1" }, label), ...folded.map(entry => article(entry, false))));
      }
      list.append(item);
    }
  };
  const run = () => {
    const text = input.value.trim();
    list.replaceChildren();
    shown = 0;
    input.setAttribute("aria-expanded", String(!!text));
    if (suggest) suggest.textContent = "";
    if (!index) return;
    if (!text) { meta.textContent = words["search.result.placeholder"]; result = { groups: [], terms: [] }; return; }
    result = engine.query(index, text);
    meta.textContent = count(result.count);
    if (suggest && result.suggestion && !/\s$/.test(input.value)) suggest.textContent = input.value + result.suggestion.slice(text.length);
    more();
    wrap.scrollTop = 0;
  };
  const start = () => {
    if (index) return;
    engine.load().then(loaded => { index = loaded; run(); }, () => { meta.textContent = words["search.result.failed"]; });
  };
  let typing = 0;
  input.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(run, 40); });
  input.addEventListener("focus", () => { if (!toggle.checked) toggle.click(); start(); });
  search.addEventListener("pointerenter", start, { once: true });
  wrap.addEventListener("scroll", () => { if (wrap.scrollTop + wrap.clientHeight > wrap.scrollHeight - 200 && shown < result.groups.length) more(); }, { passive: true });
  toggle.addEventListener("change", () => {
    if (toggle.checked) { start(); setTimeout(() => toggle.checked && input.focus(), 10); } else input.blur();
  });
  $("form", search).addEventListener("submit", event => event.preventDefault());
  $("form", search).addEventListener("reset", () => setTimeout(() => { run(); input.focus(); }));
  if (share) share.addEventListener("click", () => { const url = new URL(location.href); url.search = ""; url.hash = ""; url.searchParams.set("q", input.value); copyText(url.href, words["link.copied"]); });
  const links = () => $$(".md-search-result__link, summary", list).filter(link => link.offsetParent !== null || link.getClientRects().length);
  document.addEventListener("keydown", event => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (!toggle.checked) {
      if (["f", "s", "/"].includes(event.key) && !isTyping()) { event.preventDefault(); setToggle("search", true); input.focus(); input.select(); }
      return;
    }
    if (event.key === "Escape" || event.key === "Tab") { if (event.key === "Escape") event.preventDefault(); setToggle("search", false); return; }
    if (!search.contains(document.activeElement)) return;
    if (event.key === "ArrowRight" && suggest && suggest.textContent && input.selectionStart === input.value.length && document.activeElement === input) { input.value = suggest.textContent; run(); return; }
    const all = links();
    const at = all.indexOf(document.activeElement);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? at + 1 : at - 1;
      if (next < 0) input.focus(); else if (all[next]) { all[next].focus(); all[next].scrollIntoView({ block: "nearest" }); }
    } else if (event.key === "Enter" && document.activeElement === input && all[0]) {
      event.preventDefault();
      all.find(link => link.href).click();
    } else if (event.key.length === 1 && document.activeElement !== input) input.focus();
  });
  list.addEventListener("click", event => { if (event.target.closest("a")) setToggle("search", false); });
  const asked = new URL(location.href).searchParams.get("q");
  if (asked) { input.value = asked; setToggle("search", true); start(); }
})();
// The words that were searched for, shown on the page that was found.
onPage.push(() => {
  if (!feature("search.highlight")) return undefined;
  const text = new URL(location.href).searchParams.get("h");
  const article = $("article.md-content__inner");
  if (!text || !article) return undefined;
  const terms = engine.fold(text).split(/\s+/).filter(Boolean);
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node.nodeValue.trim() && !node.parentElement.closest("script, style, svg, [data-chrome]")) found.push(node);
  for (const node of found) {
    const fragment = marked(node.nodeValue, terms);
    if (fragment.childElementCount) node.replaceWith(fragment);
  }
  return undefined;
});
