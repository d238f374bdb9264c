// What a script of a user does with the streams that Material gives.
window.seen = [];
document$.subscribe(({ body }) => window.seen.push(body.querySelector("h1").textContent.replace("¶", "")));
