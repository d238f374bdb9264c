// Code: copy and selection of lines.
onPage.push(() => {
  const copyIcon = '<path d="M9 8.500h10.500V21H9zM15 8V3.500H4.500V16H8.500"/>';
  const linesIcon = '<path d="M4 5.500h16M4 12h9.500M4 18.500h6M17.500 12v8m-2.500-8h5m-5 8h5"/>';
  const stop = new AbortController();
  let n = 0;
  for (const code of $$(".md-typeset pre > code")) {
    const pre = code.parentElement;
    if (pre.closest(".mermaid, .linenodiv") || pre.classList.contains("mermaid") || $(".md-code__nav", pre)) continue;
    if (!pre.id) pre.id = `__code_${n}`;
    n += 1;
    if (code.scrollWidth > code.clientWidth) code.tabIndex = 0;
    const holder = pre.closest(".highlight, .codehilite") || pre;
    const wants = (flag, name) => (feature(flag) || holder.classList.contains(name)) && !holder.classList.contains(`no-${name}`);
    const nav = element("div", { class: "md-code__nav" });
    if (wants("content.code.select", "select") && $("span[id^=__span]", code)) {
      const button = element("button", { type: "button", class: "md-code__button", title: words["select.lines"], "aria-label": words["select.lines"], "aria-pressed": "false" }, drawing(linesIcon));
      button.addEventListener("click", () => button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true"));
      code.addEventListener("click", event => {
        const line = button.getAttribute("aria-pressed") === "true" && event.target.closest("span[id^=__span]");
        if (!line) return;
        const from = event.shiftKey && location.hash.match(/^#(__span-\d+)-(\d+)/);
        const [, block, number] = line.id.match(/^(__span-\d+)-(\d+)$/) || [];
        if (!block) return;
        const low = from && from[1] === block ? Math.min(+from[2], +number) : +number;
        const high = from && from[1] === block ? Math.max(+from[2], +number) : +number;
        history.replaceState(history.state, "", low === high ? `#${line.id}` : `#${block}-${low}:${high}`);
        markLines();
        copyText(location.href, words["link.copied"]);
      }, { signal: stop.signal });
      nav.append(button);
    }
    if (wants("content.code.copy", "copy")) {
      const button = element("button", { type: "button", class: "md-code__button", title: words["clipboard.copy"], "aria-label": words["clipboard.copy"], "data-md-type": "copy" }, drawing(copyIcon));
      button.addEventListener("click", () => copyText(codeText(code)));
      nav.append(button);
    }
    if (nav.childElementCount) pre.prepend(nav);
  }
  const markLines = () => {
    for (const marked of $$("[data-ob-line]")) { marked.removeAttribute("data-ob-line"); marked.style.backgroundColor = ""; }
    const range = decodeURIComponent(location.hash).match(/^#(__span-\d+)-(\d+)(?::(\d+))?$/);
    if (!range) return;
    for (let at = +range[2]; at <= +(range[3] || range[2]) && at < +range[2] + 5000; at += 1) {
      const line = document.getElementById(`${range[1]}-${at}`);
      if (!line) break;
      line.setAttribute("data-ob-line", "");
      line.style.backgroundColor = "var(--md-code-hl-color--light)";
      if (at === +range[2] && range[3]) line.scrollIntoView({ block: "center" });
    }
  };
  addEventListener("hashchange", markLines, { signal: stop.signal });
  markLines();
  return () => stop.abort();
});
// The text of a block as it is to be run: no prompts, line numbers, annotations, or header of a step.
function codeText(code) {
  const copy = code.cloneNode(true);
  for (const extra of $$(".gp, .md-annotation, [data-ob-note], .md-code__nav, .linenos", copy)) extra.remove();
  const text = copy.textContent.replace(/\n$/, "");
  return code.closest("[id^=step-]") ? text.replace(/^(?:#\|[^\n]*(?:\n|$))+/, "") : text;
}
