// Links to other hosts, and to documents and archives of this one, open in a tab of their own.
(() => {
  "use strict";
  const files = /\.(pdf|docx?|json|xlsx?|pptx?|zip|rar|tar|gz|7z|bz2|xz|tgz)$/i;
  const apply = () => {
    for (const link of document.querySelectorAll("a[href]")) {
      const isElsewhere = link.host && link.host !== location.host;
      if (isElsewhere || files.test(link.href)) {
        link.target = "_blank";
        link.rel = "noopener";
      }
    }
  };
  // With instant navigation a page comes without a load.
  if (window.document$) window.document$.subscribe(apply);
  else document.addEventListener("DOMContentLoaded", apply);
})();
