// Titles and footnotes as small boxes beside the text.
onPage.push(() => {
  const stop = new AbortController();
  let box = null;
  let timer = 0;
  const hide = () => { clearTimeout(timer); if (box) box.remove(); box = null; };
  const show = (host, fill, isTitle) => {
    hide();
    const inner = element("div", { class: `md-tooltip2__inner md-typeset${isTitle ? " md-tooltip2__inner--title" : ""}` });
    fill(inner);
    box = element("div", { class: "md-tooltip2", role: "tooltip", id: "__tooltip" }, inner);
    document.body.append(box);
    const at = host.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left + scrollX + at.width / 2 - box.offsetWidth / 2, document.documentElement.clientWidth - box.offsetWidth - 8));
    const below = at.bottom + box.offsetHeight + 12 < innerHeight;
    box.style.left = `${left}px`;
    box.style.top = `${(below ? at.bottom + 6 : at.top - box.offsetHeight - 6) + scrollY}px`;
    host.setAttribute("aria-describedby", "__tooltip");
    if (!isTitle) {
      box.addEventListener("mouseenter", () => clearTimeout(timer));
      box.addEventListener("mouseleave", () => { timer = setTimeout(hide, 200); });
    }
  };
  const attach = (host, fill, isTitle) => {
    const open = () => { clearTimeout(timer); timer = setTimeout(() => show(host, fill, isTitle), 150); };
    const leave = () => { clearTimeout(timer); timer = setTimeout(hide, 200); host.removeAttribute("aria-describedby"); };
    host.addEventListener("mouseenter", open, { signal: stop.signal });
    host.addEventListener("focus", open, { signal: stop.signal });
    host.addEventListener("mouseleave", leave, { signal: stop.signal });
    host.addEventListener("blur", leave, { signal: stop.signal });
  };
  if (feature("content.tooltips")) {
    for (const host of $$(".md-content [title]:not(iframe), .md-header [title]")) {
      if (host.closest(".md-code__nav") || host.matches(".headerlink")) continue;
      const text = host.title;
      if (!text) continue;
      host.removeAttribute("title");
      if (host.matches("a, button, input, label, [role]") && !host.textContent.trim() && !host.getAttribute("aria-label")) host.setAttribute("aria-label", text);
      if (host.tagName === "ABBR") host.tabIndex = 0;
      attach(host, inner => inner.append(text), true);
    }
  }
  if (feature("content.footnote.tooltips")) {
    for (const host of $$(".md-typeset a.footnote-ref")) {
      const note = document.getElementById(decodeURIComponent(host.hash.slice(1)));
      if (!note) continue;
      attach(host, inner => {
        inner.append(...[...note.childNodes].map(child => child.cloneNode(true)));
        for (const extra of $$(".footnote-backref", inner)) extra.remove();
        for (const named of $$("[id]", inner)) named.removeAttribute("id");
      }, false);
    }
  }
  document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); }, { signal: stop.signal });
  return () => { hide(); stop.abort(); };
});
