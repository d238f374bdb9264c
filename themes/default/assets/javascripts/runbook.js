// Runbooks: ticks that stay on this device, and the commands of a step without their header.
onPage.push(() => {
  const panel = $("[data-ob-runbook]");
  for (const button of $$("[data-ob-copy]")) {
    button.addEventListener("click", () => {
      const block = document.getElementById(button.getAttribute("data-ob-copy"));
      const code = block && (block.matches("code") ? block : $("code", block));
      if (code) copyText(codeText(code));
    });
  }
  if (!panel) return;
  const key = `__runbook.${location.pathname.slice(__md_scope.pathname.length)}.${panel.getAttribute("data-ob-runbook")}`;
  const stored = __md_get(key);
  const ticks = new Map(stored && typeof stored === "object" ? Object.entries(stored) : []);
  const boxes = $$("[data-ob-item]", panel);
  const count = $("[data-ob-count]", panel);
  const foot = $(".ob-runbook__foot", panel);
  const show = () => {
    let done = 0;
    for (const box of boxes) {
      const at = ticks.get(box.getAttribute("data-ob-item"));
      box.checked = !!at;
      const item = box.closest(".ob-item");
      item.classList.toggle("ob-item--done", !!at);
      item.title = at ? new Date(at).toLocaleString() : "";
      if (at) done += 1;
    }
    count.hidden = false;
    count.textContent = `${done} / ${boxes.length}`;
    foot.hidden = done === 0;
  };
  for (const box of boxes) {
    box.addEventListener("change", () => {
      const id = box.getAttribute("data-ob-item");
      if (box.checked) ticks.set(id, Date.now()); else ticks.delete(id);
      __md_set(key, Object.fromEntries(ticks));
      show();
    });
  }
  $("[data-ob-reset]", panel).addEventListener("click", () => { ticks.clear(); __md_set(key, {}); show(); });
  show();
});
