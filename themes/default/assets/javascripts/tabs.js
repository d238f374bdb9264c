// Content tabs: links to a tab, and tabs of one name that change together.
onPage.push(() => {
  const stop = new AbortController();
  const sets = $$(".tabbed-set");
  for (const set of sets) {
    const inputs = $$(":scope > input", set);
    const labels = $$(":scope > .tabbed-labels > label", set);
    const mark = () => inputs.forEach((input, index) => labels[index] && labels[index].classList.toggle("ob-active", input.checked));
    const show = label => {
      const list = label && label.parentElement;
      if (list && list.scrollWidth > list.clientWidth) list.scrollTo({ left: label.offsetLeft - list.clientWidth / 2 + label.offsetWidth / 2, behavior: "smooth" });
    };
    mark();
    inputs.forEach((input, index) => input.addEventListener("change", () => {
      mark();
      show(labels[index]);
      const name = labels[index] && labels[index].textContent.trim();
      if (feature("content.tabs.link") && name) {
        const before = set.getBoundingClientRect().top;
        for (const other of sets) if (other !== set) choose(other, name);
        scrollBy(0, set.getBoundingClientRect().top - before);
        const stored = __md_get("__tabs");
        __md_set("__tabs", [...new Set([name, ...(Array.isArray(stored) ? stored : [])])].slice(0, 50));
      }
    }, { signal: stop.signal }));
    for (const [index, label] of labels.entries()) {
      label.addEventListener("click", event => {
        const link = event.target.closest("a[href]");
        if (link && inputs[index]) { event.preventDefault(); inputs[index].click(); history.replaceState(history.state, "", link.hash); }
      }, { signal: stop.signal });
    }
  }
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.name && target.name.startsWith("__tabbed_")) target.click();
    for (let block = target.closest(".tabbed-block"); block; block = block.parentElement.closest(".tabbed-block")) {
      const set = block.closest(".tabbed-set");
      const input = $$(":scope > input", set)[[...block.parentElement.children].indexOf(block)];
      if (input && !input.checked) { input.click(); target.scrollIntoView(); }
    }
  };
  function choose(set, name) {
    const index = $$(":scope > .tabbed-labels > label", set).findIndex(label => label.textContent.trim() === name);
    const inputs = $$(":scope > input", set);
    if (index < 0 || !inputs[index] || inputs[index].checked) return;
    inputs[index].checked = true;
    $$(":scope > .tabbed-labels > label", set).forEach((label, at) => label.classList.toggle("ob-active", at === index));
  }
  addEventListener("hashchange", open, { signal: stop.signal });
  open();
  return () => stop.abort();
});
