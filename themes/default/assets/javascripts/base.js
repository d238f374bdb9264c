// What all parts use: settings, streams as scripts of users know them, and small helpers.
const config = JSON.parse((document.getElementById("__config") || { textContent: "{}" }).textContent || "{}");
const feature = name => (config.features || []).includes(name);
const words = config.translations || {};
const base = new URL(config.base || ".", location.href);
if (!base.pathname.endsWith("/")) base.pathname += "/";
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const component = name => $(`[data-md-component=${name}]`);

// A value over time: who subscribes is told the current value at once, and each later one.
function stream(initial) {
  const listeners = new Set();
  let value = initial;
  return {
    next(given) { value = given; for (const listener of [...listeners]) listener(given); },
    subscribe(observer) {
      const listener = typeof observer === "function" ? observer : given => observer.next && observer.next(given);
      listeners.add(listener);
      if (value !== undefined) listener(value);
      return { unsubscribe: () => listeners.delete(listener) };
    },
    pipe() { return this; },
    get value() { return value; },
  };
}
window.document$ = stream();
window.location$ = stream();
window.keyboard$ = stream();
window.component$ = stream();
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
