// The page of a runbook, as it is first shown: steps are copied as they are to be run, what their cards
// say is folded away, and the live checklist comes when somebody is there.
const { $, $$, element, copyText, codeText, join } = window.__opsbook;
join("runbook", () => {
  const panel = $("[data-ob-runbook]");
  if (!panel) return undefined;
  for (const button of $$("[data-ob-copy]")) {
    button.addEventListener("click", () => {
      const id = button.getAttribute("data-ob-copy");
      const command = document.getElementById(id.replace(/^step-/, "command-"));
      const block = document.getElementById(id);
      const code = block && (block.matches("code") ? block : $("code", block));
      if (command) copyText(command.textContent); else if (code) copyText(codeText(code));
    });
  }
  for (const card of $$("[data-ob-step]")) fold(card);

  const script = panel.getAttribute("data-ob-script");
  const live = $("[data-ob-live]", panel);
  // A template of the project may have neither.
  if (!script || !live) return undefined;
  const data = JSON.parse(live.textContent);
  const key = `${__md_scope.pathname}.__runbook.${location.pathname.slice(__md_scope.pathname.length)}.${data.id}`;
  const stop = new AbortController();
  let clicked = null;
  let asked = false;
  const load = () => {
    if (asked || $("script[data-ob-checklist]")) return;
    asked = true;
    const tag = element("script", { src: script, "data-ob-checklist": "" });
    tag.onload = () => { stop.abort(); if (clicked) clicked.click(); };
    tag.onerror = () => {
      asked = false;
      tag.remove();
      const alerts = $(".ob-alerts", panel);
      alerts.hidden = false;
      alerts.append(element("li", { role: "alert" }, JSON.parse($("[data-ob-words]", panel).textContent).unloaded));
    };
    document.head.append(tag);
  };
  panel.addEventListener("click", event => { clicked = event.target.closest("[data-ob-act]"); }, { signal: stop.signal });
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "focusin"]) addEventListener(name, load, { signal: stop.signal, passive: true });
  try { if (Object.keys(localStorage).some(name => name.startsWith(key))) load(); } catch { /* Then nothing is kept. */ }
  return () => stop.abort();
});

// The header of a step says what its card says, and so does the form of a typed step.
function fold(card) {
  const id = card.getAttribute("data-ob-step");
  const block = document.getElementById(`step-${id}`);
  const code = block && (block.matches("code") ? block : $("code", block));
  const head = code && /^(?:#\|[^\n]*(?:\n|$))+/.exec(code.textContent);
  if (!head) return;
  const n = head[0].split("\n").length - 1;
  const isTyped = document.getElementById(`command-${id}`);
  const hidden = isTyped ? [block] : [code, ...$$(".linenodiv pre", block)].map(text => beginning(text, n));
  const toggle = $("[data-ob-source]", card);
  if (!toggle) return;
  const show = on => { toggle.setAttribute("aria-expanded", on); for (const node of hidden) node.hidden = !on; };
  toggle.hidden = false;
  toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
  show(false);
}

// Puts the first lines of a text into an element of their own.
function beginning(text, n) {
  const range = document.createRange();
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  range.setStart(text, 0);
  range.setEnd(text, text.childNodes.length);
  for (let left = n; walker.nextNode();) {
    const { currentNode: node } = walker;
    const lines = node.data.split("\n");
    if (lines.length - 1 >= left) { range.setEnd(node, lines.slice(0, left).join("\n").length + 1); break; }
    left -= lines.length - 1;
  }
  const made = element("span", {});
  made.append(range.extractContents());
  text.prepend(made);
  return made;
}
