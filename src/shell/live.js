// Follows the preview server: reloads the page when the site changes, and lays problems over it.
(() => {
  "use strict";
  const source = new EventSource(document.currentScript.dataset.events);
  let generation = null;

  source.addEventListener("hello", (event) => {
    // After a pause (the server was restarted, the machine slept) the page may be an old one.
    if (generation !== null && generation !== event.data) location.reload();
    generation = event.data;
  });
  source.addEventListener("reload", () => location.reload());
  source.addEventListener("styles", (event) => {
    generation = event.data;
    for (const link of document.querySelectorAll("link[rel=stylesheet][href]")) {
      const address = new URL(link.href);
      if (address.origin !== location.origin) continue;
      address.searchParams.set("opsbook", event.data);
      link.href = address.href;
    }
  });

  let overlay = null;
  source.addEventListener("problems", (event) => {
    const text = JSON.parse(event.data);
    overlay?.remove();
    overlay = null;
    if (!text) return;
    overlay = document.createElement("div");
    overlay.setAttribute("data-opsbook-problems", "");
    // A shadow root keeps the page's own styles out.
    const root = overlay.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent =
      "section{position:fixed;inset:auto 1rem 1rem 1rem;z-index:2147483647;max-height:60vh;overflow:auto;" +
      "padding:1rem 1.25rem;border-radius:.5rem;border-left:.3rem solid #ff5252;background:#1e1e24;color:#eee;" +
      "box-shadow:0 .5rem 2rem #0008;font:14px/1.5 system-ui,sans-serif}" +
      "header{display:flex;justify-content:space-between;gap:1rem;font-weight:600}" +
      "pre{margin:.75rem 0 0;white-space:pre-wrap;font:12.5px/1.5 ui-monospace,monospace}" +
      "button{border:0;border-radius:.25rem;padding:.1rem .6rem;background:#fff2;color:inherit;font:inherit;cursor:pointer}";
    const section = document.createElement("section");
    section.setAttribute("role", "alert");
    const header = document.createElement("header");
    header.append("These pages are the last good ones: the newest state has errors");
    const close = document.createElement("button");
    close.textContent = "Hide";
    close.addEventListener("click", () => overlay?.remove());
    header.append(close);
    const report = document.createElement("pre");
    report.textContent = text;
    section.append(header, report);
    root.append(style, section);
    document.body.append(overlay);
  });
})();
