// Colours: the switch in the header, remembered under the name that Material uses.
(() => {
  const form = component("palette");
  if (!form) return;
  const inputs = $$("input", form);
  const light = matchMedia("(prefers-color-scheme: light)");
  const isSystem = input => input.dataset.mdColorMedia === "(prefers-color-scheme)";
  const colorOf = input => {
    const shown = isSystem(input)
      ? inputs.find(other => other.dataset.mdColorMedia === `(prefers-color-scheme: ${light.matches ? "light" : "dark"})`) || input
      : input;
    return { media: input.dataset.mdColorMedia, scheme: shown.dataset.mdColorScheme, primary: shown.dataset.mdColorPrimary, accent: shown.dataset.mdColorAccent };
  };
  const apply = input => {
    const color = colorOf(input);
    for (const [key, value] of Object.entries(color)) document.body.setAttribute(`data-md-color-${key}`, value);
    for (const [index, other] of inputs.entries()) {
      const label = other.nextElementSibling;
      if (label && label.tagName === "LABEL") label.hidden = inputs[index] !== input;
    }
    const theme = $("meta[name=theme-color]");
    const header = component("header");
    if (theme && header) theme.content = getComputedStyle(header).backgroundColor;
    return color;
  };
  const stored = __md_get("__palette");
  const byMedia = inputs.find(input => input.dataset.mdColorMedia && !isSystem(input) && matchMedia(input.dataset.mdColorMedia).matches);
  let current = (stored && typeof stored.index === "number" && inputs[stored.index]) || (inputs[0] && isSystem(inputs[0]) ? inputs[0] : inputs[0] && inputs[0].dataset.mdColorMedia ? byMedia : null) || inputs[0];
  if (current) { current.checked = true; apply(current); }
  form.addEventListener("change", event => {
    current = event.target;
    const color = apply(current);
    __md_set("__palette", { index: inputs.indexOf(current), color });
    const button = $("label:not([hidden]) > [role=button]", form);
    if (button) button.focus();
  });
  for (const label of $$("label", form)) {
    const button = element("span", { role: "button", tabindex: 0, "aria-label": label.title });
    button.append(...label.childNodes);
    label.append(button);
  }
  light.addEventListener("change", () => current && isSystem(current) && apply(current));
})();
