// The navigation's open sections, and the table of contents that follows the reader.
onPage.push(() => {
  const stop = new AbortController();
  for (const toggle of $$(".md-nav__toggle")) {
    const button = $(`[id="${toggle.id}_label"] > [aria-expanded]`, toggle.parentElement);
    if (toggle.classList.contains("md-toggle--indeterminate")) {
      toggle.indeterminate = true;
      toggle.addEventListener("click", () => {
        if (matchMedia("(min-width: 76.25em)").matches && toggle.classList.contains("md-toggle--indeterminate")) {
          toggle.checked = false;
          toggle.classList.remove("md-toggle--indeterminate");
        }
      }, { signal: stop.signal });
    }
    toggle.addEventListener("change", () => { if (button) button.setAttribute("aria-expanded", toggle.checked); }, { signal: stop.signal });
  }
  const wrap = $(".md-sidebar--primary .md-sidebar__scrollwrap");
  const active = wrap && $$(".md-nav__link--active", wrap).find(link => link.offsetHeight);
  if (active && wrap.scrollHeight > wrap.clientHeight) {
    const place = active.getBoundingClientRect().top - wrap.getBoundingClientRect().top;
    if (place > wrap.clientHeight - 40 || place < 0) wrap.scrollTop = place - wrap.clientHeight / 2;
  }
  const links = $$("[data-md-component=toc] .md-nav__link");
  const targets = new Map();
  for (const link of links) {
    const heading = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (heading) targets.set(heading, [...(targets.get(heading) || []), link]);
  }
  if (!targets.size) return () => stop.abort();
  const side = $(".md-sidebar--secondary .md-sidebar__scrollwrap");
  let shown = null;
  let settled = false;
  const follow = once(() => {
    const line = (component("header") ? component("header").offsetHeight : 0) + 40;
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    let current = null;
    const headings = [...targets.keys()].sort((a, b) => a.compareDocumentPosition(b) & 4 ? -1 : 1);
    for (const heading of headings) if (heading.getBoundingClientRect().top <= line) current = heading;
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (atEnd && scrollY > 0) current = target && targets.has(target) && target.getBoundingClientRect().top >= 0 ? target : headings[headings.length - 1];
    let passed = true;
    for (const heading of headings) {
      if (heading === current) passed = false;
      for (const link of targets.get(heading)) {
        link.classList.toggle("md-nav__link--passed", passed && current !== null);
        link.classList.toggle("md-nav__link--active", heading === current);
        if (heading === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
      }
    }
    if (current === shown) return;
    shown = current;
    if (feature("toc.follow") && side && current) {
      const link = targets.get(current).find(link => side.contains(link));
      if (link) {
        const at = link.getBoundingClientRect().top - side.getBoundingClientRect().top;
        if (at < 0 || at > side.clientHeight - 60) side.scrollTo({ top: side.scrollTop + at - side.clientHeight / 2, behavior: "smooth" });
      }
    }
    if (feature("navigation.tracking") && settled) {
      const url = new URL(location.href);
      url.hash = current ? current.id : "";
      if (url.href !== location.href) history.replaceState(history.state, "", current ? url : url.pathname + url.search);
    }
  });
  addEventListener("scroll", follow, { passive: true, signal: stop.signal });
  follow();
  setTimeout(() => { settled = true; }, 300);
  return () => stop.abort();
});
