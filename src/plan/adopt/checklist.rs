//! The checklist that is proposed for a page: its boxes and blocks in order, by the page's sections.

use super::quoted;
use crate::markdown::{Document, Element, Node, plain_text, walk};
use crate::runbook::slug;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// More items than this between two pauses are more than people keep in mind (RB106).
const MANY: usize = 9;

/// The longest sentence that says what a block is for.
const LONG: usize = 100;

/// A page's headings, code blocks and instructions in order.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) headings: Vec<Heading>,
    pub(super) codes: Vec<CodePlace>,
    pub(super) told: Vec<Told>,
    /// How many sentences tell somebody to do something and are no items: they stand behind another one.
    pub(super) n_untold: usize,
}

/// Something that the prose tells somebody to do.
pub(super) struct Told {
    pub(super) at: usize,
    pub(super) text: String,
}

/// A heading.
pub(super) struct Heading {
    level: u8,
    pub(super) title: String,
    anchor: Option<String>,
    at: usize,
}

/// Where a code block stands.
pub(super) struct CodePlace {
    pub(super) at: usize,
    /// The sentence right above it that says what it is for.
    pub(super) lead: Option<String>,
    /// All of the text right above it.
    pub(super) above: String,
    /// The heading above it, as an index.
    pub(super) heading: Option<usize>,
    /// Where the set of tabs begins that it stands in.
    pub(super) tabs: Option<usize>,
}

impl Outline {
    pub(super) fn of(document: &Document) -> Outline {
        let mut out = Outline::default();
        let (mut lead, mut above) = (None, String::new());
        // The instruction that stands right above: it is the block's, where one follows.
        let mut pending: Option<usize> = None;
        let mut tabs: BTreeMap<usize, usize> = BTreeMap::new();
        let mut numbered: BTreeSet<usize> = BTreeSet::new();
        walk(&document.body, &mut |node| match node {
            Node::Element(element) if element.heading_level().is_some() => {
                (lead, pending) = (None, None);
                above.clear();
                out.headings.push(Heading {
                    level: element.heading_level().unwrap_or(1),
                    title: spaced(&plain_text(&without_permalink(element))),
                    anchor: element.attrs.get("id").map(str::to_owned),
                    at: element.span.range().start,
                });
            }
            Node::Element(element) if element.is(&["p"]) => {
                let own = element.children.iter().take_while(|node| !matches!(node, Node::Code(_))).count();
                let is_label = element.attrs.has_class("admonition-title");
                let at = element.span.range().start;
                above = spaced(&plain_text(&element.children[..own]));
                let in_order = numbered.remove(&at);
                lead = if is_label { None } else { sentence(&above).or_else(|| word(&above).filter(|_| in_order)) };
                pending = if is_label { None } else { out.tell(at, &above, in_order) };
            }
            Node::Element(element) if element.is(&["li", "dd"]) => {
                let own = element.children.iter().take_while(|node| is_inline(node)).count();
                let at = element.span.range().start;
                above = spaced(&plain_text(&element.children[..own]));
                let in_order = numbered.remove(&at);
                lead = sentence(&above).or_else(|| word(&above).filter(|_| in_order));
                let first = element.children.iter().find_map(Node::as_element).filter(|first| first.is(&["p"]));
                // A loose item's text stands in its first paragraph.
                if let (true, Some(first)) = (in_order && above.is_empty(), first) {
                    numbered.insert(first.span.range().start);
                }
                let is_box = element.attrs.has_class("task-list-item");
                pending = if is_box { None } else { out.tell(at, &above, in_order) };
            }
            Node::Element(element) if element.is(&["ol"]) => {
                let items = element.children.iter().filter_map(Node::as_element);
                numbered.extend(items.map(|item| item.span.range().start));
            }
            // One tab is no choice.
            Node::Element(element) if element.attrs.has_class("tabbed-set") && n_labels(element) > 1 => {
                walk(&element.children, &mut |node| {
                    if let Node::Code(code) = node {
                        tabs.insert(code.span.range().start, element.span.range().start);
                    }
                });
            }
            Node::Code(code) => {
                let heading = out.headings.len().checked_sub(1);
                let at = code.span.range().start;
                if lead.is_some()
                    && let Some(told) = pending.take()
                {
                    out.told.truncate(told);
                }
                let (lead, above, tabs) = (lead.take(), std::mem::take(&mut above), tabs.get(&at).copied());
                out.codes.push(CodePlace { at, lead, above, heading, tabs });
            }
            _ => {}
        });
        out
    }

    /// Takes in what a paragraph or an item of a list tells somebody to do. Returns which of the
    /// instructions it is.
    fn tell(&mut self, at: usize, text: &str, numbered: bool) -> Option<usize> {
        let mut sentences = sentences(text);
        let first = sentences.next()?;
        let told = numbered || tells(first);
        self.n_untold += sentences.filter(|sentence| tells(sentence)).count();
        if !told {
            return None;
        }
        let text: String = first.trim_end_matches(['.', ':', '!']).chars().take(LONGEST).collect();
        if !text.contains(char::is_alphabetic) {
            return None;
        }
        self.told.push(Told { at, text });
        Some(self.told.len() - 1)
    }

    /// Says for each block that is one of several ways, or that is only for a case, what a person
    /// chooses from there: a list that is followed to its end must not go all of the ways.
    pub(super) fn choices(&self) -> BTreeMap<usize, String> {
        let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        let mut add = |key: (usize, usize), index: usize| {
            let members = groups.entry(key).or_default();
            if !members.contains(&index) {
                members.push(index);
            }
        };
        for (index, code) in self.codes.iter().enumerate() {
            let before = index.checked_sub(1).filter(|before| self.codes[*before].heading == code.heading);
            let words = code.above.to_lowercase();
            let first = words.split(|ch: char| !ch.is_alphanumeric()).next().unwrap_or_default();
            if let Some(set) = code.tabs {
                add((set, 0), index);
            }
            for heading in self.path(code.at) {
                if is_choice(&self.headings[heading].title) {
                    let above = self.path(code.at).into_iter().take_while(|above| *above != heading).last();
                    add((above.map_or(0, |above| self.headings[above].at), 1), index);
                }
            }
            if ["or", "alternatively", "otherwise", "instead"].contains(&first) || words.contains("either ") {
                let of = before.unwrap_or(index);
                add((self.codes[of].at, 2), of);
                add((self.codes[of].at, 2), index);
            }
            if ["if", "unless"].contains(&first) || words.starts_with("in case") {
                add((code.at, 3), index);
            }
            if first == "to" {
                let purposes = self.codes.iter().enumerate().filter(|(_, other)| {
                    other.heading == code.heading && other.above.to_lowercase().starts_with("to ")
                });
                let purposes: Vec<usize> = purposes.map(|(index, _)| index).collect();
                if purposes.len() > 1 {
                    let key = (self.codes[purposes[0]].at, 4);
                    purposes.into_iter().for_each(|index| add(key, index));
                }
            }
        }
        let mut out = BTreeMap::new();
        for members in groups.into_values() {
            let mut names: Vec<String> = Vec::new();
            for index in &members {
                let code = &self.codes[*index];
                let heading = code.heading.map(|heading| self.headings[heading].title.clone());
                names.extend(code.lead.clone().or(heading).filter(|name| !names.contains(name)));
            }
            let text = if names.len() > 1 {
                format!("Choose what applies: {}", names.join("; "))
            } else {
                format!("Only where it applies: {}", names.concat())
            };
            let text: String = text.chars().take(LONGEST).collect();
            for index in members {
                out.entry(index).or_insert_with(|| text.clone());
            }
        }
        out
    }

    /// The headings that a place stands below, outermost first.
    pub(super) fn path(&self, at: usize) -> Vec<usize> {
        let mut path: Vec<usize> = Vec::new();
        for (index, heading) in self.headings.iter().enumerate().take_while(|(_, heading)| heading.at <= at) {
            path.retain(|above| self.headings[*above].level < heading.level);
            path.push(index);
        }
        path
    }
}

fn n_labels(tabs: &Element) -> usize {
    let mut n_labels = 0;
    walk(&tabs.children, &mut |node| {
        n_labels += usize::from(node.as_element().is_some_and(|element| element.is(&["label"])));
    });
    n_labels
}

fn without_permalink(heading: &Element) -> Vec<Node> {
    let permalink = |node: &&Node| !node.as_element().is_some_and(|link| link.attrs.has_class("headerlink"));
    heading.children.iter().filter(permalink).cloned().collect()
}

fn is_inline(node: &Node) -> bool {
    match node {
        Node::Element(element) => element.is(&["a", "strong", "em", "b", "i", "code", "mark", "del", "sub", "sup"]),
        Node::Text(_) | Node::CodeSpan(_) | Node::Icon(_) => true,
        Node::Raw(_) | Node::Code(_) => false,
    }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest text of an item.
const LONGEST: usize = 200;

/// Words that begin an instruction.
const VERBS: &[&str] = &[
    "acknowledge",
    "add",
    "announce",
    "apply",
    "approve",
    "ask",
    "assign",
    "attach",
    "back",
    "boot",
    "browse",
    "build",
    "call",
    "cancel",
    "change",
    "check",
    "choose",
    "clean",
    "clear",
    "click",
    "clone",
    "close",
    "comment",
    "commit",
    "compare",
    "confirm",
    "connect",
    "contact",
    "copy",
    "create",
    "cut",
    "deactivate",
    "decide",
    "delete",
    "deploy",
    "disable",
    "disconnect",
    "download",
    "drain",
    "edit",
    "email",
    "enable",
    "ensure",
    "enter",
    "escalate",
    "execute",
    "export",
    "fail",
    "fill",
    "find",
    "fix",
    "follow",
    "get",
    "give",
    "go",
    "grant",
    "identify",
    "import",
    "increase",
    "inform",
    "insert",
    "inspect",
    "install",
    "invalidate",
    "investigate",
    "invite",
    "join",
    "launch",
    "log",
    "login",
    "look",
    "make",
    "mark",
    "merge",
    "modify",
    "monitor",
    "mount",
    "move",
    "navigate",
    "note",
    "notify",
    "open",
    "page",
    "paste",
    "pause",
    "perform",
    "pick",
    "ping",
    "post",
    "prepare",
    "press",
    "promote",
    "provision",
    "publish",
    "pull",
    "purge",
    "push",
    "put",
    "reboot",
    "rebuild",
    "record",
    "reduce",
    "refresh",
    "register",
    "reload",
    "remove",
    "rename",
    "renew",
    "replace",
    "reply",
    "report",
    "request",
    "reset",
    "resize",
    "resolve",
    "restart",
    "restore",
    "resume",
    "retry",
    "revert",
    "review",
    "revoke",
    "rotate",
    "run",
    "save",
    "scale",
    "schedule",
    "search",
    "select",
    "send",
    "set",
    "share",
    "shut",
    "sign",
    "silence",
    "start",
    "stop",
    "submit",
    "switch",
    "take",
    "tag",
    "tell",
    "test",
    "trigger",
    "turn",
    "type",
    "uncomment",
    "uninstall",
    "unlock",
    "unmount",
    "update",
    "upgrade",
    "upload",
    "validate",
    "verify",
    "view",
    "visit",
    "wait",
    "watch",
    "write",
];

/// Words in front of such a verb.
const BEFORE_VERBS: &[&str] =
    &["also", "finally", "first", "lastly", "next", "now", "please", "second", "then", "third"];

/// The sentences of a text.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = [". ", "! ", "? "].iter().filter_map(|end| rest.find(end)).min().map_or(rest.len(), |at| at + 2);
        let (sentence, after) = rest.split_at(end);
        rest = after;
        Some(sentence.trim())
    })
}

/// Tells whether a text says that somebody goes to another machine, where what follows is typed.
pub(super) fn goes_in(text: &str) -> bool {
    let words = text.to_lowercase();
    let ways = [
        "log in to ",
        "log into ",
        "login to ",
        "ssh into ",
        "ssh to ",
        "exec into ",
        "rsh into ",
        "shell into ",
        "shell on ",
        "shell in ",
    ];
    ways.iter().any(|way| words.contains(way)) && !words.contains("console") && !words.contains("registry")
}

/// Tells whether a sentence tells somebody to do something.
fn tells(sentence: &str) -> bool {
    // `Note: …` is a label.
    if sentence.split_whitespace().next().is_some_and(|word| word.ends_with(':')) {
        return false;
    }
    let mut words = sentence.split_whitespace().map(|word| word.trim_matches([',', ':', '.', ';']).to_lowercase());
    let Some(mut first) = words.next() else { return false };
    while BEFORE_VERBS.contains(&first.as_str()) {
        let Some(next) = words.next() else { return false };
        first = next;
    }
    let follows = words.next().unwrap_or_default();
    let asks = ["must", "should", "need"].contains(&follows.as_str()) && ["you", "we"].contains(&first.as_str());
    // `Run time`, `Check is green`: a name and not an instruction.
    let named = ["is", "are", "was", "were", "has", "have", "will", "can", "of", "time", "-", "\u{2013}"];
    asks || VERBS.contains(&first.as_str()) && !follows.is_empty() && !named.contains(&follows.as_str())
}

/// Tells whether what stands below a heading is one of several ways, or for a case that may not come.
fn is_choice(title: &str) -> bool {
    let lower = title.to_lowercase();
    let words: Vec<&str> = lower.split(|ch: char| !ch.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // `3. Roll back` is called by its words.
    let words = if words.first().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        &words[1..]
    } else {
        &words[..]
    };
    let systems =
        ["linux", "macos", "mac", "windows", "ubuntu", "debian", "fedora", "centos", "rhel", "alpine", "arch"];
    match words {
        [] => false,
        [one] if systems.contains(one) => true,
        ["on" | "for", system, ..] if systems.contains(system) => true,
        ["option" | "alternative" | "method" | "variant" | "scenario" | "case" | "approach", which, ..] => {
            which.len() <= 2 || which.bytes().all(|byte| byte.is_ascii_digit())
        }
        [
            "alternatively" | "alternatives" | "if" | "troubleshooting" | "rollback" | "revert" | "undo" | "uninstall"
            | "backout",
            ..,
        ] => true,
        ["roll" | "rolling" | "back", "back" | "out", ..] => true,
        _ => false,
    }
}

/// The sentence that announces what stands below it: the last one before a colon, or the only one.
fn sentence(text: &str) -> Option<String> {
    let ends = |text: &str| [". ", "! ", "? "].iter().filter_map(|end| text.rfind(end)).max();
    let said = match text.strip_suffix(':') {
        Some(text) => text[ends(text).map_or(0, |at| at + 2)..].to_owned(),
        None if ends(text).is_none() => text.trim_end_matches('.').to_owned(),
        None => return None,
    };
    let said = said.trim().trim_end_matches(',');
    // One word, or a phrase that stands above anything, says nothing of the block.
    let empty = ["for example", "for instance", "like so", "then run", "and run", "next run", "or run"];
    (said.contains(' ') && !empty.contains(&said.to_lowercase().as_str()) && said.chars().count() <= LONG)
        .then(|| said.to_owned())
}

/// One word with a colon, which says what a block is for where it is an item of a numbered list: `2. Drain:`.
fn word(text: &str) -> Option<String> {
    let word = text.strip_suffix(':')?.trim();
    (word.contains(char::is_alphabetic) && !word.contains(' ')).then(|| word.to_owned())
}

/// An item that is proposed.
pub(super) struct Entry {
    /// Where what it is about stands in the page.
    pub(super) at: usize,
    /// The block that it runs; without one, a person does it.
    pub(super) step: Option<String>,
    pub(super) text: Option<String>,
    /// Whether it stands for a block that no machine can run.
    pub(super) by_hand: bool,
}

/// Items between two pauses.
struct Part<'e> {
    heading: Option<usize>,
    entries: &'e [(Entry, Vec<usize>)],
}

/// Writes the list under `checklist:`; the entries are in the page's order.
pub(super) fn write(outline: &Outline, entries: Vec<Entry>, anchors: &BTreeSet<String>) -> String {
    let entries: Vec<(Entry, Vec<usize>)> = entries
        .into_iter()
        .map(|entry| {
            let path = outline.path(entry.at);
            (entry, path)
        })
        .collect();
    let parts = divide(&entries, 0);
    // Groups that hold one item each tell no more than a short list does.
    let flat = parts.len() * 2 > entries.len() && entries.len() <= MANY;
    let parts = if flat { vec![Part { heading: None, entries: &entries }] } else { parts };
    let mut out = "checklist:\n".to_owned();
    let titled = |part: &Part<'_>| title(outline, part).map(slug);
    let loose = parts.iter().filter(|part| titled(part).is_none()).flat_map(|part| part.entries);
    let mut first = Names::of(loose.filter_map(|(entry, _)| entry.step.as_deref()));
    first.reserved.extend(parts.iter().filter_map(titled));
    for part in &parts {
        let Some(title) = title(outline, part) else {
            part.entries.iter().for_each(|entry| push(&mut out, "  ", outline, entry, anchors, &mut first));
            continue;
        };
        let _ = writeln!(out, "  - group: {}", quoted(title));
        if let Some(id) = first.of_group(&slug(title)) {
            let _ = writeln!(out, "    id: {id}");
        }
        out.push_str("    items:\n");
        let mut names = Names::of(part.entries.iter().filter_map(|(entry, _)| entry.step.as_deref()));
        part.entries.iter().for_each(|entry| push(&mut out, "      ", outline, entry, anchors, &mut names));
    }
    out
}

/// The ids of one list. Steps have theirs, groups and what people do get one from their words.
struct Names {
    /// Ids of steps and groups, which must stand once.
    reserved: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Names {
    fn of<'e>(steps: impl Iterator<Item = &'e str>) -> Names {
        Names { reserved: steps.map(str::to_owned).collect(), seen: BTreeSet::new() }
    }

    /// The id to write for a group, where its title makes none that is free.
    fn of_group(&mut self, derived: &str) -> Option<String> {
        if !derived.is_empty() && self.seen.insert(derived.to_owned()) {
            return None;
        }
        Some(self.free(if derived.is_empty() { "section" } else { derived }))
    }

    /// The id to write for an item, where the one that it gets from its words is taken. Words that
    /// repeat are numbered without being asked.
    fn of_text(&mut self, derived: &str) -> Option<String> {
        let derived = if derived.is_empty() { "item" } else { derived };
        let mut numbered = (2..).map(|number| format!("{derived}-{number}"));
        let given = if self.seen.contains(derived) {
            numbered.find(|id| !self.seen.contains(id)).expect("some number is free")
        } else {
            derived.to_owned()
        };
        if self.reserved.contains(&given) {
            return Some(self.free(derived));
        }
        self.seen.insert(given);
        None
    }

    fn free(&mut self, base: &str) -> String {
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let mut all = std::iter::once(base.to_owned()).chain(numbered);
        let id = all.find(|id| !self.seen.contains(id) && !self.reserved.contains(id));
        let id = id.expect("some number is free");
        self.seen.insert(id.clone());
        id
    }
}

fn title<'o>(outline: &'o Outline, part: &Part<'_>) -> Option<&'o str> {
    part.heading.map(|heading| outline.headings[heading].title.as_str()).filter(|title| !title.is_empty())
}

/// Divides items at the outermost headings that part them; what is still too long, again.
fn divide<'e>(entries: &'e [(Entry, Vec<usize>)], from: usize) -> Vec<Part<'e>> {
    let deepest = entries.iter().map(|(_, path)| path.len()).max().unwrap_or(0);
    let parts_at = |depth: usize| entries.chunk_by(move |(_, one), (_, other)| one.get(depth) == other.get(depth));
    let Some(depth) = (from..deepest).find(|depth| parts_at(*depth).nth(1).is_some()) else {
        return vec![Part { heading: None, entries }];
    };
    let mut out = Vec::new();
    for chunk in parts_at(depth) {
        let heading = chunk[0].1.get(depth).copied();
        let deeper = if chunk.len() > MANY && heading.is_some() { divide(chunk, depth + 1) } else { Vec::new() };
        if deeper.len() > 1 {
            // What stands before the first heading below belongs to the one above.
            out.extend(deeper.into_iter().map(|part| Part { heading: part.heading.or(heading), ..part }));
        } else {
            out.push(Part { heading, entries: chunk });
        }
    }
    out
}

fn push(
    out: &mut String,
    indent: &str,
    outline: &Outline,
    (entry, path): &(Entry, Vec<usize>),
    anchors: &BTreeSet<String>,
    names: &mut Names,
) {
    let text = entry.text.as_deref().unwrap_or_default();
    if let Some(step) = &entry.step {
        names.seen.insert(step.clone());
        let _ = writeln!(out, "{indent}- step: {step}");
        if !text.is_empty() {
            let _ = writeln!(out, "{indent}  text: {}", quoted(text));
        }
        return;
    }
    let _ = writeln!(out, "{indent}- text: {}", quoted(text));
    if let Some(id) = names.of_text(&slug(text)) {
        let _ = writeln!(out, "{indent}  id: {id}");
    }
    // The title of a page is no section of it.
    let section = path.last().map(|heading| &outline.headings[*heading]).filter(|heading| heading.level > 1);
    if let Some(anchor) = section.and_then(|heading| heading.anchor.as_ref()).filter(|anchor| anchors.contains(*anchor))
    {
        let _ = writeln!(out, "{indent}  section: {}", quoted(&format!("#{anchor}")));
    }
}
