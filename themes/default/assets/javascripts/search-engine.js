// The search engine: from what was typed to results, over shards that are loaded when they are needed
// (`src/render/search/shards.rs` writes them). Runs in a worker, or in the page where it is on a disk;
// knows nothing of how results look.
const LETTER = "[\\p{Alphabetic}\\p{M}\\p{N}_]";
const RUN = new RegExp(`(?:--?|[.@$%])?${LETTER}+(?:[.\\-/:@+'’]{1,3}${LETTER}+)*[+#]{0,2}`, "gu");
const PUNCTUATION = /[.\-/:@+#$%_'’]/;
const SCRIPTS = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"].map(name => `\\p{Script=${name}}`).join("");
const SPACELESS = new RegExp(`[${SCRIPTS}ー々]+`, "gu");
const isSpaceless = term => new RegExp(SPACELESS.source, "u").test(term);
const ASCII = /^[\0-\x7f]*$/;
const LONGEST = 40;
// Without capitals, accents and compatibility forms.
const fold = text => ASCII.test(text) ? text.toLowerCase() : text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f\s]/g, "").toLowerCase().normalize("NFC");
const cut = term => term.length > LONGEST ? [...term].slice(0, LONGEST).join("") : term;

// The words of a text, as `src/render/search/words.rs` has them, each with its place in the text.
function wordsOf(text) {
  const found = [];
  let at = 0;
  const push = (term, start, end, piece) => { found.push({ term, at, piece, start, end }); at += 1; };
  for (const hit of text.matchAll(RUN)) {
    const run = hit[0];
    const [before, first] = [at, found.length];
    let parts = 0;
    let offset = hit.index;
    for (const part of run.split(PUNCTUATION)) {
      if (part) {
        parts += 1;
        const pieces = part.split(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/);
        const piece = pieces.length > 1;
        if (piece) found.push({ term: cut(fold(part)), at, piece: false, start: offset, end: offset + part.length });
        let start = offset;
        for (const raw of pieces) {
          const folded = fold(raw);
          // Where folding keeps the length, each character is at its place; else the piece is marked whole.
          const exact = folded.length === raw.length;
          const place = (from, to) => exact ? [start + from, start + to] : [start, start + raw.length];
          let rest = 0;
          const plain = (from, to) => { if (to > from) push(cut(folded.slice(from, to)), ...place(from, to), piece); };
          for (const spaceless of folded.matchAll(SPACELESS)) {
            plain(rest, spaceless.index);
            const letters = [...spaceless[0]];
            let from = spaceless.index;
            letters.forEach((letter, index) => {
              const pair = letter + (letters[index + 1] || "");
              push(pair, ...place(from, from + pair.length), false);
              from += letter.length;
            });
            rest = from;
          }
          plain(rest, folded.length);
          start += raw.length;
        }
      }
      offset += part.length + 1;
    }
    const bare = parts === 1 && !PUNCTUATION.test(run[0]) && !PUNCTUATION.test(run[run.length - 1]);
    const whole = bare || !parts ? "" : fold(run);
    if (whole && [...whole].length <= LONGEST) found.splice(first, 0, { term: whole, at: before, piece: false, start: hit.index, end: hit.index + run.length });
  }
  return found;
}

// Endings that a word has in one form and not in another. Two words are forms of one where they differ
// in their endings only; a letter that is doubled before an ending counts as the ending's.
const ENDINGS = {
  en: "s es ed ing er ers or ors ion ions ation ations ment ments ly able ible ability ity al e y ies ied ying ive ization ize izes ized izing ise ised ising ance ence ent ant ness",
  de: "e en er es em n s ern ens ung ungen t te ten lich keit heit",
  fr: "s e es ent er ez ee ees x aux al ation ations ement ements ant ante ants",
  es: "s es a o as os ar er ir cion ciones ando iendo ado ada ados adas mente",
  pt: "s es a o as os ar er ir cao coes ando endo ado ada ados adas mente oes ao",
  it: "a e i o are ere ire zione zioni ando endo ato ata ati ate mente",
  nl: "s en e n er ers t d de te ing ingen lijk",
  sv: "a ar er or en et na n t s ade at ning ningar",
  da: "e er en et ene erne s ede ing inger",
  no: "e er en et ene a s ede ing inger",
  ru: "а я ы и у ю е о ой ей ом ем ам ям ами ями ах ях ов ев ый ий ая яя ое ее ые ие ого его ому ему ую ть л ла ло ли ет ют ит ят ание ания ение ения",
  uk: "а я и і у ю е о ою ею ом ем ам ям ами ями ах ях ів ий ій ого ому ти ла ло ли ить ють ання ення",
  pl: "a y i e o u ow om ami ach em ie ego emu ych ym",
  tr: "lar ler i u in un a e da de dan den la le",
  fi: "a n t ta ssa sta lla lta lle en in ja ien",
  hu: "k t ok ek ak ban ben nak nek val vel ra re",
};

// One insertion, deletion, exchange or swap away.
function isNear(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  let from = 0;
  while (from < one.length && one[from] === other[from]) from += 1;
  const [a, b] = [one.slice(from), other.slice(from)];
  return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1) || (a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2));
}

// Numbers as the shards hold them: five bits in a character, the sixth where more follow.
const DIGIT = new Uint8Array(128);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].forEach((digit, value) => { DIGIT[digit.charCodeAt(0)] = value; });
function reader(text, start = 0) {
  const read = () => {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const digit = DIGIT[text.charCodeAt(read.at)];
      read.at += 1;
      value |= (digit & 31) << shift;
      if (digit < 32) return value;
    }
  };
  read.at = start;
  // Over so many numbers.
  read.skip = count => { while (count > 0) { if (DIGIT[text.charCodeAt(read.at)] < 32) count -= 1; read.at += 1; } };
  return read;
}
function numbers(text) {
  const read = reader(text);
  const found = [];
  while (read.at < text.length) found.push(read());
  return found;
}
const sums = steps => { let sum = 0; return steps.map(step => sum += step); };
// The last index of a sorted list whose value is not above another one; -1 where all are.
function lastUpTo(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) { const middle = (low + high) >> 1; if (list[middle] <= value) low = middle + 1; else high = middle; }
  return low - 1;
}

// What a word in a title of so many words counts; one in a text counts 1 at most.
const IN_TITLE = [0, 5.2, 4.4, 3.8, 3.3, 3, 2.7, 2.4];
// How many pages are weighed in full.
const WEIGHED = 500;
class Stale extends Error {}
// How much more an entry counts that is the page itself.
const FIRST = 1.5;
// How much more a page counts when twice as many of its entries fit.
const MASS = 0.06;
// How many characters of a text are looked at for an excerpt.
const SEEN = 40000;
// How many entries of a page are shown at first.
const SHOWN = 3;

// `load(name, digest)` gives a promise of a shard: its content, and the digest that it says of itself.
function makeEngine(load) {
  let opened = null;
  const shards = new Map();
  const fetched = async (name, digest) => {
    const [content, own] = await load(name, digest);
    // The site was published anew while this page was open.
    if (digest && own !== digest) throw new Stale(name);
    return content;
  };
  const afresh = () => { opened = null; shards.clear(); kept.clear(); };
  const shard = (root, kind, index) => {
    const name = index === undefined ? kind : `${kind}-${index}`;
    if (!shards.has(name)) {
      if (shards.size > 300) shards.delete(shards.keys().next().value);
      const place = kind === "near" ? root.near.indexOf(index) : index || 0;
      const loading = fetched(name, root.digests[kind].slice(4 * place, 4 * place + 4));
      shards.set(name, kind === "words" ? loading.then(lines) : loading);
      loading.catch(() => shards.delete(name));
    }
    return shards.get(name);
  };
  const lines = text => {
    const all = text.split(" ");
    const [terms, places] = [[], []];
    for (let at = 0; at < all.length; at += 2) { terms.push(all[at]); places.push(all[at + 1]); }
    return { terms, places };
  };
  function open() {
    if (!opened) {
      opened = fetched("root", "").then(root => {
        const counts = numbers(root.pages);
        root.starts = sums([0, ...counts]);
        root.total = root.starts.pop();
        root.ends = [...root.starts.slice(1), root.total];
        root.firsts = root.words ? root.words.split(" ") : [];
        root.textStarts = sums(numbers(root.texts));
        root.frequents = root.frequent.split(" ");
        root.boost = new Map(root.boosts);
        const languages = [].concat(root.lang).map(lang => ENDINGS[String(lang).slice(0, 2)]).filter(Boolean);
        root.endings = new Set(languages.join(" ").split(" "));
        root.endings.add("");
        return root;
      });
      opened.catch(() => { opened = null; });
    }
    return opened;
  }

  // The words that begin with a prefix, with their places; null where they are too many to look at.
  async function beginning(root, prefix, most) {
    const first = Math.max(0, lastUpTo(root.firsts, prefix));
    const last = lastUpTo(root.firsts, `${prefix}\uffff`);
    if (last - first >= most) return null;
    const found = [];
    const asked = [];
    for (let index = first; index <= last; index += 1) asked.push(shard(root, "words", index));
    for (const { terms, places } of await Promise.all(asked)) {
      let at = lastUpTo(terms, prefix);
      if (at < 0 || terms[at] < prefix) at += 1;
      for (; at < terms.length && terms[at].startsWith(prefix); at += 1) found.push([terms[at], places[at]]);
    }
    return found;
  }
  async function placesOf(root, term) {
    const index = lastUpTo(root.firsts, term);
    if (index < 0) return null;
    const { terms, places } = await shard(root, "words", index);
    const at = lastUpTo(terms, term);
    return at >= 0 && terms[at] === term ? places[at] : null;
  }

  // How near two forms of a word are; 0 where they are none.
  function kinship(root, word, other) {
    let same = 0;
    while (same < word.length && word[same] === other[same]) same += 1;
    if (same < 3) return 0;
    const ends = (rest, last) => root.endings.has(rest) || (rest.length > 1 && rest[0] === last && root.endings.has(rest.slice(1)));
    for (let stem = same; stem >= Math.max(3, same - 1); stem -= 1) {
      const [a, b] = [word.slice(stem), other.slice(stem)];
      if (ends(a, word[stem - 1]) && ends(b, other[stem - 1])) return a.length < 3 && b.length < 3 ? 0.9 : 0.7;
    }
    return 0;
  }
  function root3(root, word) {
    for (let end = 3; end < word.length; end += 1) if (root.endings.has(word.slice(end))) return word.slice(0, end);
    return word;
  }

  // All words of the site that a typed word stands for: [word, places, weight].
  async function expand(root, word) {
    const { term } = word;
    const found = new Map();
    const add = (other, places, weight) => { if (places && (!found.has(other) || found.get(other)[1] < weight)) found.set(other, [places, weight]); };
    add(term, await placesOf(root, term), 1);
    if (word.pair && term.length > 1) return found;
    const simple = /^[\p{L}\p{M}]+$/u.test(term);
    if (simple && !word.pair && term.length > 2) {
      for (const [other, places] of await beginning(root, root3(root, term), 4) || []) {
        const kin = other === term ? 0 : kinship(root, term, other);
        if (kin) add(other, places, kin);
      }
    }
    if (word.open || word.pair || /\p{Script=Hangul}/u.test(term)) {
      let longer = await beginning(root, term, 3);
      if (!longer) longer = await Promise.all(root.frequents.filter(other => other.startsWith(term)).slice(0, term.length < 2 ? 2 : 5).map(async other => [other, await placesOf(root, other)]));
      longer = longer.filter(([other, places]) => places && other !== term).map(([other, places]) => [other, places, reader(places)()]);
      longer.sort((a, b) => b[2] - a[2]);
      word.completions = longer.map(([other]) => other);
      let left = 20000;
      for (const [other, places, count] of longer.slice(0, 30)) {
        add(other, places, 0.35 + 0.45 * term.length / other.length);
        if ((left -= count) < 0) break;
      }
    }
    if (!found.size && simple && !word.extra && term.length >= 5) {
      const lengths = [term.length, term.length + 1, term.length - 1].filter(length => root.near.includes(length));
      const lists = await Promise.all(lengths.map(length => shard(root, "near", length)));
      const near = lists.flatMap(list => list.split(" ").filter(other => isNear(term, other)).slice(0, 3));
      // The first letter is the one that is typed right most often.
      near.sort((a, b) => (b[0] === term[0]) - (a[0] === term[0]));
      for (const other of near.slice(0, 3)) add(other, await placesOf(root, other), 0.6);
      if (found.size) word.instead = [...found.keys()][0];
    }
    return found;
  }

  // What was typed, as words: `open` is one that may go on, `extra` one that others say already,
  // `phrase` the number of the quotation that it stands in.
  function parse(text) {
    const words = [];
    const parts = text.split('"');
    parts.forEach((part, index) => {
      const found = wordsOf(part);
      const quoted = index % 2 === 1 && index < parts.length - 1;
      const end = quoted || index < parts.length - 1 ? -1 : part.length;
      found.forEach((word, at) => {
        const extra = at + 1 < found.length && found[at + 1].at === word.at;
        const pair = isSpaceless(word.term);
        // The last letter of several is in the pair before it.
        if (pair && [...word.term].length === 1 && at && found[at - 1].at === word.at - 1 && [...found[at - 1].term].length === 2 && found[at - 1].term.endsWith(word.term)) return;
        // `-word` leaves out what has the word, but for the first one, and for short flags.
        const dashed = at > 0 && found[at - 1].at === word.at && /^-[^-]./.test(found[at - 1].term);
        const minus = !quoted && dashed && words.length > 1;
        words.push({ term: word.term, at: word.at, extra, pair, open: word.end === end, quoted: quoted ? index : 0, minus, start: word.start });
      });
    });
    return words;
  }

  // Reads where the forms of a word stand: what it counts in each entry and at most in each page.
  function weigh(root, forms) {
    const own = new Float32Array(root.total);
    const lists = [];
    let many = 0;
    for (const [places, weight] of forms.values()) {
      let at = 0;
      const next = () => {
        let digit = DIGIT[places.charCodeAt(at++)];
        let value = digit & 31;
        for (let shift = 5; digit > 31; shift += 5) {
          digit = DIGIT[places.charCodeAt(at++)];
          value |= (digit & 31) << shift;
        }
        return value;
      };
      const count = next();
      const [entries, offsets] = [new Int32Array(count), new Int32Array(count)];
      let entry = 0;
      for (let index = 0; index < count; index += 1) {
        entry += next();
        const head = next();
        entries[index] = entry;
        offsets[index] = at;
        for (let left = next(); left > 0; left -= 1) while (DIGIT[places.charCodeAt(at++)] > 31) ;
        const value = weight * ((head & 15) / 15 + IN_TITLE[head >> 4] * root.title);
        if (!own[entry]) many += 1;
        if (value > own[entry]) own[entry] = value;
      }
      lists.push({ places, entries, offsets });
    }
    const best = new Float32Array(root.starts.length);
    for (const { entries } of lists) {
      let page = 0;
      for (const entry of entries) {
        while (entry >= root.ends[page]) page += 1;
        if (own[entry] > best[page]) best[page] = own[entry];
      }
    }
    return { own, best, lists, rarity: Math.log(1 + (root.total - many + 0.5) / (many + 0.5)) };
  }
  // While a query is typed, most of its words stay as they are.
  const kept = new Map();
  async function weighed(root, word) {
    const key = `${word.term} ${word.open} ${word.pair} ${word.extra}`;
    if (!kept.has(key)) {
      const forms = await expand(root, word);
      if (kept.size > 15) kept.delete(kept.keys().next().value);
      kept.set(key, { forms, ...weigh(root, forms), completions: word.completions, instead: word.instead });
    }
    const found = kept.get(key);
    return { ...found, word: { ...word, completions: found.completions, instead: found.instead } };
  }
  // Where a word stands in an entry.
  function spots({ lists }, entry) {
    const found = new Set();
    for (const { places, entries, offsets } of lists) {
      const index = lastUpTo(entries, entry);
      if (index < 0 || entries[index] !== entry) continue;
      const read = reader(places, offsets[index]);
      let at = 0;
      for (let left = read(); left > 0; left -= 1) found.add(at += read());
    }
    return found;
  }
  // Whether words stand in an entry in a row, as they were typed.
  function inRow(list, entry) {
    if (!list.every(({ own }) => own[entry])) return false;
    const all = list.map(one => spots(one, entry));
    return [...all[0]].some(spot => list.every(({ word }, index) => all[index].has(spot + word.at - list[0].word.at)));
  }
  // Which share of neighbours of the query are neighbours in an entry.
  function closeness(list, entry) {
    const all = list.map(one => one.own[entry] ? spots(one, entry) : new Set());
    let near = 0;
    for (let index = 1; index < list.length; index += 1) {
      const way = list[index].word.at - list[index - 1].word.at;
      let best = 0;
      for (const spot of all[index - 1]) {
        if (all[index].has(spot + way)) { best = 1; break; }
        if (all[index].has(spot + way + 1) || all[index].has(spot - way)) best = 0.5;
      }
      near += best;
    }
    return near / (list.length - 1);
  }

  async function allowed(root, filters) {
    const asked = Object.entries(filters || {}).filter(([, value]) => value);
    if (!asked.length || !root.digests.facets) return null;
    const facets = await shard(root, "facets");
    let pages = null;
    let steps = null;
    for (const [name, value] of asked) {
      if (name === "step") { steps = new Set(sums(numbers(facets.steps))); continue; }
      const values = facets.pages[name] || {};
      const list = new Set((value === "*" ? Object.values(values) : [values[value] || ""]).flatMap(list => sums(numbers(list))));
      pages = pages ? new Set([...pages].filter(page => list.has(page))) : list;
    }
    return { page: page => !pages || pages.has(page), entry: entry => !steps || steps.has(entry) };
  }

  // All pages that fit, the best first, and what of each: [{ entry, missing }].
  async function rank(text, filters) {
    const root = await open();
    const filter = await allowed(root, filters);
    const list = await Promise.all((text.trim().length < root.shortest ? [] : parse(text)).map(word => weighed(root, word)));
    // A dash before a word leaves its entries out, unless the site has the word with the dash (`-xzf`).
    const banned = list.filter(({ word }, index) => word.minus && !list[index - 1].forms.size);
    const counted = list.filter(({ forms, word }) => !banned.some(one => one.word.at === word.at) && (!word.extra || forms.size));
    const needed = counted.filter(({ word }) => !word.extra);
    const phrases = [...new Set(needed.map(({ word }) => word.quoted).filter(Boolean))].map(quoted => needed.filter(({ word }) => word.quoted === quoted));
    const most = needed.reduce((sum, { rarity }) => sum + rarity, 0) || 1;
    const n = counted.length;
    const owns = counted.map(({ own }) => own);
    const everywhere = counted.map(({ best }) => best);
    const rarities = counted.map(({ rarity }) => rarity);
    const isNeeded = counted.map(({ word }) => !word.extra);
    const scores = new Float64Array(root.total);
    const bests = new Float64Array(root.starts.length);
    const masses = new Float64Array(root.starts.length);
    const isLeftOut = entry => (filter && !filter.entry(entry)) || banned.some(({ own }) => own[entry]) || phrases.some(phrase => !inRow(phrase, entry));
    const isWhole = !filter && !banned.length && !phrases.length;
    const score = page => {
      const [first, end, boost] = [root.starts[page], root.ends[page], root.boost.get(page) || 1];
      let best = 0;
      for (let entry = first; entry < end; entry += 1) {
        let [sum, share, titled, hits] = [0, 0, 0, 0];
        for (let index = 0; index < n; index += 1) {
          const value = owns[index][entry];
          // A word that stands elsewhere on the page counts less.
          const worth = Math.max(value, 0.4 * everywhere[index][page]);
          sum += rarities[index] * worth;
          if (value) hits += 1;
          if (!worth || !isNeeded[index]) continue;
          share += rarities[index] * (value ? 1 : 0.75);
          if (value >= 2) titled += 1;
        }
        if ((n && !hits) || (!isWhole && isLeftOut(entry))) continue;
        share /= most;
        let value = n ? sum * share * share * boost : 1;
        if (entry === first) value *= FIRST;
        if (titled === needed.length) value *= 1.2;
        scores[entry] = value;
        if (value > best) best = value;
      }
      let fitting = 0;
      for (let entry = first; entry < end; entry += 1) if (scores[entry] > best / 4) fitting += 1;
      masses[page] = 1 + MASS * Math.log2(fitting || 1);
      bests[page] = best * masses[page];
    };
    let pages = [];
    for (let page = 0; page < bests.length; page += 1) {
      if (filter ? !filter.page(page) : !n) continue;
      // What the page's entries cannot exceed by much.
      let bound = n ? 0 : 1;
      for (let index = 0; index < n; index += 1) bound += rarities[index] * everywhere[index][page];
      bests[page] = bound * (root.boost.get(page) || 1);
      if (bests[page]) pages.push(page);
    }
    // Of very many pages only those are weighed in full that can come to the top.
    let others = [];
    if (isWhole && pages.length > WEIGHED) {
      const least = Float64Array.from(pages, page => bests[page]).sort()[pages.length - WEIGHED];
      const high = pages.filter(page => bests[page] >= least);
      others = [...high.slice(4 * WEIGHED), ...pages.filter(page => bests[page] < least)];
      pages = high.slice(0, 4 * WEIGHED);
    }
    pages.forEach(score);
    pages = pages.filter(page => bests[page]);
    const order = (a, b) => bests[b] - bests[a] || a - b;
    pages.sort(order);
    if (needed.length > 1) {
      // How near the words stand is looked at where it can change what is seen first.
      const top = pages.splice(0, 50);
      for (const page of top) {
        const least = 0.7 * bests[page] / masses[page];
        for (let entry = root.starts[page]; entry < root.ends[page]; entry += 1) {
          if (scores[entry] > least) scores[entry] *= 1 + 0.6 * closeness(needed, entry);
          bests[page] = Math.max(bests[page], scores[entry] * masses[page]);
        }
      }
      pages.unshift(...top.sort(order));
    }
    pages.push(...others);
    const entriesOf = page => {
      const found = [];
      if (!masses[page]) score(page);
      for (let entry = root.starts[page]; entry < root.ends[page]; entry += 1) if (scores[entry]) found.push(entry);
      found.sort((a, b) => scores[b] - scores[a] || a - b);
      const missing = entry => needed.filter(({ own, best }) => !own[entry] && !best[page]).map(({ word }) => word.term);
      return found.map(entry => ({ entry, missing: missing(entry) }));
    };
    return { root, list, pages, entriesOf };
  }

  // Text in pieces: [text, 1 where it was searched for | 2 where it is code].
  function pieces(text, marks, from, to) {
    const found = [];
    let code = 0;
    for (let at = text.indexOf("\x7f"); at >= 0 && at < from; at = text.indexOf("\x7f", at + 1)) code ^= 2;
    const add = (start, end, mark) => {
      text.slice(start, end).split("\x7f").forEach((part, index) => { if (index) code ^= 2; if (part) found.push([part, mark | code]); });
    };
    let at = from;
    for (const [start, end] of marks) {
      if (end <= at || start >= to) continue;
      add(at, Math.max(at, start), 0);
      add(Math.max(at, start), Math.min(end, to), 1);
      at = Math.min(end, to);
    }
    add(at, to, 0);
    return found;
  }
  function show(text, meanings, width) {
    const hits = wordsOf(text.slice(0, SEEN)).filter(word => meanings.has(word.term));
    const marks = hits.map(({ start, end }) => [start, end]).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
    if (!width || text.length <= width) return pieces(text, marks, 0, text.length);
    // Where most of what was searched for stands together.
    let [best, start, value, behind] = [0, 0, 0, 0];
    const seen = new Map();
    for (const hit of hits) {
      const { word, rarity } = meanings.get(hit.term);
      if (!seen.get(word)) value += rarity;
      seen.set(word, (seen.get(word) || 0) + 1);
      for (; hit.end > hits[behind].start + width - 60 && hits[behind] !== hit; behind += 1) {
        const gone = meanings.get(hits[behind].term);
        seen.set(gone.word, seen.get(gone.word) - 1);
        if (!seen.get(gone.word)) value -= gone.rarity;
      }
      if (value > best + 1e-6) [best, start] = [value, hits[behind].start];
    }
    let from = start > 60 ? Math.max(0, text.lastIndexOf(" ", start - 40) + 1, start - 90) : 0;
    if (from && text.charCodeAt(from) >= 0xdc00 && text.charCodeAt(from) < 0xe000) from -= 1;
    const to = Math.min(text.length, from + width);
    const found = pieces(text, marks, from, to);
    if (from) found.unshift(["… ", 0]);
    if (to < text.length) found.push([" …", 0]);
    return found;
  }

  // What is shown of pages: of each so many entries, from one on.
  async function shown({ root, list, entriesOf }, pages, from, count) {
    const meanings = new Map();
    for (const { word, forms, rarity } of list) for (const term of forms.keys()) if (!meanings.has(term) || !word.extra) meanings.set(term, { word: word.term, rarity });
    return Promise.all(pages.map(async page => {
      const all = entriesOf(page);
      const listed = all.slice(from, from + count);
      const place = entry => lastUpTo(root.textStarts, entry);
      const loaded = new Map();
      await Promise.all([...new Set(listed.map(({ entry }) => place(entry)))].map(async index => loaded.set(index, await shard(root, "texts", index))));
      const [, url, title, path, tags] = [...loaded.values()].flatMap(([infos]) => infos).find(([of]) => of === page);
      const entries = listed.map(({ entry, missing }) => {
        const index = place(entry);
        const [anchor, heading, text, step] = loaded.get(index)[1][entry - root.textStarts[index]];
        return { url: anchor ? `${url}#${anchor}` : url, title: entry === root.starts[page] ? null : show(heading, meanings, 0), text: show(text, meanings, 260), missing, step: !!step };
      });
      return { page, url, title: show(title, meanings, 0), path, tags, entries, more: all.length - from - listed.length };
    }));
  }

  let ranked = null;
  let newest = 0;
  return {
    open,
    rank,
    // What can be chosen: { name: [value, …] }, and whether there are steps.
    async facets() {
      const root = await open();
      if (!root.digests.facets) return null;
      const { pages, steps } = await shard(root, "facets");
      return { values: Object.fromEntries(Object.entries(pages).map(([name, values]) => [name, Object.keys(values)])), steps: steps.length > 0 };
    },
    // Answers the newest question; null where a newer one came in between.
    async search({ text, filters, count }) {
      const own = ++newest;
      const found = await rank(text, filters).catch(error => {
        if (!(error instanceof Stale)) throw error;
        afresh();
        return rank(text, filters);
      });
      if (own !== newest) return null;
      ranked = found;
      const groups = await shown(found, found.pages.slice(0, count), 0, SHOWN);
      if (own !== newest) return null;
      const words = found.list.map(({ word }) => word);
      const last = words[words.length - 1];
      const completion = last && last.open && last.completions && last.completions[0];
      // What the page that is found marks: what was typed, or what was taken for it.
      const terms = [...new Set(words.filter(word => !word.minus && !word.pair).map(word => word.instead || word.term))];
      const spaceless = words.some(word => word.pair) ? text.match(SPACELESS) || [] : [];
      return {
        total: found.pages.length, groups, terms: [...terms, ...spaceless],
        suggestion: completion ? text.slice(0, text.length - last.term.length) + completion : "",
        instead: words.filter(word => word.instead).map(word => word.instead),
      };
    },
    // More pages of the last answer, and the entries of a page that were not shown.
    async further({ from, count }) { return ranked ? shown(ranked, ranked.pages.slice(from, from + count), 0, SHOWN) : []; },
    async rest({ page }) { return ranked ? (await shown(ranked, [page], SHOWN, 40))[0].entries : []; },
  };
}

globalThis.opsbookEngine = { makeEngine, wordsOf, fold, isNear };
// In a worker: the first message says where the shards are, each other one asks.
if (typeof WorkerGlobalScope !== "undefined") {
  let engine = null;
  onmessage = ({ data }) => {
    if (data.base) {
      engine = makeEngine(async (name, digest) => {
        const answer = await fetch(`${data.base}${name}.js${digest && `?${digest}`}`, digest ? {} : { cache: "no-cache" });
        if (!answer.ok) throw new Error(String(answer.status));
        const text = await answer.text();
        return JSON.parse(`[${text.slice(text.indexOf(",") + 1, text.lastIndexOf(")"))}]`);
      });
      return;
    }
    engine[data.ask](data).then(answer => postMessage({ id: data.id, answer }), error => postMessage({ id: data.id, error: String(error) }));
  };
}
