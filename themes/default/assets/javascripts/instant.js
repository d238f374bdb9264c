// Pages: set up on arrival, and with navigation.instant exchanged in place. Comes last.
(() => {
  let undo = [];
  let arrived = false;
  const setUp = fn => { try { const done = fn(); if (typeof done === "function") undo.push(done); } catch (error) { console.error(error); } };
  const arrive = () => {
    for (const fn of undo) fn();
    undo = [];
    arrived = true;
    onPage.forEach(setUp);
    window.document$.next(document);
    window.location$.next(new URL(location.href));
    for (const ref of $$("[data-md-component]")) window.component$.next({ ref });
  };
  // Scripts that only some pages load join in; one that comes after the page was set up begins at once.
  const joined = new Set();
  window.__opsbook = {
    $, $$, element, copyText, codeText,
    join(name, fn) {
      if (joined.has(name)) return;
      joined.add(name);
      onPage.push(fn);
      if (arrived) setUp(fn);
    },
  };
  // Scripts of users run after this one, and may look at the streams before the page is set up.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrive); else setTimeout(arrive);

  const internal = url => url.origin === location.origin && url.pathname.startsWith(base.pathname) && !/\.(?!html?$)[a-z0-9]+$/i.test(url.pathname);
  const kept = new Map();
  const page = url => {
    const address = url.origin + url.pathname + url.search;
    if (!kept.has(address)) {
      if (kept.size > 30) kept.delete(kept.keys().next().value);
      kept.set(address, fetch(address, { credentials: "same-origin" }).then(answer => {
        if (!answer.ok || !(answer.headers.get("content-type") || "").includes("html")) throw new Error(String(answer.status));
        return answer.text();
      }));
      kept.get(address).catch(() => kept.delete(address));
    }
    return kept.get(address);
  };
  if (feature("navigation.instant.prefetch") && location.protocol !== "file:") {
    document.addEventListener("pointerover", event => {
      const link = event.target.closest && event.target.closest("a[href]");
      if (!link || link.target || link.origin !== location.origin) return;
      const url = new URL(link.href);
      if (internal(url) && url.pathname !== location.pathname) page(url).catch(() => {});
    }, { passive: true });
  }
  if (!feature("navigation.instant") || location.protocol === "file:" || !history.pushState) return;

  // What stays on the screen keeps its addresses when the page's own changes.
  for (const link of $$(".md-header a[href]")) link.setAttribute("href", link.href);
  for (const link of $$("link[href]", document.head)) link.setAttribute("href", link.href);
  const progress = component("progress");
  const say = value => { if (progress) progress.style.setProperty("--md-progress-value", value); };
  const places = ["announce", "container", "header-topic", "outdated", "logo", "skip"];
  let visit = 0;
  const go = async (url, state, mode) => {
    const own = ++visit;
    say(30);
    let text;
    try { text = await page(url); } catch { location.assign(url); return; }
    if (own !== visit) return;
    const next = new DOMParser().parseFromString(text, "text/html");
    const script = next.getElementById("__config");
    if (!script || !next.querySelector("[data-md-component=container]")) { location.assign(url); return; }
    history.replaceState({ ...history.state, y: scrollY }, "");
    if (mode === "push") history.pushState({ y: 0 }, "", url);
    // Addresses in the new page are relative to it: the address has changed before they are used.
    document.title = next.title;
    for (const selector of ["link[rel=canonical]", "link[rel=prev]", "link[rel=next]", "meta[name=description]", "link[rel=alternate]"]) {
      for (const old of $$(selector, document.head)) old.remove();
      document.head.append(...$$(selector, next.head).map(node => document.importNode(node, true)));
    }
    for (const style of $$("link[rel=stylesheet], style", next.head)) {
      const known = $$(`${style.tagName.toLowerCase()}`, document.head).some(old => style.href ? old.href === new URL(style.getAttribute("href"), url).href : old.textContent === style.textContent);
      if (!known) document.head.append(document.importNode(style, true));
    }
    for (const name of places) {
      const old = component(name);
      const fresh = next.querySelector(`[data-md-component=${name}]`);
      if (old && fresh) old.replaceWith(document.importNode(fresh, true));
    }
    const oldTabs = $(".md-header .md-tabs");
    const newTabs = next.querySelector(".md-header .md-tabs");
    if (oldTabs && newTabs) oldTabs.replaceWith(document.importNode(newTabs, true));
    for (const old of $$(".md-container script")) {
      const fresh = element("script");
      for (const { name, value } of old.attributes) fresh.setAttribute(name, value);
      fresh.textContent = old.textContent;
      old.replaceWith(fresh);
    }
    document.getElementById("__config").textContent = script.textContent;
    say(100);
    setTimeout(() => say(0), 250);
    setToggle("search", false);
    setToggle("drawer", false);
    arrive();
    const target = url.hash && document.getElementById(decodeURIComponent(url.hash.slice(1)));
    if (target) target.scrollIntoView(); else scrollTo(0, (state && state.y) || 0);
    const main = component("skip");
    if (main) { main.tabIndex = -1; main.focus({ preventScroll: true }); }
  };
  if ("scrollRestoration" in history) history.scrollRestoration = "manual";
  if (history.state && typeof history.state.y === "number" && !location.hash) scrollTo(0, history.state.y);
  addEventListener("beforeunload", () => history.replaceState({ ...history.state, y: scrollY }, ""));
  let here = location.pathname + location.search;
  document.addEventListener("click", event => {
    const link = event.target.closest && event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.target || link.hasAttribute("download") || typeof link.href !== "string") return;
    const url = new URL(link.href);
    if (!internal(url) || (url.pathname + url.search === here && url.hash)) return;
    event.preventDefault();
    here = url.pathname + url.search;
    go(url, null, "push");
  });
  addEventListener("popstate", event => {
    const now = location.pathname + location.search;
    if (now === here) return;
    here = now;
    go(new URL(location.href), event.state, "pop");
  });
})();
