// What a script of a user does with the streams that Material gives.
window.seen = [];
document$.subscribe();
document$.subscribe(({ body }) => window.seen.push(body.querySelector("h1").textContent.replace("¶", "")));

window.told = { document: 0, location: null, component: false, piped: 0 };
window.keys = [];
document$.subscribe(() => { if (location.search === "?fail") throw new Error("a script of the project"); });
document$.subscribe({ next: () => { window.told.document += 1; } });
location$.subscribe(url => { window.told.location = url.pathname; });
component$.subscribe(({ ref }) => { window.told.component ||= ref.matches("[data-md-component=header]"); });
keyboard$.subscribe(key => window.keys.push(key));
const twice = source => ({ subscribe: fn => source.subscribe(value => { fn(value); }) });
document$.pipe(twice, twice).subscribe(() => { window.told.piped += 1; });
