// The light box of the plugin glightbox: links of the class glightbox show their image over the page.
// A dialog of the browser holds the focus, makes the page inert and closes on Escape.
if (config.glightbox) (() => {
  const options = { touchNavigation: true, loop: false, zoomable: true, draggable: true, shadow: true, background: "white", effect: "zoom", slide_effect: "slide", ...config.glightbox };
  const title = element("strong");
  const text = element("div");
  const caption = element("figcaption", { class: "ob-lightbox__caption" }, title, text);
  const image = element("img", { class: "ob-lightbox__image", alt: "", draggable: "false" });
  const stage = element("div", { class: "ob-lightbox__stage" }, image);
  const figure = element("figure", { class: "ob-lightbox__figure" }, stage, caption);
  const button = (name, label, path) => {
    const made = element("button", { class: `ob-lightbox__button ob-lightbox__button--${name}`, type: "button", "aria-label": label, title: label });
    made.append(drawing(path));
    return made;
  };
  const close = button("close", words["lightbox.close"], '<path d="m6 6 12 12M18 6 6 18"/>');
  const back = button("back", words["footer.previous"], '<path d="m14.5 6-6 6 6 6"/>');
  const on = button("on", words["footer.next"], '<path d="m9.5 6 6 6-6 6"/>');
  const dialog = element("dialog", { class: "ob-lightbox" }, figure, back, on, close);
  image.style.background = options.background;
  if (!options.shadow) image.style.boxShadow = "none";
  document.body.append(dialog);

  let slides = [];
  let at = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const frames = {
    zoom: [{ transform: "scale(.8)", opacity: 0 }, { transform: "none", opacity: 1 }],
    fade: [{ opacity: 0 }, { opacity: 1 }],
  };
  const move = (effect, way, reverse) => {
    const steps = effect === "slide" ? [{ transform: `translateX(${way * 30}%)`, opacity: 0 }, { transform: "none", opacity: 1 }] : frames[effect];
    if (!steps || still.matches || !figure.animate) return Promise.resolve();
    return figure.animate(steps, { duration: 200, easing: "ease-out", direction: reverse ? "reverse" : "normal" }).finished.catch(() => {});
  };
  const describe = link => {
    const wanted = link.getAttribute("data-description") || "";
    let other = null;
    if (/^[.#][\w-]+$/.test(wanted)) other = $(wanted);
    if (other) text.replaceChildren(...[...other.childNodes].map(node => node.cloneNode(true))); else text.textContent = wanted;
    title.textContent = link.getAttribute("data-title") || "";
    caption.hidden = !title.textContent && !text.hasChildNodes();
  };
  const show = () => {
    const link = slides[at];
    const inner = $("img", link);
    dialog.classList.remove("ob-lightbox--zoomed");
    image.src = link.href;
    image.alt = inner ? inner.alt : "";
    for (const side of ["width", "height"]) {
      const value = link.getAttribute(`data-${side}`) || "auto";
      image.style[side] = /^\d+$/.test(value) ? `${value}px` : value;
    }
    figure.setAttribute("data-ob-position", link.getAttribute("data-desc-position") || "bottom");
    describe(link);
    dialog.setAttribute("aria-label", title.textContent || image.alt || link.href);
    back.hidden = slides.length < 2 || (!options.loop && at === 0);
    on.hidden = slides.length < 2 || (!options.loop && at === slides.length - 1);
    // A browser takes the focus from a button that is hidden, and the arrow keys go to who has it.
    if (dialog.open && (!dialog.contains(document.activeElement) || document.activeElement.hidden)) close.focus();
  };
  const go = way => {
    const next = options.loop ? (at + way + slides.length) % slides.length : at + way;
    if (next === at || next < 0 || next >= slides.length) return;
    at = next;
    show();
    move(options.slide_effect, way);
  };
  const leave = () => move(options.effect, 0, true).then(() => dialog.close());

  document.addEventListener("click", event => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest && event.target.closest("a.glightbox[href]");
    if (!link || (link.getAttribute("data-type") || "image") !== "image") return;
    event.preventDefault();
    const gallery = link.getAttribute("data-gallery");
    slides = $$("a.glightbox[href]").filter(other => (other.getAttribute("data-type") || "image") === "image" && (!gallery || other.getAttribute("data-gallery") === gallery));
    at = slides.indexOf(link);
    show();
    dialog.showModal();
    close.focus();
    move(options.effect, 0);
  });
  close.addEventListener("click", leave);
  back.addEventListener("click", () => go(-1));
  on.addEventListener("click", () => go(1));
  dialog.addEventListener("cancel", event => { event.preventDefault(); leave(); });
  dialog.addEventListener("close", () => { image.removeAttribute("src"); if (slides[at]) slides[at].focus(); });
  dialog.addEventListener("keydown", event => {
    // The page behind must not turn pages or open its search by the same keys.
    event.stopPropagation();
    const forward = document.body.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") { event.preventDefault(); go(event.key === forward ? 1 : -1); }
  });

  let from = null;
  stage.addEventListener("pointerdown", event => {
    const may = event.pointerType === "mouse" ? options.draggable : options.touchNavigation;
    from = may && !dialog.classList.contains("ob-lightbox--zoomed") ? event.clientX : null;
  });
  dialog.addEventListener("click", event => {
    if (event.target.closest("button, figcaption")) return;
    const way = from === null ? 0 : event.clientX - from;
    from = null;
    if (Math.abs(way) > 50) { go(way < 0 === (document.body.dir !== "rtl") ? 1 : -1); return; }
    if (event.target !== image) { leave(); return; }
    const larger = image.naturalWidth > image.clientWidth || dialog.classList.contains("ob-lightbox--zoomed");
    if (options.zoomable && larger) dialog.classList.toggle("ob-lightbox--zoomed");
  });
  // A swipe of a finger ends without a click where it left the image.
  stage.addEventListener("pointerup", event => {
    if (event.pointerType === "mouse" || from === null) return;
    const way = event.clientX - from;
    if (Math.abs(way) > 50) { from = null; go(way < 0 === (document.body.dir !== "rtl") ? 1 : -1); }
  });
})();
