// Follows the preview server: reloads the page when the site changes, and lays problems over it.
(() => {
  "use strict";
  const { mount, missing, generation: built } = document.currentScript.dataset;
  let generation = Number(built);

  // ── What is heard ──────────────────────────────────────────────────────────

  const own = () => decodeURIComponent(location.pathname.slice(mount.length)).replace(/(^|\/)$/, "$1index.html");
  // Data that scripts fetch when they need them, and other pages, are no reason to lose one's place.
  const matters = (path) => path === own() || !/\.(html?|css|json|xml|gz|txt|md)$/i.test(path);

  const hears = {
    hello(data) {
      if (data.mount !== mount) location.replace(data.mount + location.pathname.slice(mount.length));
      // After a pause (the server was restarted, the machine slept) the page may be an old one.
      else if (generation !== data.generation) location.reload();
    },
    reload(data) {
      generation = data.generation;
      if (missing !== undefined || !data.paths || data.paths.some(matters)) location.reload();
      else restyle(data.paths.some((path) => path.endsWith(".css")));
    },
    styles(data) {
      generation = data.generation;
      restyle(true);
    },
    problems(data) {
      show(data);
    },
  };

  function restyle(needed) {
    if (!needed) return;
    for (const link of document.querySelectorAll("link[rel=stylesheet][href]")) {
      const address = new URL(link.href);
      if (address.origin !== location.origin) continue;
      address.searchParams.set("opsbook", generation);
      link.href = address.href;
    }
  }

  // ── How it is heard ────────────────────────────────────────────────────────

  const hear = (message) => hears[message.type](message.data);

  function shareStream() {
    new BroadcastChannel("opsbook").addEventListener("message", (event) => hear(event.data));
    const worker = new SharedWorker(`${mount}.opsbook/shared.js`, "opsbook");
    worker.addEventListener("error", ownStream);
    worker.port.addEventListener("message", (event) => hear(event.data));
    worker.port.start();
  }

  // Where pages cannot share one, those that nobody looks at have none.
  function ownStream() {
    let source = null;
    const follow = () => {
      source?.close();
      source = null;
      if (document.hidden) return;
      source = new EventSource(`${mount}.opsbook/events`);
      for (const type of Object.keys(hears)) {
        source.addEventListener(type, (event) => hear({ type, data: JSON.parse(event.data) }));
      }
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  }

  // A page that comes back as it was left has heard nothing meanwhile.
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  if (window.SharedWorker && window.BroadcastChannel) shareStream();
  else ownStream();

  // ── What is wrong ──────────────────────────────────────────────────────────

  const STYLE = `
    section{position:fixed;inset:auto 1rem 1rem 1rem;z-index:2147483647;max-height:60vh;overflow:auto;
      padding:1rem 1.25rem;border-radius:.5rem;border-left:.3rem solid #ffb300;background:#1e1e24;color:#eee;
      box-shadow:0 .5rem 2rem #0008;font:14px/1.5 system-ui,sans-serif}
    section.errors{border-left-color:#ff5252}
    section.folded{inset:auto auto 1rem 1rem;padding:.4rem .8rem}
    section.folded article{display:none}
    header{display:flex;justify-content:space-between;gap:1rem;font-weight:600}
    article{margin-top:.75rem}
    a{color:#82b1ff}
    pre{margin:.25rem 0 0;white-space:pre-wrap;font:12.5px/1.5 ui-monospace,monospace}
    button{border:0;border-radius:.25rem;padding:.1rem .6rem;background:#fff2;color:inherit;font:inherit;cursor:pointer}`;
  const element = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const counted = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  let overlay = null;

  function show(problems) {
    overlay?.remove();
    overlay = null;
    if (problems.length === 0) return;
    const errors = problems.filter((problem) => problem.is_error).length;
    overlay = document.createElement("div");
    overlay.setAttribute("data-opsbook-problems", "");
    // A shadow root keeps the page's own styles out.
    const root = overlay.attachShadow({ mode: "open" });
    const section = document.createElement("section");
    section.setAttribute("role", errors ? "alert" : "status");
    // Errors stand in the way of the newest page, warnings do not.
    section.className = errors ? "errors" : "folded";
    const header = document.createElement("header");
    header.append(
      errors
        ? "These pages are the last good ones: the newest state has errors"
        : counted(problems.length, "warning"),
    );
    const fold = element("button", errors ? "Hide" : "Show");
    fold.addEventListener("click", () => {
      const folded = section.classList.toggle("folded");
      fold.textContent = folded ? "Show" : "Hide";
    });
    header.append(fold);
    section.append(header);
    for (const problem of problems) {
      const article = document.createElement("article");
      if (problem.place) {
        const [place, address] = problem.place;
        article.append(Object.assign(element("a", `Open ${place}`), { href: address }));
      }
      article.append(element("pre", problem.text));
      section.append(article);
    }
    root.append(element("style", STYLE), section);
    document.body.append(overlay);
  }
})();
