//! Bash, read closely enough to say whether it parses, which commands it has, and which variables it
//! sets and reads. Nothing is executed or expanded.
//!
//! Follows the grammar of the Bash manual (3.2 Shell Commands, 3.5 Shell Expansions). Where Bash is
//! lenient so is this reader: what it reports, `bash -n` refuses too, with one exception, a here
//! document that is never closed, of which Bash only warns.

use std::collections::BTreeSet;
use std::ops::Range;

/// What there is to know of a script. Ranges are bytes of its text.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// The simple commands in order.
    pub(super) commands: Vec<Command>,
    /// Variables that are read, in order.
    pub(super) reads: Vec<Read>,
    /// Variables that are set anywhere.
    pub(super) sets: BTreeSet<String>,
    /// Whether it reads another script, which may set anything.
    pub(super) sources: bool,
    /// Where and why it does not parse.
    pub(super) error: Option<(usize, String)>,
    /// The last command of the script, if it is a simple one outside any other.
    pub(super) last: Option<usize>,
    /// Whether the script ends in `|| true` or the like, so that it cannot fail.
    pub(super) forgives: bool,
}

/// A simple command.
#[derive(Clone, Debug)]
pub(super) struct Command {
    /// The words, assignments before the name left out.
    pub(super) words: Vec<Word>,
    /// The variables in the names of the files that it writes to, itself or with what stands around it or
    /// behind it in a pipe.
    pub(super) into: Vec<String>,
    /// The commands whose output becomes a part of it, and whose status is lost: where they begin. Those in
    /// a here document that it reads are among them.
    pub(super) calls: Vec<usize>,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// The text without quotes; `None` where an expansion is part of it.
    pub(super) literal: Option<String>,
    /// The variables that it expands.
    pub(super) vars: Vec<String>,
}

/// A variable that is read.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) range: Range<usize>,
    /// Whether the script says what happens when it is not set: `${X:-}`.
    pub(super) guarded: bool,
}

impl Command {
    /// Returns the command's name where it is written out.
    pub(super) fn name(&self) -> Option<&str> {
        self.words.first()?.literal.as_deref()
    }
}

/// Finds where the commands begin whose output is put into a text.
fn calls_in(text: &str) -> impl Iterator<Item = usize> {
    let escaped = |at: usize| text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    let opens = |at: &usize| {
        let rest = &text[*at..];
        rest.starts_with("$(") && !rest.starts_with("$((") && !rest.contains("||") || rest.starts_with('`')
    };
    let starts = text.char_indices().map(|(at, _)| at).filter(opens).filter(move |at| !escaped(*at));
    // Of a pair of backticks the first one opens.
    let (dollars, ticks): (Vec<usize>, Vec<usize>) = starts.partition(|at| text[*at..].starts_with('$'));
    dollars.into_iter().chain(ticks.into_iter().step_by(2))
}

/// Reads a script.
pub(super) fn read(text: &str) -> Script {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        depth: 0,
        heredocs: Vec::new(),
        into: Vec::new(),
        calls: Vec::new(),
        out: Script::default(),
    };
    match reader.list(&[]) {
        Ok((_, last)) => reader.out.last = last,
        Err(Stop(at, message)) => reader.out.error = Some((at.min(text.len()), message)),
    }
    if let Some(last) = reader.out.last {
        let name = reader.out.commands[last].name();
        reader.out.forgives |= matches!(name, Some("true" | ":" | "echo" | "printf"))
            || name == Some("exit")
                && reader.out.commands[last].words.get(1).and_then(|word| word.literal.as_deref()) == Some("0");
    }
    reader.out
}

struct Stop(usize, String);

type Step<T> = Result<T, Stop>;

const MAX_DEPTH: usize = 100;
const CLOSERS: [&str; 11] = ["then", "elif", "else", "fi", "do", "done", "esac", "}", ";;", ";&", ")"];

/// A here document that was asked for.
struct HereDocument {
    delimiter: String,
    /// Whether leading tabs do not count.
    strip: bool,
    /// Whether variables and commands in it are expanded.
    expands: bool,
    /// Where it was asked for.
    asked: usize,
    /// The number of the command that reads it.
    command: usize,
}

struct Reader<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    depth: usize,
    /// Here documents whose text begins after this line.
    heredocs: Vec<HereDocument>,
    /// The variables in the names of files that are written to, since a command began.
    into: Vec<String>,
    /// Where commands begin whose output becomes a part of a word, since a command began.
    calls: Vec<usize>,
    out: Script,
}

impl<'s> Reader<'s> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn starts(&self, text: &str) -> bool {
        self.text[self.at..].starts_with(text)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.starts(text);
        self.at += if found { text.len() } else { 0 };
        found
    }

    /// Skips blanks, line continuations and comments; stays before a newline.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.bytes.get(self.at + 1) == Some(&b'\n') => self.at += 2,
                Some(b'#') if self.at == 0 || b" \t\n;&|()".contains(&self.bytes[self.at - 1]) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn newline(&mut self) -> Step<()> {
        self.at += 1;
        for HereDocument { delimiter, strip, expands, asked, command } in std::mem::take(&mut self.heredocs) {
            let mut closed = false;
            while self.at < self.bytes.len() {
                let end = self.text[self.at..].find('\n').map_or(self.text.len(), |length| self.at + length);
                let line = &self.text[self.at..end];
                let bare = if strip { line.trim_start_matches('\t') } else { line };
                let start = self.at;
                self.at = (end + 1).min(self.text.len());
                if bare.trim_end_matches('\r') == delimiter {
                    closed = true;
                    break;
                }
                if expands {
                    self.expansions(start..end);
                    let calls = calls_in(&self.text[start..end]).map(|at| start + at);
                    if let Some(command) = self.out.commands.get_mut(command) {
                        command.calls.extend(calls);
                    }
                }
                if end == self.text.len() {
                    break;
                }
            }
            if !closed {
                return Err(Stop(asked, format!("the here document is never closed by `{delimiter}`")));
            }
        }
        Ok(())
    }

    fn newlines(&mut self) -> Step<()> {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// Finds variables in text that is not split into words: a here document's line.
    fn expansions(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            match self.bytes[at] {
                b'\\' => at += 2,
                b'$' => {
                    let name = at + if self.bytes.get(at + 1) == Some(&b'{') { 2 } else { 1 };
                    let length = name_length(&self.bytes[name.min(range.end)..range.end]);
                    if length > 0 {
                        let guarded = self.bytes.get(name - 1) == Some(&b'{') && guards(&self.bytes[name + length..]);
                        let word = self.text[name..name + length].to_owned();
                        self.out.reads.push(Read { name: word, range: at..name + length, guarded });
                    }
                    at = name + length.max(1);
                }
                _ => at += 1,
            }
        }
    }

    /// Reads commands up to a terminator; returns it and the last command if that was a simple one.
    fn list(&mut self, until: &[&'static str]) -> Step<(&'static str, Option<usize>)> {
        self.deeper()?;
        let start = self.at;
        let (mut count, mut last) = (0, None);
        loop {
            self.newlines()?;
            if self.at >= self.bytes.len() {
                if until.is_empty() {
                    self.depth -= 1;
                    return Ok(("", last));
                }
                return Err(Stop(start.min(self.text.len()), format!("{} is missing", names(until))));
            }
            if let Some(closer) = self.closer() {
                if !until.contains(&closer) {
                    let expected =
                        if until.is_empty() { String::new() } else { format!(", where {} is expected", names(until)) };
                    return Err(Stop(self.at, format!("`{closer}` closes nothing{expected}")));
                }
                if count == 0 && !matches!(closer, ";;" | ";&" | "esac" | ")") {
                    return Err(Stop(self.at, format!("there is no command before `{closer}`")));
                }
                self.at += closer.len() + usize::from(closer == ";;" && self.bytes.get(self.at + 2) == Some(&b'&'));
                self.depth -= 1;
                return Ok((closer, last));
            }
            last = self.and_or()?;
            count += 1;
            self.blanks();
            match self.peek() {
                Some(b';') if !self.starts(";;") && !self.starts(";&") => self.at += 1,
                Some(b'&') => self.at += 1,
                Some(b'\n') | None => {}
                _ if self.closer().is_some() => {}
                Some(_) => {
                    let word = self.text[self.at..].split_whitespace().next().unwrap_or_default();
                    return Err(Stop(self.at, format!("`{word}` stands where a command ends")));
                }
            }
        }
    }

    fn closer(&self) -> Option<&'static str> {
        let rest = &self.text[self.at..];
        CLOSERS.into_iter().find(|closer| {
            rest.starts_with(closer)
                && (closer.starts_with([';', ')'])
                    || rest[closer.len()..].bytes().next().is_none_or(|byte| b" \t\r\n;&|()<>".contains(&byte)))
        })
    }

    fn and_or(&mut self) -> Step<Option<usize>> {
        let mut last = self.pipeline()?;
        loop {
            self.blanks();
            let or = self.starts("||");
            if !or && !self.starts("&&") {
                return Ok(last);
            }
            self.at += 2;
            self.newlines()?;
            if self.at >= self.bytes.len() || self.closer().is_some() {
                return Err(Stop(self.at, "a command is missing after `&&` or `||`".to_owned()));
            }
            last = self.pipeline()?;
            let forgiving =
                last.and_then(|last| self.out.commands[last].name()).is_some_and(|name| name == "true" || name == ":");
            self.out.forgives |= or && forgiving;
        }
    }

    fn pipeline(&mut self) -> Step<Option<usize>> {
        // What an earlier line forgives does not matter: only the last one decides.
        self.out.forgives = false;
        loop {
            self.blanks();
            if self.word_is("!") || self.word_is("time") {
                self.at += if self.peek() == Some(b'!') { 1 } else { 4 };
                continue;
            }
            break;
        }
        let first = self.out.commands.len();
        let mut last = self.command()?;
        loop {
            self.blanks();
            if self.starts("|") && !self.starts("||") {
                self.at += if self.starts("|&") { 2 } else { 1 };
                self.newlines()?;
                if self.at >= self.bytes.len() || self.closer().is_some() {
                    return Err(Stop(self.at, "a command is missing after `|`".to_owned()));
                }
                last = self.command()?;
                // What goes through a pipe ends where its last command writes to.
                let end = last.map(|last| &self.out.commands[last]);
                let tee = end.filter(|end| end.name() == Some("tee")).into_iter().flat_map(|end| &end.words);
                let written = tee.flat_map(|word| &word.vars).chain(end.into_iter().flat_map(|end| &end.into));
                let written: Vec<String> = written.cloned().collect();
                self.writes_into(first, &written);
            } else {
                return Ok(last);
            }
        }
    }

    fn word_is(&self, word: &str) -> bool {
        self.starts(word) && self.bytes.get(self.at + word.len()).is_none_or(|byte| b" \t\r\n;&|()<>".contains(byte))
    }

    fn command(&mut self) -> Step<Option<usize>> {
        self.deeper()?;
        let found = self.command_within();
        self.depth -= 1;
        found
    }

    fn deeper(&mut self) -> Step<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Stop(self.at, "it is nested too deeply to read".to_owned()));
        }
        Ok(())
    }

    /// Notes where the commands since one write to.
    fn writes_into(&mut self, first: usize, into: &[String]) {
        self.out.commands[first..].iter_mut().for_each(|command| command.into.extend(into.iter().cloned()));
    }

    fn command_within(&mut self) -> Step<Option<usize>> {
        let start = self.at;
        let first = self.out.commands.len();
        if self.word_is("if") {
            self.at += 2;
            self.list(&["then"])?;
            loop {
                match self.list(&["elif", "else", "fi"])?.0 {
                    "elif" => {
                        self.list(&["then"])?;
                    }
                    "else" => {
                        self.list(&["fi"])?;
                        break;
                    }
                    _ => break,
                }
            }
        } else if self.word_is("while") || self.word_is("until") {
            self.at += 5;
            self.list(&["do"])?;
            self.list(&["done"])?;
        } else if self.word_is("for") || self.word_is("select") {
            self.at += if self.word_is("for") { 3 } else { 6 };
            self.for_loop(start)?;
        } else if self.word_is("case") {
            self.at += 4;
            self.case(start)?;
        } else if self.word_is("{") {
            self.at += 1;
            self.list(&["}"])?;
        } else if self.starts("((") && self.arithmetic(2) {
        } else if self.starts("(") {
            self.at += 1;
            self.list(&[")"])?;
        } else if self.word_is("[[") {
            self.at += 2;
            self.test(start)?;
        } else if self.word_is("function") {
            self.at += 8;
            self.blanks();
            self.word()?;
            self.blanks();
            if self.take("(") {
                self.blanks();
                self.take(")");
            }
            self.newlines()?;
            self.command()?;
        } else {
            return self.simple();
        }
        let before = self.into.len();
        self.redirections()?;
        let into = self.into.split_off(before);
        self.writes_into(first, &into);
        Ok(None)
    }

    fn for_loop(&mut self, start: usize) -> Step<()> {
        self.blanks();
        if self.starts("((") {
            if !self.arithmetic(2) {
                return Err(Stop(start, "`((` is never closed".to_owned()));
            }
        } else {
            let name = name_length(&self.bytes[self.at..]);
            if name == 0 {
                return Err(Stop(self.at, "`for` wants a name".to_owned()));
            }
            self.out.sets.insert(self.text[self.at..self.at + name].to_owned());
            self.at += name;
            self.newlines()?;
            if self.word_is("in") {
                self.at += 2;
                loop {
                    self.blanks();
                    match self.peek() {
                        None | Some(b'\n' | b';') => break,
                        Some(b'&' | b'|' | b')' | b'(') => {
                            return Err(Stop(self.at, "a word is expected in the list of `for`".to_owned()));
                        }
                        _ => {
                            let before = self.at;
                            self.word()?;
                            if self.at == before {
                                return Err(Stop(self.at, "a word is expected in the list of `for`".to_owned()));
                            }
                        }
                    }
                }
            }
        }
        self.blanks();
        self.take(";");
        self.newlines()?;
        if self.word_is("{") {
            self.at += 1;
            self.list(&["}"])?;
            return Ok(());
        }
        if !self.word_is("do") {
            return Err(Stop(start, "`do` is missing".to_owned()));
        }
        self.at += 2;
        self.list(&["done"])?;
        Ok(())
    }

    fn case(&mut self, start: usize) -> Step<()> {
        self.blanks();
        self.word()?;
        self.newlines()?;
        if !self.word_is("in") {
            return Err(Stop(start, "`case` wants `in`".to_owned()));
        }
        self.at += 2;
        loop {
            self.newlines()?;
            if self.word_is("esac") {
                self.at += 4;
                return Ok(());
            }
            if self.at >= self.bytes.len() {
                return Err(Stop(start, "`esac` is missing".to_owned()));
            }
            self.take("(");
            loop {
                self.blanks();
                if self.take(")") {
                    break;
                }
                if !self.take("|") {
                    let before = self.at;
                    self.word()?;
                    if self.at == before {
                        return Err(Stop(self.at, "a pattern of `case` ends in `)`".to_owned()));
                    }
                }
            }
            if self.list(&[";;", ";&", "esac"])?.0 == "esac" {
                return Ok(());
            }
        }
    }

    /// Skips the words of `[[ … ]]`.
    fn test(&mut self, start: usize) -> Step<()> {
        loop {
            self.blanks();
            match self.peek() {
                None => return Err(Stop(start, "`]]` is missing".to_owned())),
                _ if self.word_is("]]") => {
                    self.at += 2;
                    return Ok(());
                }
                Some(b'\n') => self.newline()?,
                Some(b'(' | b')' | b'<' | b'>' | b'|' | b'&' | b';') => self.at += 1,
                Some(_) => {
                    let before = self.at;
                    self.word()?;
                    self.at = self.at.max(before + 1);
                }
            }
        }
    }

    /// Skips an arithmetic expression from its opening parentheses on, if it is one.
    fn arithmetic(&mut self, opening: usize) -> bool {
        let (start, mut depth, mut at) = (self.at + opening, 2_usize, self.at + opening);
        let mut lines = false;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\n' => lines = true,
                b'"' | b'\'' | b';' if lines => return false,
                _ => {}
            }
            at += 1;
            if depth == 1 && self.bytes.get(at) != Some(&b')') {
                return false;
            }
            if depth == 0 {
                // Names in an expression need no `$`, and `x = 1` sets one.
                let inner = &self.text[start..at - 2];
                let names = inner.split(|ch: char| !(ch.is_ascii_alphanumeric() || ch == '_'));
                self.out.sets.extend(names.filter(|name| name_length(name.as_bytes()) > 0).map(str::to_owned));
                self.at = at;
                return true;
            }
        }
        false
    }

    fn simple(&mut self) -> Step<Option<usize>> {
        let mut words: Vec<Word> = Vec::new();
        let (start, mut any) = (self.at, false);
        let (into, calls, heredocs) = (self.into.len(), self.calls.len(), self.heredocs.len());
        loop {
            self.blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') if !self.starts("&>") => break,
                Some(b'(') => {
                    // `name()` begins a function.
                    if words.len() == 1 && self.text[self.at..].trim_start_matches('(').trim_start().starts_with(')') {
                        self.at += 1;
                        self.blanks();
                        self.at += 1;
                        self.newlines()?;
                        self.command()?;
                        return Ok(None);
                    }
                    return Err(Stop(self.at, "`(` stands where a word is expected".to_owned()));
                }
                _ => {}
            }
            if self.redirection()? {
                any = true;
                continue;
            }
            let assigns = words.is_empty() || self.declares(&words);
            if assigns && let Some(name) = self.assignment()? {
                self.out.sets.insert(name);
                any = true;
                continue;
            }
            let before = self.at;
            let word = self.word()?;
            if self.at == before {
                return Err(Stop(self.at, "this is no word".to_owned()));
            }
            words.push(word);
        }
        let (into, calls) = (self.into.split_off(into), self.calls.split_off(calls));
        if words.is_empty() {
            if !any {
                let sign: String = self.text[start..].chars().take(1).collect();
                return Err(Stop(start, format!("`{sign}` stands where a command is expected")));
            }
            return Ok(None);
        }
        self.note(&words);
        let number = self.out.commands.len();
        self.heredocs.iter_mut().skip(heredocs).for_each(|document| document.command = number);
        self.out.commands.push(Command { words, into, calls });
        Ok(Some(number))
    }

    fn declares(&self, words: &[Word]) -> bool {
        matches!(
            words[0].literal.as_deref(),
            Some("export" | "local" | "declare" | "readonly" | "typeset" | "alias" | "env")
        )
    }

    /// Notes what builtins set.
    fn note(&mut self, words: &[Word]) {
        let plain = |word: &Word| word.literal.clone().filter(|name| name_length(name.as_bytes()) == name.len());
        match words[0].literal.as_deref() {
            Some(
                "read" | "export" | "local" | "declare" | "readonly" | "typeset" | "mapfile" | "readarray" | "getopts"
                | "unset" | "let",
            ) => self.out.sets.extend(words[1..].iter().filter_map(plain)),
            Some("printf") => {
                if let [_, option, name, ..] = words
                    && option.literal.as_deref() == Some("-v")
                {
                    self.out.sets.extend(plain(name));
                }
            }
            Some("source" | "." | "eval") => self.out.sources = true,
            _ => {}
        }
    }

    /// Takes `NAME=value`, `NAME+=value`, `NAME[i]=value` and `NAME=(…)`.
    fn assignment(&mut self) -> Step<Option<String>> {
        let name = name_length(&self.bytes[self.at..]);
        if name == 0 {
            return Ok(None);
        }
        let mut at = self.at + name;
        if self.bytes.get(at) == Some(&b'[') {
            match self.text[at..].find(']') {
                Some(close) if !self.text[at..at + close].contains('\n') => at += close + 1,
                _ => return Ok(None),
            }
        }
        if self.bytes.get(at) == Some(&b'+') {
            at += 1;
        }
        if self.bytes.get(at) != Some(&b'=') {
            return Ok(None);
        }
        let text = self.text[self.at..self.at + name].to_owned();
        let start = self.at;
        self.at = at + 1;
        if self.take("(") {
            loop {
                self.newlines()?;
                if self.take(")") {
                    return Ok(Some(text));
                }
                if self.at >= self.bytes.len() {
                    return Err(Stop(start, "`(` is never closed".to_owned()));
                }
                let before = self.at;
                self.word()?;
                if self.at == before {
                    return Err(Stop(self.at, "a word is expected in a list of values".to_owned()));
                }
            }
        }
        if self.peek().is_some_and(|byte| !b" \t\r\n;&|()<>".contains(&byte)) {
            self.word()?;
        }
        Ok(Some(text))
    }

    fn redirections(&mut self) -> Step<()> {
        loop {
            self.blanks();
            if !self.redirection()? {
                return Ok(());
            }
        }
    }

    fn redirection(&mut self) -> Step<bool> {
        let mut at = self.at;
        while self.bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if self.bytes.get(at) == Some(&b'{') {
            let name = name_length(&self.bytes[at + 1..]);
            if name > 0 && self.bytes.get(at + 1 + name) == Some(&b'}') {
                at += name + 2;
            }
        }
        let rest = &self.text[at..];
        let process = rest.starts_with("<(") || rest.starts_with(">(");
        let Some(sign) = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"]
            .into_iter()
            .find(|sign| rest.starts_with(sign))
            .filter(|_| !process)
        else {
            return Ok(false);
        };
        let asked = at;
        self.at = at + sign.len();
        self.blanks();
        let start = self.at;
        if self.peek().is_none_or(|byte| b"\n;&|)".contains(&byte)) {
            return Err(Stop(asked, format!("a word is missing after `{sign}`")));
        }
        let word = self.word()?;
        if sign == "<<" || sign == "<<-" {
            let raw = &self.text[start..self.at];
            let quoted = raw.contains(['\'', '"', '\\']);
            let delimiter: String = raw.chars().filter(|ch| !['\'', '"', '\\'].contains(ch)).collect();
            let (strip, expands) = (sign == "<<-", !quoted);
            self.heredocs.push(HereDocument { delimiter, strip, expands, asked, command: usize::MAX });
        }
        if sign.contains('>') {
            self.into.extend(word.vars);
        }
        Ok(true)
    }

    fn word(&mut self) -> Step<Word> {
        let start = self.at;
        let mut literal = Some(String::new());
        let first_read = self.out.reads.len();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'<' | b'>' if self.bytes.get(self.at + 1) == Some(&b'(') => {
                    self.at += 2;
                    self.list(&[")"])?;
                    literal = None;
                }
                b'<' | b'>' => break,
                b'(' => {
                    let extended = self.at > start && b"?*+@!".contains(&self.bytes[self.at - 1]);
                    if !extended {
                        break;
                    }
                    self.balanced(start)?;
                    literal = None;
                }
                b'\\' => {
                    let next = self.text[self.at + 1..].chars().next();
                    self.at += 1 + next.map_or(0, char::len_utf8);
                    if let (Some(literal), Some(next)) = (&mut literal, next.filter(|ch| *ch != '\n')) {
                        literal.push(next);
                    }
                }
                b'\'' => {
                    let open = self.at;
                    let Some(close) = self.text[open + 1..].find('\'') else {
                        return Err(Stop(open, "a `'` is never closed".to_owned()));
                    };
                    if let Some(literal) = &mut literal {
                        literal.push_str(&self.text[open + 1..open + 1 + close]);
                    }
                    self.at = open + close + 2;
                }
                b'"' => self.double_quoted(&mut literal)?,
                b'$' => self.dollar(&mut literal)?,
                b'`' => {
                    self.backticks()?;
                    literal = None;
                }
                _ => {
                    let ch = self.text[self.at..].chars().next().unwrap_or_default();
                    self.at += ch.len_utf8();
                    if let Some(literal) = &mut literal {
                        literal.push(ch);
                    }
                }
            }
        }
        let vars = self.out.reads[first_read..].iter().map(|read| read.name.clone()).collect();
        Ok(Word { range: start..self.at, literal, vars })
    }

    fn balanced(&mut self, start: usize) -> Step<()> {
        let mut depth = 0;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                b'\n' => break,
                _ => {}
            }
        }
        Err(Stop(start, "`(` is never closed".to_owned()))
    }

    fn double_quoted(&mut self, literal: &mut Option<String>) -> Step<()> {
        let open = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => {
                    let next = self.text[self.at + 1..].chars().next();
                    self.at += 1 + next.map_or(0, char::len_utf8);
                    if let (Some(literal), Some(next)) = (literal.as_mut(), next) {
                        if !['"', '\\', '$', '`', '\n'].contains(&next) {
                            literal.push('\\');
                        }
                        literal.push(next);
                    }
                }
                b'$' => self.dollar(literal)?,
                b'`' => {
                    self.backticks()?;
                    *literal = None;
                }
                _ => {
                    let ch = self.text[self.at..].chars().next().unwrap_or_default();
                    self.at += ch.len_utf8();
                    if let Some(literal) = literal.as_mut() {
                        literal.push(ch);
                    }
                }
            }
        }
        Err(Stop(open, "a `\"` is never closed".to_owned()))
    }

    fn backticks(&mut self) -> Step<()> {
        let open = self.at;
        self.calls.push(open);
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'`' => {
                    self.expansions(start..self.at);
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        Err(Stop(open, "a backtick is never closed".to_owned()))
    }

    fn dollar(&mut self, literal: &mut Option<String>) -> Step<()> {
        let start = self.at;
        match self.bytes.get(start + 1) {
            Some(b'(') => {
                *literal = None;
                self.at += 1;
                if self.starts("((") && self.arithmetic(2) {
                    return Ok(());
                }
                self.at += 1;
                // Here documents of the surrounding line wait until the substitution is over.
                let waiting = std::mem::take(&mut self.heredocs);
                let forgives = self.out.forgives;
                let done = self.list(&[")"]).map_err(|Stop(at, message)| {
                    if message == "`)` is missing" {
                        Stop(start, "`$(` is never closed".to_owned())
                    } else {
                        Stop(at, message)
                    }
                });
                self.heredocs = waiting;
                self.out.forgives = forgives;
                done?;
                // Whoever says what happens when it fails has thought of it.
                if !self.text[start..self.at].contains("||") {
                    self.calls.push(start);
                }
            }
            Some(b'{') => {
                *literal = None;
                self.at += 2;
                self.deeper()?;
                self.parameter(start)?;
                self.depth -= 1;
            }
            Some(b'\'') => {
                // ANSI-C quoting: a backslash may quote the closing mark.
                self.at += 2;
                loop {
                    match self.peek() {
                        Some(b'\\') => self.at += 2,
                        Some(b'\'') => break,
                        Some(_) => self.at += 1,
                        None => return Err(Stop(start, "a `$'` is never closed".to_owned())),
                    }
                }
                self.at += 1;
                *literal = None;
            }
            Some(b'"') => {
                self.at += 1;
                self.double_quoted(literal)?;
            }
            Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' | b'0'..=b'9') => {
                *literal = None;
                self.at += 2;
            }
            _ => {
                let length = name_length(&self.bytes[start + 1..]);
                self.at += 1 + length;
                if length == 0 {
                    if let Some(literal) = literal.as_mut() {
                        literal.push('$');
                    }
                    return Ok(());
                }
                *literal = None;
                let name = self.text[start + 1..self.at].to_owned();
                self.out.reads.push(Read { name, range: start..self.at, guarded: false });
            }
        }
        Ok(())
    }

    /// Reads the rest of `${…}`.
    fn parameter(&mut self, start: usize) -> Step<()> {
        if matches!(self.peek(), Some(b'#' | b'!')) && self.bytes.get(self.at + 1) != Some(&b'}') {
            self.at += 1;
        }
        let length = name_length(&self.bytes[self.at..]);
        if length > 0 {
            let name = self.text[self.at..self.at + length].to_owned();
            let rest = &self.bytes[self.at + length..];
            if rest.starts_with(b":=") || rest.starts_with(b"=") {
                self.out.sets.insert(name.clone());
            }
            self.out.reads.push(Read { name, range: start..self.at + length, guarded: guards(rest) });
            self.at += length;
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                b'\'' => match self.text[self.at + 1..].find('\'') {
                    // An apostrophe inside double quotes is text; only a closed pair is a quote.
                    Some(close) if !self.text[self.at + 1..self.at + 1 + close].contains('}') => self.at += close + 2,
                    _ => self.at += 1,
                },
                b'"' => self.double_quoted(&mut None)?,
                b'$' => self.dollar(&mut None)?,
                b'`' => self.backticks()?,
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        Err(Stop(start, "`${` is never closed".to_owned()))
    }
}

/// Whether what follows a name in `${…}` says what happens when it is not set.
fn guards(rest: &[u8]) -> bool {
    let rest = match rest {
        [b'[', ..] => rest.iter().position(|byte| *byte == b']').map_or(rest, |close| &rest[close + 1..]),
        _ => rest,
    };
    matches!(rest, [b':', b'-' | b'+' | b'=' | b'?', ..] | [b'-' | b'+' | b'=' | b'?', ..])
}

fn name_length(bytes: &[u8]) -> usize {
    if !bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return 0;
    }
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

fn names(closers: &[&str]) -> String {
    closers.iter().map(|closer| format!("`{closer}`")).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<String> {
        read(text).error.map(|(at, message)| format!("{at}: {message}"))
    }

    #[test]
    fn what_bash_takes_is_taken() {
        for text in [
            "for chart in $CHART_PATHS; do\n  helm lint --strict \"$chart\"\ndone",
            "revs=\"\"\nfor n in $C; do r=$(helm history \"$n\" -o json | jq -er '.[-1].revision'); done\necho \"${revs# }\" >> \"$O\"",
            "if [[ $a =~ ^(x|y)$ && -n \"$b\" ]]; then :; elif true; then :; else :; fi",
            "case \"$1\" in\n  a|b) echo 1 ;;\n  (c) echo 2 ;;&\n  *) ;;\nesac",
            "cat <<EOF | tee x\n$HOME $(date)\nEOF\necho done",
            "cat <<-'E'\n\tit's \"fine\n\tE\n",
            "f() { local x=1; echo $((x + 1)); }; f | grep -q 2 || exit 1",
            "function g { echo; }\nwhile read -r line; do echo \"$line\"; done < <(ls)",
            "a=(1 2 \"3 4\")\necho \"${a[@]}\" ${#a[@]} ${x:-it's} \"${x:-it's}\"",
            "((i++)); for ((i = 0; i < 3; i++)); do echo $i; done",
            "( cd x && make ) & wait",
            "echo a \\\n  b # comment with 'quote\necho 2>&1 >/dev/null &>log",
            "x=$(case a in a) echo 1;; esac)",
            "echo $'a\\'b' !(x) @(a|b)",
            "time ! true",
            "echo {a,b} } {",
            "# only a comment",
            "",
            "awk -v r=\"$ratio\" 'BEGIN { exit !(r < 0.01) }'",
            "x=\"$(printf '%s' \"a)b\")\"",
            "until false; do break; done",
        ] {
            assert_eq!(error(text), None, "{text}");
        }
    }

    #[test]
    fn what_bash_refuses_is_refused_at_its_place() {
        for (text, expected) in [
            ("echo 'a", "5: a `'` is never closed"),
            ("echo \"a\necho b", "5: a `\"` is never closed"),
            ("if true; then echo", "13: `elif` or `else` or `fi` is missing"),
            ("for x in a b; echo $x; done", "0: `do` is missing"),
            ("echo a; fi", "8: `fi` closes nothing"),
            ("echo $(date", "5: `$(` is never closed"),
            ("echo ${x", "5: `${` is never closed"),
            ("a && ", "5: a command is missing after `&&` or `||`"),
            ("cat <<EOF\nx", "4: the here document is never closed by `EOF`"),
            ("for i in 1 <2; do a; done", "11: a word is expected in the list of `for`"),
            ("if true; then fi", "14: there is no command before `fi`"),
            ("kubectl get pod (x)", "16: `(` stands where a word is expected"),
            ("echo a )", "7: `)` closes nothing"),
            ("kubectl delete <", "15: a word is missing after `<`"),
        ] {
            assert_eq!(error(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn variables_are_found_with_their_guards() {
        let script = read("read -r a b\nx=1 y+=2\necho $a \"${NEW:-1}\" ${z} <<E\n$H\nE\nexport Q=1");
        let reads: Vec<_> = script.reads.iter().map(|read| (read.name.as_str(), read.guarded)).collect();
        assert_eq!(reads, [("a", false), ("NEW", true), ("z", false), ("H", false)]);
        assert_eq!(script.sets.iter().map(String::as_str).collect::<Vec<_>>(), ["Q", "a", "b", "x", "y"]);
    }

    #[test]
    fn a_script_that_cannot_fail_is_seen() {
        let forgives = ["a || true", "a\necho done", "a; exit 0", "a || true\nb", "a", "a | b", "a || exit 1"]
            .map(|text| read(text).forgives);
        assert_eq!(forgives, [true, true, true, false, false, false, false]);
    }

    #[test]
    fn deep_nesting_ends() {
        assert!(error(&"(".repeat(100_000)).is_some());
        assert!(error(&"$(".repeat(100_000)).is_some());
        assert!(error(&"\"${x:-".repeat(100_000)).is_some());
    }
}
