// Header, title, drawer, back to top, announcement, keyboard on labels.
onPage.push(() => {
  const title = component("header-title");
  const top = component("top");
  const header = component("header");
  const tabs = component("tabs");
  const heading = $(".md-content__inner h1");
  let last = scrollY;
  const scrolled = once(() => {
    const y = scrollY;
    if (title) title.classList.toggle("md-header__title--active", !!heading && heading.getBoundingClientRect().bottom < (header ? header.offsetHeight : 0));
    if (header && !feature("navigation.tabs.sticky") && tabs) header.classList.toggle("md-header--shadow", y > tabs.offsetHeight / 2);
    const up = y < last;
    if (Math.abs(y - last) > 4) {
      if (top) top.hidden = !(up && y > innerHeight / 2);
      if (header && feature("header.autohide")) header.toggleAttribute("hidden", !up && y > 200);
      last = y;
    }
    window.viewport$.next({ offset: { x: scrollX, y }, size: { width: innerWidth, height: innerHeight } });
  });
  const stop = new AbortController();
  addEventListener("scroll", scrolled, { passive: true, signal: stop.signal });
  addEventListener("resize", scrolled, { passive: true, signal: stop.signal });
  scrolled();
  if (header) document.documentElement.style.setProperty("--ob-header-now", `${header.offsetHeight}px`);
  if (top) {
    top.hidden = true;
    top.addEventListener("click", () => { scrollTo({ top: 0, behavior: "smooth" }); top.blur(); }, { signal: stop.signal });
  }
  return () => stop.abort();
});
document.addEventListener("keydown", event => {
  const button = event.target;
  if ((event.key === "Enter" || event.key === " ") && button.matches("label[for] > [role=button]")) {
    event.preventDefault();
    button.click();
    // A click moves the focus to the box behind the label, which cannot be seen.
    button.focus();
  }
});
(() => {
  const announce = component("announce");
  const button = announce && $(".md-typeset > :first-child.md-banner__button", announce);
  if (!button) return;
  const content = $(".md-typeset", announce);
  button.addEventListener("click", () => {
    __md_set("__announce", __md_hash(content.innerHTML));
    announce.hidden = true;
  });
})();
(() => {
  const drawer = $("[data-md-toggle=drawer]");
  if (!drawer) return;
  const lock = () => { document.documentElement.style.overflow = drawer.checked ? "hidden" : ""; };
  drawer.addEventListener("change", lock);
  document.addEventListener("keydown", event => { if (event.key === "Escape" && drawer.checked) drawer.click(); });
  document.addEventListener("click", event => {
    const link = event.target.closest && event.target.closest(".md-sidebar--primary a[href]");
    if (link && drawer.checked) drawer.click();
  });
  matchMedia("(min-width: 76.25em)").addEventListener("change", event => { if (event.matches && drawer.checked) drawer.click(); });
})();
// The versions that mike deploys, where the site says so.
(() => {
  const version = config.version;
  if (!version || version.provider !== "mike" || location.protocol === "file:") return;
  const topic = $(".md-header__topic");
  if (!topic) return;
  fetch(new URL("../versions.json", base)).then(answer => answer.ok ? answer.json() : []).then(list => {
    if (!list.length) return;
    const own = base.pathname.split("/").filter(Boolean).pop();
    const current = list.find(entry => entry.version === own || (entry.aliases || []).includes(own)) || list[0];
    const select = element("select", { "aria-label": words["select.version"] });
    for (const entry of list) {
      const option = element("option", { value: entry.version }, entry.title || entry.version);
      option.selected = entry === current;
      select.append(option);
    }
    select.addEventListener("change", () => location.assign(new URL(`../${select.value}/`, base)));
    topic.append(element("div", { class: "md-version" }, select));
    const wanted = [].concat(version.default || "latest");
    const names = [current.version, ...(current.aliases || [])];
    const outdated = component("outdated");
    const isOutdated = !wanted.some(name => names.some(own => { try { return new RegExp(`^(?:${name})$`).test(own); } catch { return own === name; } }));
    __md_set("__outdated", isOutdated, sessionStorage);
    if (outdated) outdated.hidden = !isOutdated;
  }).catch(() => {});
})();
