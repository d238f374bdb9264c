// One stream of events for all pages of a browser, which allows six connections to a server.
(() => {
  "use strict";
  const source = new EventSource("events");
  const pages = new BroadcastChannel("opsbook");
  const last = {};

  const tell = (event) => {
    const message = { type: event.type, data: JSON.parse(event.data) };
    if (event.type === "hello" || event.type === "problems") last[event.type] = message;
    else if (last.hello) last.hello.data.generation = message.data.generation;
    pages.postMessage(message);
  };
  for (const type of ["hello", "reload", "styles", "problems"]) source.addEventListener(type, tell);
  // Who comes later hears what the others were told.
  self.addEventListener("connect", (event) => {
    for (const message of Object.values(last)) event.ports[0].postMessage(message);
  });
})();
