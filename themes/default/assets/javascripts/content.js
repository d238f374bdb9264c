// Tables that scroll, details that open for their anchors, paper, feedback.
onPage.push(() => {
  const stop = new AbortController();
  for (const table of $$(".md-typeset table:not([class])")) {
    if (table.closest(".md-typeset__table, pre")) continue;
    const wrap = element("div", { class: "md-typeset__table" });
    const scroll = element("div", { class: "md-typeset__scrollwrap" }, wrap);
    table.replaceWith(scroll);
    wrap.append(table);
    if (scroll.scrollWidth > scroll.clientWidth) scroll.tabIndex = 0;
  }
  for (const box of $$(".task-list-item [type=checkbox]:not([aria-label])")) {
    const text = [...box.closest(".task-list-item").childNodes].filter(node => !/^(UL|OL|PRE|DIV)$/.test(node.nodeName)).map(node => node.textContent).join(" ");
    box.setAttribute("aria-label", text.trim().slice(0, 200));
  }
  // Times of the plugin git-revision-date-localized, `type: timeago`.
  const ages = $$("span.timeago[datetime]");
  const tell = () => {
    for (const age of ages) {
      const seconds = (Date.parse(age.getAttribute("datetime")) - Date.now()) / 1000;
      const [size, unit] = [[31557600, "year"], [2629800, "month"], [604800, "week"], [86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([size]) => Math.abs(seconds) >= size) || [1, "second"];
      let format;
      try { format = new Intl.RelativeTimeFormat((age.getAttribute("locale") || "en").replace("_", "-"), { numeric: "auto" }); } catch { format = new Intl.RelativeTimeFormat("en"); }
      age.textContent = format.format(Math.trunc(seconds / size), unit);
    }
  };
  tell();
  const hourglass = ages.length ? setInterval(tell, 30000) : 0;
  stop.signal.addEventListener("abort", () => clearInterval(hourglass));
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    window.target$.next(target || undefined);
    if (!target) return;
    let moved = false;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS" && !at.open) { at.open = true; moved = true; }
    if (moved) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal, { signal: stop.signal });
  reveal();
  const form = document.forms.feedback;
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", event => {
      event.preventDefault();
      const data = event.submitter && event.submitter.getAttribute("data-md-value");
      document.dispatchEvent(new CustomEvent("feedback", { detail: { page: location.pathname, data } }));
      for (const note of $$(".md-feedback__note > *", form)) note.hidden = note.getAttribute("data-md-value") !== data;
      form.firstElementChild.disabled = true;
    }, { signal: stop.signal });
  }
  return () => stop.abort();
});
(() => {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = $$("details:not([open])");
    for (const details of opened) details.open = true;
    for (const set of $$(".tabbed-set")) {
      const labels = $$(":scope > .tabbed-labels > label", set);
      $$(":scope > .tabbed-content > .tabbed-block", set).forEach((block, index) => labels[index] && block.setAttribute("data-ob-label", labels[index].textContent.trim()));
    }
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; opened = []; });
})();
// Keys that turn pages, as in Material: p and comma, n and full stop.
document.addEventListener("keydown", event => {
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping()) return;
  const rel = { p: "prev", ",": "prev", n: "next", ".": "next" }[event.key];
  const link = rel && $(`link[rel=${rel}]`);
  if (link) location.assign(link.href);
});
