// What all parts use: settings, streams as scripts of users know them, and small helpers.
const config = JSON.parse((document.getElementById("__config") || { textContent: "{}" }).textContent || "{}");
const feature = name => (config.features || []).includes(name);
const words = config.translations || {};
const base = new URL(config.base || ".", location.href);
if (!base.pathname.endsWith("/")) base.pathname += "/";
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const component = name => $(`[data-md-component=${name}]`);

// A value over time: who subscribes is told the current value at once, where it is kept, and each later
// one. What a script of the project throws stops nobody else.
function stream(kept = true) {
  const listeners = new Set();
  let value;
  const tell = (listener, given) => { try { listener(given); } catch (error) { setTimeout(() => { throw error; }); } };
  return {
    next(given) { value = given; for (const listener of [...listeners]) tell(listener, given); },
    subscribe(observer) {
      const listener = given => { if (typeof observer === "function") observer(given); else if (observer && observer.next) observer.next(given); };
      listeners.add(listener);
      if (kept && value !== undefined) tell(listener, value);
      return { unsubscribe: () => listeners.delete(listener) };
    },
    pipe(...operators) { return operators.reduce((from, operator) => operator(from), this); },
    get value() { return value; },
  };
}
window.document$ = stream();
window.location$ = stream();
window.keyboard$ = stream(false);
window.component$ = stream(false);
window.viewport$ = stream();
window.target$ = stream();
window.alert$ = stream();

// Parts register what is to be done with each new page; scripts of users come after all of them.
const onPage = [];
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
function drawing(body) {
  const svg = new DOMParser().parseFromString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" class="ob-stroke" aria-hidden="true">${body}</svg>`, "image/svg+xml");
  return document.importNode(svg.documentElement, true);
}
function once(fn) {
  let waiting = 0;
  return () => { if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; fn(); }); };
}
let dialogTimer;
window.alert$.subscribe(text => {
  const dialog = component("dialog");
  if (!dialog || !text) return;
  dialog.firstElementChild.textContent = text;
  dialog.classList.add("md-dialog--active");
  clearTimeout(dialogTimer);
  dialogTimer = setTimeout(() => dialog.classList.remove("md-dialog--active"), 2000);
});
async function copyText(text, message) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", { readonly: "", style: "position:fixed;top:0;opacity:0" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  window.alert$.next(message || words["clipboard.copied"]);
}
const isTyping = () => {
  const active = document.activeElement;
  return !!active && (active.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(active.tagName));
};
function setToggle(name, on) {
  const toggle = $(`[data-md-toggle=${name}]`);
  if (toggle && toggle.checked !== on) toggle.click();
}
// What Material tells scripts of the project: keys that nobody types, and the size and place of what is
// seen. Who claims a key keeps it from the theme.
addEventListener("keydown", event => {
  if (event.metaKey || event.ctrlKey) return;
  const search = $("[data-md-toggle=search]");
  const mode = search && search.checked ? "search" : "global";
  if (mode === "search" || !isTyping()) window.keyboard$.next({ mode, type: event.key, claim() { event.preventDefault(); event.stopImmediatePropagation(); } });
}, true);
{
  const tell = once(() => window.viewport$.next({ offset: { x: Math.max(0, scrollX), y: Math.max(0, scrollY) }, size: { width: innerWidth, height: innerHeight } }));
  for (const name of ["scroll", "resize"]) addEventListener(name, tell, { passive: true });
  tell();
}
