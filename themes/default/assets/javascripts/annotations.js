// Annotations: (1) in code or in a block of class annotate opens the item of the list after it.
onPage.push(() => {
  const stop = new AbortController();
  const close = except => {
    for (const index of $$(".md-annotation__index[aria-expanded=true]")) if (index !== except) index.click();
  };
  const place = (holder, list) => {
    const items = new Map($$(":scope > li", list).map((item, at) => [at + 1, item]));
    const found = [];
    const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) if (/\(\d+\)/.test(node.nodeValue)) found.push(node);
    let used = 0;
    for (const node of found) {
      if (holder.matches("code") && !node.parentElement.matches(".c, .c1, .cm, .cs, .ch, .cp, code") && config.annotate === null && !/^\s*\(\d+\)/.test(node.nodeValue)) continue;
      if (list.contains(node)) continue;
      const parts = node.nodeValue.split(/(\(\d+\)!?)/);
      if (!parts.some(part => { const hit = part.match(/^\((\d+)\)!?$/); return hit && items.has(+hit[1]); })) continue;
      const pieces = parts.map((part, at) => {
        const hit = part.match(/^\((\d+)\)!?$/);
        if (!hit || !items.has(+hit[1])) return part;
        if (part.endsWith("!") && at > 0) parts[at - 1] = "";
        used += 1;
        return annotation(+hit[1], items.get(+hit[1]));
      });
      const strip = parts.some(part => part.endsWith(")!"));
      node.replaceWith(...pieces.map(piece => typeof piece === "string" && strip ? piece.replace(/^\s*(#|\/\/|--|;|%)\s*$/, "") : piece));
    }
    if (used) list.hidden = true;
  };
  const annotation = (number, item) => {
    const index = element("span", { class: "md-annotation__index", role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": `${words.annotate} ${number}`, "data-md-annotation-id": number }, String(number));
    const holder = element("aside", { class: "md-annotation", "data-ob-note": "" }, index);
    let note = null;
    const toggle = () => {
      if (note) { note.remove(); note = null; index.setAttribute("aria-expanded", "false"); return; }
      close(index);
      note = element("div", { class: "md-annotation__note md-typeset", role: "note" });
      note.append(...[...item.childNodes].map(child => child.cloneNode(true)));
      for (const inner of $$("[id]", note)) inner.removeAttribute("id");
      document.body.append(note);
      const at = index.getBoundingClientRect();
      const left = Math.max(8, Math.min(at.left + scrollX - 20, document.documentElement.clientWidth - note.offsetWidth - 8));
      note.style.left = `${left}px`;
      note.style.top = `${at.bottom + scrollY + 6}px`;
      index.setAttribute("aria-expanded", "true");
    };
    index.addEventListener("click", event => { event.preventDefault(); event.stopPropagation(); toggle(); });
    index.addEventListener("keydown", event => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(); } });
    return holder;
  };
  for (const code of $$(".md-typeset pre > code")) {
    const holder = code.closest(".highlight, .codehilite, .highlighttable") || code.parentElement;
    const outer = holder.closest(".highlight") || holder;
    if (!(feature("content.code.annotate") || outer.classList.contains("annotate")) || outer.classList.contains("no-annotate")) continue;
    const list = outer.nextElementSibling;
    if (list && list.tagName === "OL") place(code, list);
  }
  for (const block of $$(".md-typeset .annotate:not(.highlight)")) {
    const list = block.nextElementSibling && block.nextElementSibling.tagName === "OL" ? block.nextElementSibling : $$(":scope > ol", block).pop();
    if (list) place(block, list);
  }
  document.addEventListener("keydown", event => { if (event.key === "Escape") close(null); }, { signal: stop.signal });
  document.addEventListener("click", event => { if (!event.target.closest(".md-annotation__note")) close(null); }, { signal: stop.signal });
  return () => { close(null); stop.abort(); };
});
