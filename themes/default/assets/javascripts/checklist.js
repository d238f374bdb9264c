// The live checklist of a runbook's page: runs that this browser keeps, evidence, parameters that fill
// texts and commands. What is done is known from people's ticks alone: nothing here runs anything.
const { $, $$, element: make, copyText, codeText, join } = window.__opsbook;
const HOLE = /\uE000([^\uE001]*)\uE001/g;
const HOUR = 36e5;
const mark = name => `‹${name === "component.name" ? "component" : name.replace(/^(params|each)\./, "")}›`;
const fill = (text, value) => text.replace(/\$\$\{|\$\{([^}]*)\}/g, (all, name) => name === undefined ? "${" : value(name.trim()) ?? mark(name.trim()));
const known = (text, value) => { let all = true; const out = fill(text, name => { const found = value(name); if (found === undefined) all = false; return found; }); return all ? out : undefined; };
const isPlain = word => /^[\w\-./:=@%+,]+$/.test(word);
const quote = word => isPlain(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
const variable = name => name.toUpperCase().replaceAll("-", "_");
const json = node => { try { return JSON.parse(node.textContent); } catch { return null; } };
const when = t => new Date(t).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
const stamp = t => new Date(t).toISOString().replace(/\.\d+Z$/, "Z");
const button = (text, does, more) => { const made = make("button", { type: "button", class: "ob-button", ...more }, text); made.addEventListener("click", does); return made; };
const isWeb = text => { try { return /^https?:$/.test(new URL(text).protocol); } catch { return false; } };

// A command that opsbook made: a value is put into its word, and the word is quoted anew.
function fillCommand(text, value) {
  const put = name => value(name) ?? mark(name);
  return text.replace(/(--set )?'(?:[^']|'\\'')*'/g, (all, set = "") => {
    if (!all.includes("\uE000")) return all;
    const word = all.slice(set.length + 1, -1).replaceAll("'\\''", "'");
    return set + quote(word.replace(HOLE, (_, name) => set ? put(name).replaceAll(",", "\\,") : put(name)));
  }).replace(HOLE, (_, name) => put(name));
}

// Where a shell script stands for values, and what must be said before it: a value goes to its place only
// where it is one plain word, and neither in single quotes nor in comments; else the variable is set.
function fillShell(text, vars) {
  const own = name => new RegExp(`(?:^|[\\s;&|(])${name}\\+?=|\\bfor\\s+${name}\\b|\\bread\\s[^;|\\n]*\\b${name}\\b`).test(text);
  const names = [...vars.keys()].filter(name => /^[A-Z_]\w*$/i.test(name));
  const inline = new Set(names.filter(name => isPlain(vars.get(name)) && !own(name)));
  const found = [];
  let rest = "";
  const stack = [];
  const ends = [];
  let at = 0;
  const pass = n => { rest += text.slice(at, at + n); at += n; };
  while (at < text.length) {
    const ch = text[at];
    const inside = stack[stack.length - 1];
    const is = /\$(?:\{(\w+)\}|(\w+))/y;
    is.lastIndex = at;
    const hit = is.exec(text);
    const name = hit && (hit[1] || hit[2]);
    if (ch === "\\") pass(2);
    else if (name && inline.has(name)) { found.push({ from: at, to: is.lastIndex, text: vars.get(name) }); at = is.lastIndex; rest += "\0"; }
    else if (ch === "$" && text[at + 1] === "(") { stack.push("("); pass(2); }
    else if (ch === '"') { if (inside === '"') stack.pop(); else stack.push('"'); pass(1); }
    else if (inside === '"') pass(1);
    else if (ch === ")" && inside === "(") { stack.pop(); pass(1); }
    else if (ch === "(") { stack.push("("); pass(1); }
    else if (ch === "'") { const end = text.indexOf("'", at + 1); pass((end < 0 ? text.length : end + 1) - at); }
    else if (ch === "#" && /^$|\s/.test(text[at - 1] || "")) at = text.indexOf("\n", at) < 0 ? text.length : text.indexOf("\n", at);
    else if (text.startsWith("<<<", at)) pass(3);
    else if (text.startsWith("<<", at)) {
      const here = /<<(-?)\s*(['"\\]?)(\w+)/y;
      here.lastIndex = at;
      const doc = here.exec(text);
      if (doc && doc[2]) ends.push(doc[3]);
      pass(doc ? doc[0].length + (doc[2] && doc[2] !== "\\" ? 1 : 0) : 2);
    } else if (ch === "\n" && ends.length) {
      const end = text.slice(at).search(new RegExp(`\\n\\t*${ends.shift()}(?=\\n|$)`));
      pass(end < 0 ? text.length - at : Math.max(end + 1, 1));
    } else pass(1);
  }
  const before = names.filter(name => new RegExp(`\\b${name}\\b`).test(rest)).map(name => `export ${name}=${quote(vars.get(name))}\n`);
  return { found, before: before.join("") };
}

// Puts values into the text nodes of code: its elements stay, since other parts listen to them.
function fillCode(code, filled) {
  for (const [node, text] of code.obWas || []) node.data = text;
  code.obWas = new Map();
  if (!filled) return;
  const nodes = [];
  const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
  let length = 0;
  while (walker.nextNode()) { nodes.push({ node: walker.currentNode, at: length }); length += walker.currentNode.data.length; }
  const change = (node, text) => { if (!code.obWas.has(node)) code.obWas.set(node, node.data); node.data = text; };
  const last = nodes.length - 1;
  for (const { from, to, text } of filled.found.reverse()) {
    for (let i = last; i >= 0; i -= 1) {
      const { node, at } = nodes[i];
      const end = i < last ? nodes[i + 1].at : length;
      if (at >= to || end <= from) continue;
      const low = Math.max(from - at, 0);
      change(node, node.data.slice(0, low) + (at <= from ? text : "") + node.data.slice(Math.min(to, end) - at));
    }
  }
  const first = nodes.filter(({ at }) => at <= (filled.start || 0)).pop();
  if (filled.before && first) { const low = filled.start - first.at; change(first.node, first.node.data.slice(0, low) + filled.before + first.node.data.slice(low)); }
}

// SHA-256 piece by piece: also for large files, and where pages come without TLS.
async function sha256(file) {
  const prime = n => { for (let i = 2; i * i <= n; i += 1) if (n % i === 0) return false; return true; };
  const part = x => ((x - Math.floor(x)) * 2 ** 32) | 0;
  const K = [];
  for (let n = 2; K.length < 64; n += 1) if (prime(n)) K.push([part(Math.cbrt(n)), part(Math.sqrt(n))]);
  const H = K.slice(0, 8).map(([, root]) => root);
  const W = new Int32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  const block = view => {
    for (let i = 0; i < 64; i += 1) {
      if (i < 16) { W[i] = view.getInt32(i * 4); continue; }
      const a = W[i - 15], b = W[i - 2];
      W[i] = W[i - 16] + W[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = H;
    for (let i = 0; i < 64; i += 1) {
      const one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i][0] + W[i] | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { H[i] = H[i] + word | 0; });
  };
  const step = 1 << 20;
  for (let from = 0; from <= file.size; from += step) {
    let bytes = new Uint8Array(await file.slice(from, from + step).arrayBuffer());
    const isLast = from + step > file.size;
    if (isLast) {
      const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
      padded.set(bytes);
      padded[bytes.length] = 128;
      const view = new DataView(padded.buffer);
      view.setUint32(padded.length - 8, Math.floor(file.size / 2 ** 29));
      view.setUint32(padded.length - 4, (file.size * 8) >>> 0);
      bytes = padded;
    }
    for (let at = 0; at < bytes.length; at += 64) block(new DataView(bytes.buffer, bytes.byteOffset + at, 64));
    if (isLast) break;
  }
  return H.map(word => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

// What a parameter takes, as the compiler reads it: the value, or undefined.
function read(param, text) {
  const matches = word => {
    if (!param.pattern) return true;
    const flags = /^\(\?([ims]+)\)/.exec(param.pattern);
    const source = param.pattern.slice(flags ? flags[0].length : 0).replaceAll("(?P<", "(?<").replaceAll("\\A", "^").replaceAll("\\z", "$");
    // A pattern that only the compiler understands is left to it.
    for (const mode of ["u", ""]) try { return new RegExp(`^(?:${source})$`, mode + (flags ? flags[1] : "")).test(word); } catch { /* Perhaps without. */ }
    return true;
  };
  const inside = n => (param.min ?? -Infinity) <= n && n <= (param.max ?? Infinity);
  const one = word => matches(word) && (!param.choices || param.choices.includes(word));
  if (param.type === "list") {
    const list = text.split(/[,\s]+/).filter(Boolean);
    return list.every(one) && new Set(list).size === list.length && inside(list.length) ? list.join(" ") : undefined;
  }
  if (!matches(text)) return undefined;
  switch (param.type) {
    case "integer": { const n = text.trim(); return /^[+-]?\d+$/.test(n) && inside(+n) ? String(+n) : undefined; }
    case "boolean": return /^(true|yes|1)$/.test(text) ? "true" : /^(false|no|0)$/.test(text) ? "false" : undefined;
    case "choice": return one(text) ? text : undefined;
    case "duration": return /^(\d+|(\d+[smhdw])+)$/.test(text.trim()) ? text : undefined;
    default: return text;
  }
}

// An event of a run, with nothing in it that was not asked for: it may come from a file.
function clean(given) {
  if (!given || typeof given !== "object" || !/^(start|name|set|parts|tick|untick|clear|note|close|reopen|archive|unarchive|undo)$/.test(given.op)) return null;
  if (!(given.t >= 0 && given.t < 8e15)) return null;
  const out = { op: given.op, t: given.t };
  const text = (it, name, most = 4000) => { if (typeof it[name] === "string") return it[name].slice(0, most); return undefined; };
  for (const name of ["k", "v", "by", "name", "reason", "note", "url", "outcome"]) { const found = text(given, name); if (found !== undefined) out[name] = found; }
  for (const name of ["approvers", "parts"]) if (Array.isArray(given[name])) out[name] = given[name].filter(it => typeof it === "string").slice(0, 500).map(it => it.slice(0, 200));
  if (given.file && typeof given.file === "object") out.file = { name: text(given.file, "name", 300) || "", size: Number.isSafeInteger(given.file.size) ? given.file.size : 0, sha256: /^[0-9a-f]{64}$/.test(given.file.sha256) ? given.file.sha256 : "" };
  if (Array.isArray(given.answers)) out.answers = given.answers.filter(it => Array.isArray(it) && it.length === 2 && it.every(word => typeof word === "string")).slice(0, 100).map(pair => pair.map(word => word.slice(0, 2000)));
  if (/^(tick|untick|note|undo|set)$/.test(out.op) && !out.k) return null;
  return out;
}
const isName = text => typeof text === "string" && /^[\w-]{1,60}$/.test(text);
const UNDONE = /^(tick|untick|clear|note|set|parts|close|reopen)$/;

// What a run's events amount to.
function fold(events) {
  const sorted = [...events].sort(([a, x], [b, y]) => x.t - y.t || (a < b ? -1 : 1));
  const undone = new Set(sorted.filter(([, event]) => event.op === "undo").map(([, event]) => event.k));
  const run = { name: "", t: 0, last: 0, ticks: new Map(), notes: [], values: new Map(), parts: null, closed: null, archived: false, undo: null };
  for (const [id, event] of sorted) {
    run.last = event.t;
    if (undone.has(id)) continue;
    if (UNDONE.test(event.op)) run.undo = { id, ...event };
    switch (event.op) {
      case "start": if (!run.t) run.t = event.t; run.name = event.name || ""; break;
      case "name": run.name = event.name || run.name; break;
      case "set": run.values.set(event.k, event.v || ""); break;
      case "parts": run.parts = event.parts || null; break;
      case "tick": run.ticks.set(event.k, event); break;
      case "untick": run.ticks.delete(event.k); break;
      case "clear": run.ticks.clear(); break;
      case "note": run.notes.push(event); break;
      case "close": run.closed = event; break;
      case "reopen": run.closed = null; break;
      case "archive": run.archived = true; break;
      case "unarchive": run.archived = false; break;
      default:
    }
  }
  return run;
}

// The runs of one runbook in this browser. Each event has a key of its own in the store: two tabs never
// write over each other's.
function open(key, onChange) {
  const log = new Map();
  const prefix = `${key}/`;
  let keeps = true;
  const put = (sid, id, event) => {
    if (!isName(sid) || !isName(id) || !event) return false;
    if (!log.has(sid)) log.set(sid, new Map());
    if (log.get(sid).has(id)) return false;
    log.get(sid).set(id, event);
    return true;
  };
  const parse = text => { try { return clean(JSON.parse(text)); } catch { return null; } };
  const load = () => {
    let names = [];
    try { names = Object.keys(localStorage).filter(name => name.startsWith(prefix)); } catch { keeps = false; }
    for (const name of names) { const [sid, id] = name.slice(prefix.length).split("/"); put(sid, id, parse(localStorage.getItem(name))); }
  };
  const stop = new AbortController();
  let channel = null;
  try { channel = new BroadcastChannel(prefix); } catch { /* The storage's events tell as well. */ }
  const forget = sid => { if (log.delete(sid)) onChange(); };
  addEventListener("storage", event => {
    if (!event.key || !event.key.startsWith(prefix)) return;
    const [sid, id] = event.key.slice(prefix.length).split("/");
    if (event.newValue === null) forget(sid); else if (put(sid, id, parse(event.newValue))) onChange();
  }, { signal: stop.signal });
  if (channel) channel.onmessage = ({ data }) => { if (data.gone) forget(data.gone); else if (put(data.sid, data.id, clean(data.event))) onChange(); };
  addEventListener("pageshow", () => { load(); onChange(); }, { signal: stop.signal });
  load();
  return {
    log,
    get keeps() { return keeps; },
    add(sid, event, id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 9)}`) {
      const last = Math.max(0, ...[...(log.get(sid) || new Map()).values()].map(it => it.t));
      const whole = clean({ t: Math.max(Date.now(), last + 1), ...event });
      if (!put(sid, id, whole)) return;
      try { localStorage.setItem(`${prefix}${sid}/${id}`, JSON.stringify(whole)); } catch { keeps = false; }
      if (channel) channel.postMessage({ sid, id, event: whole });
    },
    remove(sid) {
      for (const id of (log.get(sid) || new Map()).keys()) localStorage.removeItem(`${prefix}${sid}/${id}`);
      log.delete(sid);
      if (channel) channel.postMessage({ gone: sid });
    },
    close() { stop.abort(); if (channel) channel.close(); },
  };
}

join("checklist", () => {
  const panel = $("[data-ob-runbook]");
  const list = panel && $("[data-ob-list]", panel);
  const data = list && json($("[data-ob-live]", panel));
  const words = list && json($("[data-ob-words]", panel));
  if (!data || !words) return undefined;
  const say = (key, ...values) => (words[key] || key).replace(/\{(\d)\}/g, (_, n) => values[n]);
  const touched = $$("input:checked", list).map(box => box.getAttribute("data-ob-item"));
  for (const box of $$("input", list)) box.checked = false;
  const source = list.cloneNode(true);
  const params = new Map(data.params.map(param => [param.name, param]));
  const old = `${__md_scope.pathname}.__runbook.${location.pathname.slice(__md_scope.pathname.length)}.${data.id}`;
  const store = open(old, () => { adopt(); show(); });
  const stop = new AbortController();
  let sid = null;
  let isChosen = false;
  let run = fold([]);
  let nodes = [];
  let leaves = [];
  let built = null;
  let next = null;
  let cursor = null;
  let clock = 0;
  const me = () => who.value.trim();
  const call = name => { who.value = name; __md_set("__runbook.who", name); };
  const isOpen = () => !sid || !(run.closed || run.archived);

  // --- values
  const values = () => new Map(data.params.flatMap(param => {
    const given = run.values.get(param.name);
    const value = given ? read(param, given) : param.default === null ? undefined : read(param, param.default);
    return value === undefined ? [] : [[param.name, value]];
  }));
  let given = new Map();
  const value = (name, at = {}) => {
    const [head, rest] = name.split(/\.(.*)/);
    if (head === "params") return given.get(rest);
    if (head === "each") return (at.each || {})[rest];
    if (head === "component") return at.component && (at.component[rest === "version" ? "to" : rest] || undefined);
    return { env: at.env, "runbook.id": data.id, step: at.key }[name];
  };
  const components = () => {
    if (!data.components) return [];
    const { list, choose, names } = data.components;
    const whole = list.map(it => {
      const own = {};
      for (const field of ["name", "to", "path", "from", "tag"]) if (it[field]) own[field] = (field === "name" ? fill : known)(it[field], name => value(name, { component: own }));
      return own;
    });
    const wanted = choose ? run.parts : names && names.flatMap(name => fill(name, value).split(/\s+/));
    return wanted ? whole.filter(it => wanted.includes(it.name) || wanted.includes(it.path)) : whole;
  };
  const answer = (name, key) => {
    const [step, field] = name.slice(8).split(/\.(?=[^.]*$)/).length > 1 ? name.slice(8).split(/\.(?=[^.]*$)/) : ["", name.slice(8)];
    const near = other => { let n = 0; while (n < key.length && key[n] === other[n]) n += 1; return n; };
    const all = [...run.ticks].filter(([k, event]) => (!step || k === step || k.endsWith(`.${step}`)) && (event.answers || []).some(([it]) => it === field));
    const best = all.sort(([a], [b]) => near(b) - near(a))[0];
    return best && best[1].answers.find(([it]) => it === field)[1];
  };
  // Yes, no, or not known yet.
  const decide = (it, key) => {
    const [op, a, b] = it;
    if (op === "not") { const inner = decide(a, key); return inner === undefined ? inner : !inner; }
    if (op === "and" || op === "or") {
      const both = [decide(a, key), decide(b, key)];
      return both.includes(op === "or") ? op === "or" : both.includes(undefined) ? undefined : op === "and";
    }
    const found = a.startsWith("outputs.") ? answer(a, key) : given.get(a);
    if (found === undefined) return undefined;
    return op === "is" ? found === b : op === "in" ? b.includes(found) : !["", "false", "0"].includes(found);
  };

  // --- the list, one box for each thing to do
  const parts = names => {
    const taken = new Set();
    return names.map(name => {
      const stem = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "component";
      let part = stem;
      for (let n = 2; taken.has(part); n += 1) part = `${stem}-${n}`;
      taken.add(part);
      return part;
    });
  };
  const add = (parent, it) => {
    const node = { parent, needs: [], ...it };
    if (parent) parent.kids.push(node);
    nodes.push(node);
    return node;
  };
  const grow = (from, to, parent, at) => {
    for (const template of from.children) {
      const entry = template.getAttribute("data-ob-entry");
      const logic = data.items[entry] || {};
      const name = entry.slice(entry.lastIndexOf(".") + 1);
      const key = at.prefix + name;
      const here = { ...at, key, env: logic.env ?? at.env, side: at.side || logic.on === "failure" };
      const holds = logic.when ? decide(logic.when, key) : true;
      const li = template.cloneNode(true);
      const isGroup = li.classList.contains("ob-sub");
      const inner = isGroup && $("ol", li);
      if (inner) inner.replaceChildren();
      const title = $(".ob-item__title", li);
      for (const filled of $$("[data-ob-fill]", li)) filled.textContent = fill(filled.getAttribute("data-ob-fill"), hole => value(hole, here));
      const id = $("[id]", li) || li;
      id.id = `item-${key}`;
      to.append(li);
      if (holds === false) { li.classList.add("ob-off"); for (const box of $$("input", li)) box.disabled = true; li.title = say("off"); if (isGroup) li.append(say("off")); continue; }
      if (!isGroup) {
        const box = $("input", li);
        box.setAttribute("data-ob-item", key);
        box.setAttribute("aria-label", title.textContent);
        leaves.push(add(parent, { name, key, li, box, logic, at: here, text: title.textContent, done: false }));
        continue;
      }
      const group = add(parent, { name, key, li, logic, at: here, kids: [], parallel: logic.parallel, tolerant: logic.tolerant, text: title.textContent });
      const each = logic.each;
      const rounds = !each ? null : each === "component" ? given.parts : [...new Set(each[1].flatMap(text => fill(text, hole => value(hole, here)).split(/\s+/)).filter(Boolean))];
      const deeper = { ...here, prefix: `${key}.`, key: undefined };
      if (!rounds || !rounds.length) { grow($("ol", template), inner, group, deeper); continue; }
      const listName = each === "component" ? each : each[0];
      parts(rounds.map(it => it.name || it)).forEach((part, n) => {
        const it = rounds[n];
        const legend = make("legend", { class: "ob-group__title" }, make("span", { class: "ob-item__title" }, it.to ? `${it.name} ${it.to}` : it.name || it));
        const own = make("ol", { class: "ob-items" });
        const set = make("li", { class: "ob-sub" }, make("fieldset", { class: "ob-group", id: `item-${key}.${part}` }, legend, own));
        inner.append(set);
        const child = add(group, { name: part, key: `${key}.${part}`, li: set, logic: {}, at: here, kids: [], round: [listName, part], text: legend.textContent });
        const one = { ...deeper, prefix: `${key}.${part}.`, within: { ...at.within, [listName]: part } };
        if (it.name) one.component = it; else one.each = { ...at.each, [listName]: it };
        grow($("ol", template), own, child, one);
      });
      group.repeated = true;
    }
  };
  // The order, as the plan's edges have it.
  const descend = (group, [first, ...rest], within) => {
    if (first === undefined) return [group];
    const kids = group.kids || [];
    const child = kids.find(it => it.name === first && !it.round);
    if (child) return descend(child, rest, within);
    if (!group.repeated) return [];
    const same = kids.filter(it => within[it.round[0]] === it.round[1]);
    return (same.length ? same : kids).flatMap(it => descend(it, [first, ...rest], within));
  };
  const resolve = (node, name) => {
    for (let group = node.parent; group; group = group.parent) {
      const found = descend(group, name.split("."), node.at.within || {});
      if (found.length) return found;
    }
    return [];
  };
  const isSide = node => node.logic.on === "failure";
  const exits = node => {
    if (!node.kids) return [node];
    if (!node.exits) {
      node.exits = [];
      const main = node.kids.filter(it => !isSide(it));
      const last = main.filter(it => !it.followed);
      node.exits = (last.length ? last : main.slice(-1)).flatMap(exits);
    }
    return node.exits;
  };
  const order = root => {
    for (const node of nodes) {
      if (node.logic.needs) node.wanted = node.logic.needs.flatMap(name => resolve(node, name));
      if (node.wanted && !isSide(node)) for (const it of node.wanted) if (it.parent === node.parent) it.followed = true;
    }
    for (const { kids, parallel, tolerant } of nodes) {
      if (!kids || parallel || tolerant) continue;
      const main = kids.filter(it => !isSide(it));
      main.forEach((it, n) => { if (n && !it.wanted) main[n - 1].followed = true; });
    }
    const enter = (node, before) => {
      node.needs = before;
      let now = before;
      for (const kid of node.kids || []) {
        enter(kid, kid.wanted ? [...new Set(kid.wanted.flatMap(exits))] : now);
        if (!node.parallel && !isSide(kid)) { const out = exits(kid); if (out.length) now = node.tolerant ? [...new Set([...before, ...out])] : out; }
      }
    };
    enter(root, []);
  };
  const build = () => {
    given = values();
    given.parts = components();
    const focused = document.activeElement && document.activeElement.getAttribute("data-ob-item");
    nodes = [];
    leaves = [];
    const root = add(null, { name: "", key: "", logic: {}, at: {}, kids: [] });
    const fresh = document.createElement("ol");
    grow(source, fresh, root, { prefix: "", within: {}, each: {} });
    list.replaceChildren(...fresh.childNodes);
    order(root);
    for (const leaf of leaves) dress(leaf);
    for (const node of nodes.filter(it => it.kids && it.parent)) {
      node.count = make("span", { class: "ob-group__count" });
      $("legend", node.li).append(" ", node.count);
    }
    choices();
    if (focused) { const again = leaves.find(leaf => leaf.key === focused); if (again) again.box.focus(); }
  };

  // --- what an item shows
  const gateWho = ({ logic: { approve } }) => {
    const who = approve.role || approve.users.join(", ") || say("anyone");
    return approve.min > 1 ? `${approve.min} × ${who}` : who;
  };
  const script = leaf => {
    const block = data.blocks[leaf.logic.block];
    if (!block) return null;
    if (block.command) return { text: fillCommand(block.command, name => value(name, leaf.at)) };
    const card = cardList.find(it => it.step === leaf.logic.block);
    const text = block.script ?? (card && card.original);
    if (!text) return null;
    if (!/sh$/.test(block.shell)) return { text };
    const { found, before } = fillShell(text, variables(leaf, block));
    let out = text;
    for (const { from, to, text: put } of found.reverse()) out = out.slice(0, from) + put + out.slice(to);
    return { text: before + out };
  };
  const variables = (leaf, block = {}) => {
    const { at, logic } = leaf;
    const out = new Map();
    const set = (name, text) => { if (text !== undefined && text !== null) out.set(name, text); };
    for (const [name, text] of given) if (typeof name === "string") set(variable(name), text);
    if (data.components) { set("COMPONENTS", given.parts.map(it => it.name).join(" ")); set("CHART_PATHS", given.parts.map(it => it.path).join(" ")); }
    for (const [name, text] of data.environments[at.env] || []) set(name, known(text, hole => value(hole, at)));
    for (const [name, text] of logic.with || []) set(variable(name), known(text, hole => value(hole, at)));
    for (const [name, text] of Object.entries(at.each || {})) set(variable(name), text);
    set("OPSBOOK_ENV", at.env);
    if (at.component) for (const [name, field] of [["NAME", "name"], ["VERSION", "to"], ["FROM", "from"], ["PATH", "path"], ["TAG", "tag"]]) set(`COMPONENT_${name}`, at.component[field]);
    for (const [name, text] of block.env || []) set(name, known(text, hole => value(hole, at)));
    return out;
  };
  const dress = leaf => {
    const { li, box } = leaf;
    leaf.lock = make("span", { class: "ob-item__lock", id: `lock-${leaf.key}`, hidden: "" });
    leaf.record = make("div", { class: "ob-item__record", hidden: "" });
    leaf.form = make("div", { class: "ob-item__form", hidden: "" });
    leaf.cmd = make("pre", { class: "ob-item__cmd", hidden: "" });
    const tools = make("span", { class: "ob-item__tools" }, button(say("note"), () => ask(leaf, true), { "aria-label": `${say("note")}: ${leaf.text}` }));
    if (data.blocks[leaf.logic.block]) tools.prepend(button(say("copy"), () => { const it = script(leaf); if (it) copyText(it.text); }, { "aria-label": `${say("copy")}: ${leaf.text}`, "data-ob-copy-item": leaf.key }));
    $(".ob-item__facts", li).append(tools);
    li.append(leaf.lock, leaf.record, leaf.cmd, leaf.form);
    const link = $(".ob-item__text a", li);
    if (link) link.addEventListener("click", () => { cursor = leaf; cards(); });
    box.addEventListener("change", () => {
      if (!box.checked) { write({ op: "untick", k: leaf.key }); tell(say("unticked", leaf.text)); return; }
      if (wants(leaf)) { box.checked = false; ask(leaf); } else tick(leaf, {});
    });
  };
  const wants = ({ logic, locked, gate, late }) => (logic.evidence && logic.evidence !== "none") || logic.capture || logic.approve || (locked && (data.mode !== "do-confirm" || gate || late));
  const tick = (leaf, more) => { write({ op: "tick", k: leaf.key, by: me(), ...more }); tell(say("ticked", leaf.text, done(), total())); };
  const total = () => leaves.filter(leaf => !leaf.at.side).length;
  const done = () => leaves.filter(leaf => leaf.done && !leaf.at.side).length;

  // The form of an item: what it asks for, and the reason of who goes another way.
  const ask = (leaf, isNote) => {
    const { logic, form } = leaf;
    form.hidden = false;
    const fields = [];
    const field = (name, label, input, check) => { fields.push({ name, input, check }); return make("label", { class: "ob-field" }, make("span", {}, label), input); };
    const text = (type, more) => make(type === "note" ? "textarea" : "input", type === "note" ? { rows: 2, maxlength: 4000, ...more } : { type, maxlength: 2000, ...more });
    const rows = [];
    const need = it => (it.value.trim() ? "" : say("required"));
    if (isNote) rows.push(field("note", say("note"), text("note"), need));
    else {
      if (logic.approve) {
        const { users, min, forbid } = logic.approve;
        for (let n = 0; n < Math.min(min, 20); n += 1) rows.push(field("approvers", say("approver", gateWho(leaf)), text("text", { autocomplete: "off" }), input => {
          const name = input.value.trim();
          const before = fields.filter(it => it.name === "approvers" && it.input !== input).map(it => it.input.value.trim().toLowerCase());
          if (!name) return say("required");
          if (users.length && !users.includes(name)) return say("not_one", users.join(", "));
          if (before.includes(name.toLowerCase())) return say("twice");
          return forbid.includes("runner") && name.toLowerCase() === me().toLowerCase() ? say("not_self") : "";
        }));
      }
      for (const it of logic.capture || []) {
        const input = it.choices.length ? make("select", {}, make("option", { value: "" }, "…"), ...it.choices.map(choice => make("option", { value: choice }, choice))) : text(it.type === "url" ? "url" : "text");
        rows.push(field(`=${it.name}`, it.prompt ? fill(it.prompt, hole => value(hole, leaf.at)) : it.name, input, () => need(input) || (it.type === "url" && !isWeb(input.value) ? say("no_url") : read({ type: "string", pattern: it.pattern }, input.value) === undefined ? say("invalid", it.pattern) : "")));
      }
      const kind = { output: "note" }[logic.evidence] || logic.evidence;
      const proof = input => (input.value || reason.value.trim() ? (kind === "url" && input.value && !isWeb(input.value) ? say("no_url") : "") : say("required"));
      if (kind && kind !== "none") rows.push(field(kind, say(`evidence.${kind}`), text(kind), proof));
      if (kind !== "note") rows.push(field("note", say("note.optional"), text("note")));
      // Evidence is somebody's.
      if (!me() && (kind || logic.approve || logic.capture)) rows.push(field("by", say("you"), text("text", { autocomplete: "name" }), need));
    }
    const mustSay = !isNote && leaf.locked && (data.mode !== "do-confirm" || leaf.gate || leaf.late);
    const reason = text("text");
    if (!isNote) rows.push(field("reason", say(mustSay ? "reason.locked" : "reason", leaf.lock.textContent), reason, mustSay ? need : undefined));
    const wrong = make("p", { class: "ob-wrong", role: "alert" });
    const box = make("form", { novalidate: "", "aria-label": leaf.text }, ...rows, wrong, make("p", { class: "ob-buttons" }, make("button", { class: "ob-button ob-button--main", type: "submit" }, say(isNote ? "save" : "tick")), button(say("cancel"), () => shut())));
    const shut = () => { form.hidden = true; form.replaceChildren(); leaf.box.focus(); };
    box.addEventListener("keydown", event => { if (event.key === "Escape") { event.stopPropagation(); shut(); } });
    box.addEventListener("submit", async event => {
      event.preventDefault();
      wrong.textContent = "";
      let first = null;
      for (const { input, check } of fields) {
        const why = check ? check(input) : "";
        input.setAttribute("aria-invalid", !!why);
        if (why && !first) { first = input; wrong.textContent = why; }
      }
      if (first) { first.focus(); return; }
      const more = {};
      for (const { name, input } of fields) {
        const text = input.value.trim();
        if (!text) continue;
        if (name === "file") {
          const file = input.files[0];
          wrong.textContent = say("reading");
          try { more.file = { name: file.name, size: file.size, sha256: await sha256(file) }; } catch { wrong.textContent = say("unreadable"); return; }
        } else if (name === "approvers") more.approvers = [...(more.approvers || []), text];
        else if (name[0] === "=") more.answers = [...(more.answers || []), [name.slice(1), text]];
        else more[name] = text;
      }
      if (isNote) { write({ op: "note", k: leaf.key, by: me(), note: more.note }); tell(say("noted", leaf.text)); shut(); return; }
      if (more.by) call(more.by);
      tick(leaf, more);
      shut();
    });
    form.replaceChildren(box);
    fields[0].input.focus();
  };

  // --- runs
  // A run without a name of its own is called as `opsbook run` would call it, with its time.
  const nameOf = it => it.name || `${fill(data.title || data.id, hole => it.values.get(hole.slice(7)))} · ${when(it.t || Date.now())}`;
  const begin = (more = {}) => {
    sid = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    store.add(sid, { op: "start", by: me(), ...more });
    remember();
  };
  const remember = () => { isChosen = true; try { sessionStorage.setItem(old, sid || ""); } catch { /* A reload forgets which run it was. */ } };
  // A tab where nobody chose shows the run that was used today; an old one never greets the next.
  const adopt = () => {
    if (isChosen || sid) return;
    const runs = [...store.log].map(([id, events]) => [id, fold(events)]).filter(([, it]) => !it.closed && !it.archived && Date.now() - it.last < 12 * HOUR);
    sid = runs.length ? runs.sort(([, a], [, b]) => b.last - a.last)[0][0] : null;
  };
  const write = event => {
    if (!isOpen()) { tell(say("closed")); show(); return; }
    if (!sid) begin();
    store.add(sid, event);
    show();
  };
  // A dialog of its own with fields; what was typed, or null.
  const dialog = (title, text, fields, yes) => new Promise(answer => {
    const inputs = fields.map(([key, label, input]) => [key, make("label", { class: "ob-field" }, make("span", {}, label), input), input]);
    const form = make("form", { method: "dialog" }, make("h2", {}, title), ...(text ? [make("p", {}, text)] : []), ...inputs.map(([, row]) => row), make("p", { class: "ob-buttons" }, make("button", { class: "ob-button ob-button--main", value: "yes" }, yes), make("button", { class: "ob-button", value: "", formnovalidate: "" }, say("cancel"))));
    const it = make("dialog", { class: "ob-dialog md-typeset", "aria-label": title }, form);
    panel.append(it);
    it.addEventListener("close", () => { it.remove(); answer(it.returnValue === "yes" ? Object.fromEntries(inputs.map(([key, , input]) => [key, input.value.trim()])) : null); });
    it.showModal();
  });
  const input = (value, more) => Object.assign(make("input", { maxlength: 200, ...more }), { value });
  const fresh = async () => {
    const said = await dialog(say("new"), say("new.text"), [["name", say("name"), input(nameOf(fold([])), { required: "" })], ["by", say("you"), input(me(), { autocomplete: "name" })]], say("start"));
    if (!said) return;
    call(said.by);
    begin(said);
    show();
    tell(say("started", said.name));
  };
  const clear = async () => { if (await dialog(say("clear"), say("clear.text", done()), [], say("clear"))) write({ op: "clear", by: me() }); };
  const undo = () => { if (run.undo) { const it = run.undo; store.add(sid, { op: "undo", k: it.id }); show(); tell(say("undone")); } };
  const actions = {
    fresh, clear, undo,
    go: () => go(),
    back: () => beside(-1),
    forth: () => beside(1),
    tick: () => { const leaf = current(); if (leaf) leaf.box.click(); },
    focus: it => { const on = panel.classList.toggle("ob-runbook--focus"); it.setAttribute("aria-pressed", on); cursor = null; show(); near(); },
    cli: () => copyText(line.textContent),
    rename: async () => { const said = await dialog(say("rename"), "", [["name", say("name"), input(nameOf(run), { required: "" })]], say("save")); if (said) write({ op: "name", name: said.name }); },
    close: async () => {
      const outcome = make("select", {}, ...["completed", "stopped", "failed"].map(it => make("option", { value: it }, say(`outcome.${it}`))));
      const said = await dialog(say("close"), say("close.text", done(), total()), [["outcome", say("outcome"), outcome], ["note", say("note.optional"), input("")]], say("close"));
      if (said) write({ op: "close", by: me(), ...said });
    },
    reopen: () => { store.add(sid, { op: run.archived ? "unarchive" : "reopen", by: me() }); show(); },
    archive: () => { store.add(sid, { op: "archive" }); sid = null; remember(); show(); tell(say("archived")); },
    remove: async () => { if (await dialog(say("remove"), say("remove.text", nameOf(run)), [], say("remove"))) { store.remove(sid); sid = null; remember(); show(); } },
    report: () => { const text = report(); save(text, "md", "text/markdown"); },
    copyreport: () => copyText(report()),
    export: () => save(JSON.stringify({ format: "opsbook-checklist", version: 1, runbook: data.id, page: data.source, run: sid, events: Object.fromEntries(store.log.get(sid)) }, null, 1), "json", "application/json"),
    import: () => file.click(),
    print: () => print(),
  };
  const save = (text, type, mime) => {
    const link = make("a", { download: `${`${data.id}-${nameOf(run)}`.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80)}.${type}`, href: URL.createObjectURL(new Blob([text], { type: mime })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const load = async () => {
    const given = file.files[0];
    file.value = "";
    if (!given) return;
    let it = null;
    try { it = given.size < 5e6 && JSON.parse(await given.text()); } catch { /* Said below. */ }
    const events = it && it.format === "opsbook-checklist" && it.version === 1 && it.runbook === data.id && isName(it.run) && it.events && typeof it.events === "object" ? Object.entries(it.events).slice(0, 20000).map(([id, event]) => [id, clean(event)]).filter(([id, event]) => isName(id) && event && event.t < Date.now() + 24 * HOUR) : [];
    if (!events.some(([, event]) => event.op === "start")) { tell(say(it && it.format === "opsbook-checklist" && it.runbook !== data.id ? "import.foreign" : "import.bad", String(it && it.runbook))); return; }
    sid = it.run;
    for (const [id, event] of events) store.add(sid, event, id);
    remember();
    show();
    tell(say("imported", nameOf(run)));
  };
  const md = text => String(text).replace(/[\r\n]+/g, " ").replace(/[\\`*_{}[\]<>()#+!|~&$-]/g, "\\$&");
  const proof = event => [
    event.approvers && `${say("approved_by")} ${event.approvers.join(", ")}`,
    ...(event.answers || []).map(([name, text]) => `${name}: ${text}`),
    event.note, event.url,
    event.file && `${event.file.name} (${event.file.size} B, SHA-256 ${event.file.sha256})`,
    event.reason && `${say("deviation")}: ${event.reason}`,
  ].filter(Boolean);
  const report = () => {
    const lines = [`# ${md(nameOf(run))}`, "", say("report.honest"), ""];
    const fact = (label, text) => { if (text) lines.push(`- ${label}: ${text}`); };
    fact(say("runbook"), `${md(data.id)} (${md(data.source)})`);
    fact(say("page"), `<${location.origin + location.pathname}>`);
    fact(say("report.started"), run.t ? stamp(run.t) : "");
    if (run.closed) fact(say("report.closed"), `${stamp(run.closed.t)}, ${say(`outcome.${run.closed.outcome}`)}${run.closed.note ? `: ${md(run.closed.note)}` : ""}`);
    fact(say("report.done"), `${done()} / ${total()}`);
    for (const [k, v] of given) if (typeof k === "string") fact(`\`${k}\``, md(v));
    lines.push("", `| | ${say("item")} | ${say("time")} | ${say("by")} | ${say("evidence")} |`, "|---|---|---|---|---|");
    for (const leaf of leaves) {
      const event = run.ticks.get(leaf.key) || {};
      const notes = run.notes.filter(note => note.k === leaf.key).map(note => `${note.by || ""} ${note.note}`);
      const path = [];
      for (let group = leaf.parent; group && group.parent; group = group.parent) path.unshift(group.text.trim());
      lines.push(`| ${event.t ? "☑" : "☐"} | ${md([...path, leaf.text].join(" › "))} | ${event.t ? stamp(event.t) : ""} | ${md(event.by || "")} | ${[...proof(event), ...notes].map(md).join("; ")} |`);
    }
    return `${lines.join("\n")}\n`;
  };

  // --- what stands around the list
  const part = name => $(`[data-ob-${name}]`, panel);
  const tell = text => { live.textContent = text; };
  const live = $(".ob-live", panel);
  const who = part("who");
  who.value = __md_get("__runbook.who") || "";
  who.addEventListener("change", () => call(me()));
  const pick = part("run");
  pick.addEventListener("change", () => { sid = pick.value || null; remember(); show(); });
  const file = part("file");
  file.addEventListener("change", load);
  const more = $(".ob-more", panel);
  const acts = $$("[data-ob-act]", panel);
  for (const it of acts) it.addEventListener("click", () => { more.open = false; actions[it.getAttribute("data-ob-act")](it); });
  const away = event => { if (event.key === "Escape" ? more.contains(event.target) : event.type === "click" && !more.contains(event.target)) more.open = false; };
  for (const name of ["click", "keydown"]) document.addEventListener(name, away, { signal: stop.signal });
  const state = part("state");
  const [role, env] = [part("role"), part("env")];
  for (const select of [role, env]) select.addEventListener("change", () => { show(); tell(say("shown", leaves.filter(leaf => !leaf.li.hidden).length, leaves.length)); });
  const line = part("cli");
  const beside = step => { const shown = leaves.filter(leaf => !leaf.li.hidden); cursor = shown[Math.min(Math.max(shown.indexOf(current()) + step, 0), shown.length - 1)] || null; show(); near(); };
  const near = () => { if (current()) current().li.scrollIntoView({ block: "nearest" }); };
  const nextBar = part("next");
  const nextLink = $("[data-ob-act=go]", nextBar);
  const count = part("count");
  const foot = $(".ob-runbook__foot", panel);
  const alerts = $(".ob-alerts", panel);
  const owner = [...alerts.childNodes];
  const current = () => (cursor && leaves.includes(cursor) ? cursor : next);
  const go = () => {
    const leaf = next;
    if (!leaf) return;
    cursor = null;
    show();
    leaf.box.focus({ preventScroll: true });
    leaf.li.scrollIntoView({ block: "center" });
  };
  document.addEventListener("keydown", event => {
    const active = document.activeElement;
    const types = active && (active.isContentEditable || /^(SELECT|TEXTAREA)$/.test(active.tagName) || (active.tagName === "INPUT" && active.type !== "checkbox"));
    if (event.key !== "d" || event.metaKey || event.ctrlKey || event.altKey || types) return;
    event.preventDefault();
    go();
  }, { signal: stop.signal });

  // Fields of the parameters, in the table that names them.
  const inputs = new Map();
  for (const row of $$("[data-ob-param]", panel)) {
    const param = params.get(row.getAttribute("data-ob-param"));
    if (!param) continue;
    const made = $("[data-ob-value]", row);
    const wrong = $(".ob-wrong", row);
    made.addEventListener("change", () => {
      const ok = !made.value || read(param, made.value) !== undefined;
      made.setAttribute("aria-invalid", !ok);
      wrong.textContent = ok ? "" : say("invalid", row.cells[1].textContent);
      if (ok) write({ op: "set", k: param.name, v: made.value });
    });
    inputs.set(param.name, { made, wrong });
  }
  const chooser = data.components && data.components.choose && part("parts");
  if (chooser) {
    for (const it of data.components.list) {
      const box = make("input", { type: "checkbox", value: it.name });
      box.addEventListener("change", () => write({ op: "parts", parts: $$("input:checked", chooser).map(it => it.value) }));
      chooser.append(make("label", {}, box, ` ${it.name} ${it.to || ""}`));
    }
    chooser.hidden = false;
  }
  const choices = () => {
    const set = (select, label, found) => {
      const kept = select.value;
      select.replaceChildren(make("option", { value: "" }, label), ...[...new Set(found)].sort().map(it => make("option", { value: it }, it)));
      select.value = [...select.options].some(it => it.value === kept) ? kept : "";
      select.parentElement.hidden = select.options.length < 2;
    };
    set(role, say("all"), leaves.flatMap(roles));
    set(env, say("all"), leaves.map(leaf => leaf.at.env).filter(Boolean));
  };
  const roles = ({ logic }) => (logic.approve ? [logic.approve.role || say("approve")] : [logic.role || say("manual")]);

  // --- the text of the page
  const article = panel.closest("article") || document.body;
  const prose = [];
  {
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) { const node = walker.currentNode; if (node.data.includes("${") && !node.parentElement.closest("script, style, code, .ob-runbook, [id^=step-], .ob-step")) prose.push({ node, text: node.data }); }
  }
  const links = $$("a[href*='$']", article).filter(link => !panel.contains(link)).map(link => ({ link, text: link.getAttribute("href").replace(/\$(?:%7B|\{)(.*?)(?:%7D|\})/gi, "${$1}") }));
  const codes = $$("code", article).filter(code => !code.closest("[id^=step-], .ob-runbook, .ob-step"));
  const texts = () => {
    for (const { node, text } of prose) node.data = fill(text, name => value(name));
    for (const { link, text } of links) link.setAttribute("href", fill(text, name => { const it = value(name); return it === undefined ? `\${${name}}` : text.startsWith("${") && isWeb(it) ? it : encodeURIComponent(it); }));
    const vars = variables({ at: {}, logic: {} });
    for (const code of codes) {
      fillCode(code, null);
      const text = code.textContent;
      const holes = [...text.matchAll(/\$\{([a-z][\w.-]*)\}/g)].map(it => ({ from: it.index, to: it.index + it[0].length, text: value(it[1]) })).filter(it => it.text !== undefined);
      fillCode(code, { found: [...fillShell(text, vars).found, ...holes].sort((a, b) => a.from - b.from) });
    }
    const title = $("[data-ob-title]", panel);
    if (title && data.title) title.textContent = fill(data.title, name => value(name));
  };
  const cardList = $$(".ob-step[data-ob-step]", article).map(card => {
    const step = card.getAttribute("data-ob-step");
    const block = document.getElementById(`step-${step}`);
    const code = block && (block.matches("code") ? block : $("code", block));
    const command = document.getElementById(`command-${step}`);
    const pickUse = make("select", { class: "ob-step__use", "aria-label": say("values_of") });
    pickUse.addEventListener("change", () => { cursor = leaves.find(leaf => leaf.key === pickUse.value) || null; cards(); });
    $(".ob-step__head", card).append(pickUse);
    const it = { card, step, code, command, pickUse, original: code && codeText(code) };
    it.head = code ? /^(?:#\|[^\n]*(?:\n|$))*/.exec(code.textContent)[0].length : 0;
    return it;
  });
  const cards = () => {
    for (const it of cardList) {
      const uses = leaves.filter(leaf => leaf.logic.block === it.step);
      const leaf = uses.find(leaf => leaf === cursor) || uses.find(leaf => leaf === next) || uses.find(leaf => leaf.key === it.pickUse.value) || uses.find(leaf => !leaf.done) || uses[0] || { at: {}, logic: {}, key: "" };
      const label = it => [it.at.env, it.at.component && it.at.component.name, ...Object.values(it.at.each || {})].filter(Boolean).join(" · ") || it.text;
      it.pickUse.replaceChildren(...uses.map(leaf => make("option", { value: leaf.key }, label(leaf))));
      it.pickUse.value = leaf.key;
      it.pickUse.hidden = uses.length < 2;
      const block = data.blocks[it.step];
      const title = $("[data-ob-fill]", it.card);
      if (title) title.textContent = fill(title.getAttribute("data-ob-fill"), name => value(name, leaf.at));
      if (it.command && block && block.command) it.command.textContent = fillCommand(block.command, name => value(name, leaf.at));
      else if (it.code && (!block || /sh$/.test(block.shell))) {
        fillCode(it.code, null);
        const start = it.head;
        const filled = fillShell(it.code.textContent.slice(start), variables(leaf, block));
        for (const place of filled.found) { place.from += start; place.to += start; }
        fillCode(it.code, { ...filled, start });
      }
    }
  };

  // --- everything, anew
  const show = () => {
    if (sid && !store.log.has(sid)) sid = null;
    run = fold(sid ? store.log.get(sid) : []);
    const shape = JSON.stringify([[...run.values], run.parts, [...run.ticks].map(([k, event]) => event.answers && [k, event.answers])]);
    if (shape !== built) { built = shape; build(); texts(); }
    clearTimeout(clock);
    const now = Date.now();
    let soon = Infinity;
    next = null;
    for (const leaf of leaves) {
      const event = run.ticks.get(leaf.key);
      leaf.done = !!event;
    }
    for (const leaf of leaves) {
      const { li, box, logic, lock, record } = leaf;
      const event = run.ticks.get(leaf.key);
      const missing = leaf.at.side ? [] : leaf.needs.filter(it => !it.done);
      const gate = missing.find(it => it.logic.approve) || (missing.find(it => it.gate) || {}).gate;
      leaf.gate = leaf.done ? undefined : gate;
      const since = Math.max(run.t, ...leaf.needs.map(it => (run.ticks.get(it.key) || { t: 0 }).t));
      const notBefore = logic.not_before && Date.parse(fill(logic.not_before, name => value(name, leaf.at)));
      leaf.late = missing.length ? 0 : notBefore > now ? notBefore : logic.wait && since && since + logic.wait * 1000 > now ? since + logic.wait * 1000 : 0;
      if (leaf.late && !leaf.done) soon = Math.min(soon, leaf.late);
      leaf.locked = !leaf.done && (missing.length > 0 || leaf.late > 0);
      const why = !leaf.locked ? "" : gate ? say("lock.gate", gateWho(gate)) : leaf.late ? say("lock.time", when(leaf.late)) : say("lock.order", missing[0].text);
      if (leaf.why !== why) {
        leaf.why = why;
        lock.textContent = why;
        lock.hidden = !why;
        if (why) box.setAttribute("aria-describedby", lock.id); else box.removeAttribute("aria-describedby");
      }
      box.checked = leaf.done;
      box.disabled = !isOpen();
      li.hidden = (role.value && !roles(leaf).includes(role.value)) || (env.value && leaf.at.env !== env.value);
      const isDue = !leaf.done && !missing.length && !leaf.at.side;
      if (!next && isDue && !li.hidden) next = leaf;
      li.classList.toggle("ob-item--done", leaf.done);
      li.classList.toggle("ob-item--locked", leaf.locked);
      li.classList.toggle("ob-item--gated", !!leaf.gate);
      li.classList.toggle("ob-item--due", isDue);
      const notes = run.notes.filter(note => note.k === leaf.key);
      if (leaf.event === event && leaf.n === notes.length) continue;
      Object.assign(leaf, { event, n: notes.length });
      const said = [];
      if (event) said.push([when(event.t), event.by, ...proof(event)].filter(Boolean));
      for (const note of notes) said.push([when(note.t), note.by, note.note].filter(Boolean));
      record.replaceChildren(...said.map(row => make("p", {}, ...row.flatMap((text, n) => [n ? " · " : "", isWeb(text) ? make("a", { href: text, rel: "noopener noreferrer", target: "_blank" }, text) : text]))));
      record.hidden = !said.length;
    }
    for (const node of nodes.filter(it => it.count)) {
      const inside = leaves.filter(leaf => leaf.key.startsWith(`${node.key}.`));
      const main = inside.filter(leaf => !leaf.at.side);
      node.count.textContent = `${main.filter(leaf => leaf.done).length} / ${main.length}`;
      node.li.hidden = inside.length > 0 && inside.every(leaf => leaf.li.hidden);
      node.li.classList.toggle("ob-sub--done", main.length > 0 && main.every(leaf => leaf.done));
    }
    if (soon < Infinity) clock = setTimeout(show, Math.min(soon - now + 50, HOUR));
    const shown = current();
    for (const leaf of leaves) {
      leaf.li.classList.toggle("ob-item--next", leaf === shown);
      const it = leaf === shown && sid ? script(leaf) : null;
      if (it || !leaf.cmd.hidden) { leaf.cmd.hidden = !it; leaf.cmd.textContent = it ? it.text : ""; }
    }
    count.hidden = false;
    count.textContent = `${done()} / ${total()}`;
    foot.hidden = !run.ticks.size || !isOpen();
    nextBar.hidden = !sid || !isOpen() || !shown;
    nextLink.textContent = shown ? `${say("next")} ${[shown.at.env, shown.at.component && shown.at.component.name].filter(Boolean).join(" · ")} ${shown.text}` : "";
    const runs = [...store.log].map(([id, events]) => [id, id === sid ? run : fold(events)]).sort(([, a], [, b]) => b.last - a.last);
    const option = ([id, it]) => make("option", { value: id }, `${nameOf(it)} (${it.ticks.size}${it.closed ? `, ${say(`outcome.${it.closed.outcome}`)}` : ""})`);
    const group = (label, some) => (some.length ? [make("optgroup", { label }, ...some.map(option))] : []);
    pick.replaceChildren(make("option", { value: "" }, say("none")), ...group(say("group.open"), runs.filter(([, it]) => !it.closed && !it.archived)), ...group(say("group.closed"), runs.filter(([, it]) => it.closed && !it.archived)), ...group(say("group.archived"), runs.filter(([, it]) => it.archived)));
    pick.value = sid || "";
    state.hidden = !run.closed && !run.archived;
    state.textContent = run.archived ? say("group.archived") : run.closed ? say(`outcome.${run.closed.outcome}`) : "";
    const able = { undo: run.undo && !run.archived, rename: sid && isOpen(), close: sid && isOpen(), reopen: sid && !isOpen(), archive: sid && run.closed && !run.archived, remove: sid && run.archived, report: sid, copyreport: sid, export: sid };
    for (const it of acts) { const key = it.getAttribute("data-ob-act"); if (key in able) it.disabled = !able[key]; }
    for (const [key, { made, wrong }] of inputs) {
      const kept = run.values.get(key) || "";
      if (document.activeElement !== made || kept) { if (made.value !== kept && made.getAttribute("aria-invalid") !== "true") made.value = kept; }
      if (!sid) wrong.textContent = "";
      made.disabled = !isOpen();
    }
    if (chooser) for (const box of $$("input", chooser)) { box.checked = !run.parts || run.parts.includes(box.value); box.disabled = !isOpen(); }
    const args = data.params.flatMap(param => { const it = run.values.get(param.name); return it && given.has(param.name) ? ["--param", quote(`${param.name}=${it}`)] : param.default === null ? ["--param", `${param.name}=${mark(param.name)}`] : []; });
    if (data.components && data.components.choose) args.push("--since", mark("ref"));
    line.textContent = ["opsbook run", quote(data.source), ...args].join(" ");
    const due = data.reviewed && data.review_s && Date.parse(data.reviewed) + data.review_s * 1000;
    const last = runs.find(([id, it]) => it.closed && id !== sid);
    const notes = [];
    if (due && due < now) notes.push(say("overdue", new Date(due).toISOString().slice(0, 10)));
    if (!data.reviewed) notes.push(say("unreviewed"));
    if (last) notes.push(say("last", nameOf(last[1]), when(last[1].closed.t), say(`outcome.${last[1].closed.outcome}`), last[1].ticks.size));
    if (!store.keeps) notes.push(say("unkept"));
    alerts.replaceChildren(...owner, ...notes.map(text => make("li", {}, text)));
    alerts.hidden = !alerts.childElementCount;
    cards();
  };

  // Ticks of before there were runs become a run.
  try {
    const before = JSON.parse(localStorage.getItem(old));
    if (before && typeof before === "object") {
      const ticks = Object.entries(before).filter(([, t]) => Number.isFinite(t));
      const first = Math.min(...ticks.map(([, t]) => t));
      if (ticks.length) store.add("before", { op: "start", t: first - 1, name: say("before.runs") }, "old-start");
      ticks.forEach(([k, t]) => store.add("before", { op: "tick", k, t }, `old-${__md_hash(k) >>> 0}`));
    }
    localStorage.removeItem(old);
  } catch { /* What is no list of ticks has nothing to keep. */ }
  try { sid = sessionStorage.getItem(old); isChosen = sid !== null; } catch { /* As if there were none. */ }
  adopt();
  sid = sid || null;
  show();
  // What was ticked or typed before this script was there.
  for (const name of touched) {
    const box = name && leaves.find(leaf => leaf.key === name);
    if (box) { box.box.checked = true; box.box.dispatchEvent(new Event("change")); }
  }
  for (const { made } of inputs.values()) if (made.value && !run.values.has(made.getAttribute("data-ob-value"))) made.dispatchEvent(new Event("change"));
  return () => { stop.abort(); store.close(); clearTimeout(clock); };
});
