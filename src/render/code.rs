//! Code blocks and code spans as HTML, as `pymdownx.highlight`, `codehilite`, `fenced_code` and
//! SuperFences' formats write them around what Pygments' HtmlFormatter (2.21) writes.
//!
//! Owns the wrappers, titles, line numbers and anchors. Does not know how code is coloured, nor
//! where the options came from.

use super::highlight::{Class, Lexer, Tokens, lex};
use crate::markdown::{Attrs, CodeBlock, CodeSpan, CodeStyle, HighlightStyle, LinenumsStyle};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// Appends a code block.
pub(crate) fn render_code_block(block: &CodeBlock, out: &mut String) {
    let code = block.code.text();
    match &block.style {
        CodeStyle::Plain { class } => plain(code, class.as_deref(), block, out),
        CodeStyle::Custom { class, div } => custom(code, class, *div, &block.attrs, out),
        CodeStyle::Highlighted(style) if style.use_pygments => highlighted(block, style, out),
        CodeStyle::Highlighted(style) if style.codehilite => uncoloured_codehilite(block, style, out),
        CodeStyle::Highlighted(style) => uncoloured(block, style, out),
    }
}

/// Appends code inside a line.
pub(crate) fn render_code_span(span: &CodeSpan, out: &mut String) {
    let mut attrs = span.attrs.clone();
    let Some(highlight) = &span.highlight else {
        open("code", &attrs, out);
        push_escaped(&span.code, out);
        out.push_str("</code>");
        return;
    };
    let language = highlight.language.as_str();
    let lexer = find_lexer(highlight.lexer.as_deref().unwrap_or(language), "");
    let shown = if Lexer::find(language).is_some() || highlight.lexer.is_some() { language } else { "text" };
    let mut classes = Vec::new();
    if highlight.use_pygments && highlight.lang_class {
        classes.push(format!("{}{shown}", highlight.language_prefix));
    }
    if !highlight.use_pygments && !language.is_empty() {
        classes.push(format!("{}{language}", highlight.language_prefix));
    }
    if !highlight.css_class.is_empty() {
        classes.push(highlight.css_class.clone());
    }
    // The attributes that an attribute list set come after those of the highlighter.
    classes.extend(attrs.remove("class"));
    let mut all = Attrs::default();
    if !classes.is_empty() {
        all.set("class", classes.join(" "));
    }
    for (name, value) in attrs.iter() {
        all.set(name.to_owned(), value);
    }
    open("code", &all, out);
    if highlight.use_pygments {
        let source = lexer_input(&span.code, true);
        let lines = Lines::format(&source, &lex(lexer, &source));
        for line in lines.iter() {
            // InlineHtmlFormatter strips every line, and with it the line ends.
            out.push_str(line.trim());
        }
    } else {
        push_escaped(&span.code, out);
    }
    out.push_str("</code>");
}

/// `<pre><code>`: indented code without a highlighter, and `fenced_code` without `codehilite`.
fn plain(code: &str, class: Option<&str>, block: &CodeBlock, out: &mut String) {
    let (mut on_pre, mut on_code) = (Attrs::default(), Attrs::default());
    for name in ["id", "class"] {
        if let Some(value) = block.attrs.get(name).filter(|value| !value.is_empty()) {
            on_pre.set(name, value);
        }
    }
    if let Some(class) = class {
        on_code.set("class", class);
    }
    for (name, value) in block.attrs.iter().filter(|(name, _)| !matches!(*name, "id" | "class")) {
        on_code.set(name.to_owned(), value);
    }
    open("pre", &on_pre, out);
    open("code", &on_code, out);
    push_escaped(code, out);
    // Both CodeBlockProcessor and fenced_code keep the last line's end; an empty fence has none.
    if !code.is_empty() {
        out.push('\n');
    }
    out.push_str("</code></pre>");
}

/// `fence_code_format` and `fence_div_format`.
fn custom(code: &str, class: &str, div: bool, attrs: &Attrs, out: &mut String) {
    let mut all = Attrs::default();
    if let Some(id) = attrs.get("id").filter(|id| !id.is_empty()) {
        all.set("id", id);
    }
    let classes: Vec<&str> = [class].into_iter().filter(|class| !class.is_empty()).chain(attrs.classes()).collect();
    if !classes.is_empty() {
        all.set("class", classes.join(" "));
    }
    for (name, value) in attrs.iter().filter(|(name, _)| !matches!(*name, "id" | "class")) {
        all.set(name.to_owned(), value);
    }
    open(if div { "div" } else { "pre" }, &all, out);
    out.push_str(if div { "" } else { "<code>" });
    push_escaped(code, out);
    out.push_str(if div { "</div>" } else { "</code></pre>" });
}

/// `codehilite` with `use_pygments: false`.
fn uncoloured_codehilite(block: &CodeBlock, style: &HighlightStyle, out: &mut String) {
    let mut classes = Vec::new();
    if let Some(language) = &block.language {
        classes.push(format!("{}{}", style.language_prefix, language.value));
    }
    if style.linenums.is_some() {
        classes.push("linenums".to_owned());
    }
    let on_code = Attrs::default();
    let on_code = if classes.is_empty() { on_code } else { with(on_code, "class", &classes.join(" ")) };
    open("pre", &with(Attrs::default(), "class", &style.css_class), out);
    open("code", &on_code, out);
    push_escaped(block.code.text().trim_matches('\n'), out);
    out.push_str("\n</code></pre>");
}

/// `pymdownx.highlight` with `use_pygments: false`.
fn uncoloured(block: &CodeBlock, style: &HighlightStyle, out: &mut String) {
    let mut classes: Vec<String> = Vec::new();
    let language = language_word(block, style);
    if !language.is_empty() {
        classes.push(format!("{}{language}", style.language_prefix));
    }
    if style.code_attr_on_pre && !style.css_class.is_empty() {
        classes.push(style.css_class.clone());
    }
    classes.extend(block.attrs.classes().map(str::to_owned));
    let mut attrs = Attrs::default();
    if let Some(id) = block.attrs.get("id").filter(|id| !id.is_empty()) {
        attrs.set("id", id);
    }
    if !classes.is_empty() {
        attrs.set("class", classes.join(" "));
    }
    for (name, value) in block.attrs.iter().filter(|(name, _)| !matches!(*name, "id" | "class")) {
        attrs.set(name.to_owned(), value);
    }
    let mut wrapper = Attrs::default();
    if !style.css_class.is_empty() && !style.code_attr_on_pre {
        wrapper.set("class", style.css_class.clone());
    }
    open("pre", if style.code_attr_on_pre { &attrs } else { &wrapper }, out);
    if style.code_attr_on_pre {
        out.push_str("<code>");
    } else {
        open("code", &attrs, out);
    }
    push_escaped(block.code.text(), out);
    out.push_str("</code></pre>");
}

/// The block in Pygments' wrapper.
fn highlighted(block: &CodeBlock, style: &HighlightStyle, out: &mut String) {
    let word = language_word(block, style);
    let lexer = find_lexer(style.lexer.as_deref().unwrap_or(word), &style.default_lang);
    let known = style.lexer.is_some() || Lexer::find(word).is_some();
    let source = lexer_input(block.code.text(), style.stripnl);
    let lines = Lines::format(&source, &lex(lexer, &source));
    let id = block.attrs.get("id").filter(|id| !id.is_empty() && !style.codehilite);

    let mut classes: Vec<String> = Vec::new();
    if style.lang_class {
        classes.push(format!("{}{}", style.language_prefix, if known { word } else { lexer.alias }));
    }
    classes.extend(block.attrs.classes().map(str::to_owned));
    if !style.css_class.is_empty() {
        classes.push(style.css_class.clone());
    }
    let mut wrapper = Attrs::default();
    if let Some(id) = id {
        wrapper.set("id", id);
    }
    if !classes.is_empty() {
        wrapper.set("class", classes.join(" "));
    }
    if !style.codehilite {
        for (name, value) in block.attrs.iter().filter(|(name, _)| name.starts_with("data-")) {
            wrapper.set(name.to_owned(), value);
        }
    }

    // The lines of a block with an id are named after it.
    let number = id.map_or_else(|| style.block_number.to_string(), str::to_owned);
    let named = |prefix: &str| {
        if prefix.is_empty() { String::new() } else { format!("{prefix}-{number}") }
    };
    let frame = Frame {
        style,
        title: title(style, lexer),
        table_class: if style.codehilite { classes.join(" ") } else { style.css_class.clone() },
        spans: named(&style.line_spans),
        anchors: named(if style.anchor_linenums && style.line_anchors.is_empty() && !style.codehilite {
            "__codelineno"
        } else {
            &style.line_anchors
        }),
        lines,
    };
    open("div", &wrapper, out);
    frame.render(out);
    out.push_str("</div>");
}

fn language_word<'a>(block: &'a CodeBlock, style: &'a HighlightStyle) -> &'a str {
    match &block.language {
        Some(language) if !language.value.is_empty() => &language.value,
        _ => &style.default_lang,
    }
}

fn find_lexer(word: &str, default_lang: &str) -> Lexer {
    Lexer::find(word).or_else(|| Lexer::find(default_lang)).unwrap_or(Lexer::TEXT)
}

/// The title as HTML; `None` for none.
fn title(style: &HighlightStyle, lexer: Lexer) -> Option<String> {
    let (text, html) = match &style.title {
        Some(title) => (title.clone(), style.title_html),
        None if style.auto_title => {
            let words: Vec<String> = lexer.name.split_whitespace().map(title_word).collect();
            let name = words.join(" ");
            let mapped = style.auto_title_map.iter().find(|mapped| mapped.language == name);
            mapped.map_or((name, false), |mapped| (mapped.title.clone(), mapped.html))
        }
        None => return None,
    };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(if html { text.to_owned() } else { escape_quoted(text) })
}

/// Python's `w.title() if w.islower() else w`, for words of ASCII.
fn title_word(word: &str) -> String {
    if word.chars().any(char::is_uppercase) || !word.chars().any(char::is_lowercase) {
        return word.to_owned();
    }
    let mut after_letter = false;
    let capital = |ch: char| {
        let ch = if after_letter { ch } else { ch.to_ascii_uppercase() };
        after_letter = ch.is_alphabetic();
        ch
    };
    word.chars().map(capital).collect()
}

/// What Pygments' `Lexer._preprocess_lexer_input` makes of code: no byte order mark, `\n` as line
/// end, no empty lines at both ends, and a line end after the last line.
fn lexer_input(code: &str, stripnl: bool) -> String {
    let code = code.strip_prefix('\u{feff}').unwrap_or(code);
    let code: Cow<'_, str> =
        if code.contains('\r') { code.replace("\r\n", "\n").replace('\r', "\n").into() } else { code.into() };
    let code = if stripnl { code.trim_matches('\n') } else { &code };
    let mut text = String::with_capacity(code.len() + 1);
    text.push_str(code);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Lines of HTML, each with its `\n`.
struct Lines {
    html: String,
    ends: Vec<usize>,
}

impl Lines {
    /// HtmlFormatter's `_format_lines`: equal neighbours share a span, no span crosses a line end,
    /// and an empty piece opens none.
    fn format(text: &str, tokens: &Tokens) -> Lines {
        let mut lines = Lines { html: String::with_capacity(text.len() * 3), ends: Vec::new() };
        // The class of the span that is open; `None` at the start of a line.
        let mut line: Option<Class> = None;
        for (class, piece) in tokens.pieces(text) {
            let mut parts = piece.split('\n').peekable();
            while let Some(part) = parts.next() {
                let last = parts.peek().is_none();
                if !part.is_empty() {
                    if line != Some(class) {
                        lines.close(line);
                        lines.span(class);
                        line = Some(class);
                    }
                    push_escaped(part, &mut lines.html);
                }
                if !last {
                    lines.close(line);
                    lines.end_line();
                    line = None;
                }
            }
        }
        if line.is_some() {
            lines.close(line);
            lines.end_line();
        }
        lines
    }

    fn span(&mut self, class: Class) {
        if !class.is_empty() {
            self.html.push_str("<span class=\"");
            self.html.push_str(class);
            self.html.push_str("\">");
        }
    }

    fn close(&mut self, open: Option<Class>) {
        if open.is_some_and(|class| !class.is_empty()) {
            self.html.push_str("</span>");
        }
    }

    fn end_line(&mut self) {
        self.html.push('\n');
        self.ends.push(self.html.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|idx| &self.html[self.range(idx)])
    }

    fn range(&self, idx: usize) -> Range<usize> {
        let start = if idx == 0 { 0 } else { self.ends[idx - 1] };
        start..self.ends[idx]
    }
}

/// What stands around the lines of one block.
struct Frame<'a> {
    style: &'a HighlightStyle,
    title: Option<String>,
    table_class: String,
    spans: String,
    anchors: String,
    lines: Lines,
}

impl Frame<'_> {
    fn render(&self, out: &mut String) {
        let table = self.style.linenums.is_some() && self.style.linenums_style == LinenumsStyle::Table;
        let title = self.title.as_deref();
        if table {
            out.push_str("<table class=\"");
            out.push_str(&escape_quoted(&self.table_class));
            out.push_str("table\">");
            if let Some(title) = title {
                out.push_str("<tr><th colspan=\"2\" class=\"filename\"><span class=\"filename\">");
                out.push_str(title);
                out.push_str("</span></th></tr>");
            }
            out.push_str("<tr><td class=\"linenos\"><div class=\"linenodiv\"><pre>");
            // BlockHtmlFormatter keeps the browser from swallowing a first empty line here too.
            out.push_str(if self.style.codehilite { "" } else { "<span></span>" });
            self.number_column(out);
            out.push_str("</pre></div></td><td class=\"code\"><div>");
        } else if let Some(title) = title {
            out.push_str("<span class=\"filename\">");
            out.push_str(title);
            out.push_str("</span>");
        }
        out.push_str("<pre><span></span><code>");
        self.code(table, out);
        out.push_str("</code></pre>");
        if table {
            out.push_str("</div></td></tr></table>");
        }
    }

    /// The name that links to a line begin with.
    fn anchor_name(&self) -> &str {
        if self.anchors.is_empty() { &self.spans } else { &self.anchors }
    }

    fn first(&self) -> i64 {
        self.style.linenums.unwrap_or(1).max(0)
    }

    fn width(&self) -> usize {
        let last = self.first().saturating_add(self.lines.ends.len() as i64).saturating_sub(1);
        last.to_string().len()
    }

    fn shown(&self, number: i64) -> bool {
        self.style.line_step <= 1 || number % self.style.line_step == 0
    }

    fn special(&self, number: i64) -> bool {
        self.style.line_special > 0 && number % self.style.line_special == 0
    }

    fn number(&self, number: i64) -> String {
        let width = self.width();
        if self.shown(number) { format!("{number:>width$}") } else { " ".repeat(width) }
    }

    fn number_column(&self, out: &mut String) {
        let first = self.first();
        for idx in 0..self.lines.ends.len() {
            let number = first.saturating_add(idx as i64);
            if idx > 0 {
                out.push('\n');
            }
            let class = if self.special(number) { "special" } else { "normal" };
            let text = self.number(number);
            if self.style.anchor_linenums && self.shown(number) {
                let name = escape_quoted(self.anchor_name());
                let _ = write!(out, "<span class=\"{class}\"><a href=\"#{name}-{number}\">{text}</a></span>");
            } else {
                let _ = write!(out, "<span class=\"{class}\">{text}</span>");
            }
        }
    }

    fn code(&self, table: bool, out: &mut String) {
        let first = self.first();
        let inline = self.style.linenums.is_some() && !table;
        let numbered = self.style.linenums.is_some();
        let (spans, anchors) = (escape_quoted(&self.spans), escape_quoted(&self.anchors));
        let link = escape_quoted(self.anchor_name());
        for (idx, line) in self.lines.iter().enumerate() {
            let number = first.saturating_add(idx as i64);
            if !spans.is_empty() {
                let _ = write!(out, "<span id=\"{spans}-{number}\">");
            }
            if !anchors.is_empty() {
                let _ = write!(out, "<a id=\"{anchors}-{number}\" name=\"{anchors}-{number}\"");
                if !numbered {
                    let _ = write!(out, " href=\"#{anchors}-{number}\"");
                }
                out.push_str("></a>");
            }
            let marked = self.style.hl_lines.binary_search(&(idx + 1)).is_ok();
            out.push_str(if marked { "<span class=\"hll\">" } else { "" });
            if inline {
                self.inline_number(number, &link, out);
            }
            out.push_str(line);
            out.push_str(if marked { "</span>" } else { "" });
            out.push_str(if spans.is_empty() { "" } else { "</span>" });
        }
    }

    fn inline_number(&self, number: i64, link: &str, out: &mut String) {
        if self.style.anchor_linenums {
            let _ = write!(out, "<a href=\"#{link}-{number}\">");
        }
        let class = if self.special(number) { "linenos special" } else { "linenos" };
        let text = self.number(number);
        let _ = match self.style.linenums_style {
            LinenumsStyle::PymdownxInline => {
                write!(out, "<span class=\"{class}\" data-linenos=\"{text} \"></span>")
            }
            LinenumsStyle::Table | LinenumsStyle::Inline => write!(out, "<span class=\"{class}\">{text}</span>"),
        };
        if self.style.anchor_linenums {
            out.push_str("</a>");
        }
    }
}

fn with(mut attrs: Attrs, name: &'static str, value: &str) -> Attrs {
    attrs.set(name, value);
    attrs
}

fn open(tag: &str, attrs: &Attrs, out: &mut String) {
    out.push('<');
    out.push_str(tag);
    for (name, value) in attrs.iter() {
        let _ = write!(out, " {name}=\"{}\"", escape_attr(value));
    }
    out.push('>');
}

/// Escapes what ends an attribute's value; SuperFences writes the rest as it is.
fn escape_attr(value: &str) -> Cow<'_, str> {
    if value.contains('"') { value.replace('"', "&quot;").into() } else { value.into() }
}

/// Pygments' `html_escape`.
fn escape_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars() {
        match ch {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            ch => out.push(ch),
        }
    }
    out
}

/// Escapes text between tags.
fn push_escaped(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let by = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(by);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::InlineHighlight;
    use crate::text::{Chunk, SitePath, Span, Spanned};

    fn place() -> Span {
        Span::at_start(SitePath::new("a.md"))
    }

    fn style() -> HighlightStyle {
        HighlightStyle {
            css_class: "highlight".to_owned(),
            language_prefix: "language-".to_owned(),
            use_pygments: true,
            stripnl: true,
            ..HighlightStyle::default()
        }
    }

    fn rendered(code: &str, language: &str, attrs: Attrs, style: HighlightStyle) -> String {
        let language = (!language.is_empty()).then(|| Spanned::new(language.to_owned(), place()));
        let style = CodeStyle::Highlighted(Box::new(style));
        let block = CodeBlock { span: place(), code: Chunk::synthetic(code, place()), language, attrs, style };
        let mut out = String::new();
        render_code_block(&block, &mut out);
        out
    }

    // The expectations of this module are the output of pymdown-extensions 13.1 with Pygments 2.21.

    #[test]
    fn a_table_of_numbers_has_a_title_row_and_links() {
        let attrs = with(with(with(Attrs::default(), "id", "x"), "class", "c"), "data-a", "b");
        let style = HighlightStyle {
            linenums: Some(9),
            line_step: 2,
            line_special: 5,
            hl_lines: vec![2],
            anchor_linenums: true,
            title: Some("T \"q\"".to_owned()),
            ..style()
        };
        assert_eq!(
            rendered("a\n<b>\n", "text", attrs, style),
            "<div id=\"x\" class=\"c highlight\" data-a=\"b\"><table class=\"highlighttable\"><tr><th colspan=\"2\" \
             class=\"filename\"><span class=\"filename\">T &quot;q&quot;</span></th></tr><tr><td class=\"linenos\">\
             <div class=\"linenodiv\"><pre><span></span><span class=\"normal\">  </span>\n<span class=\"special\">\
             <a href=\"#__codelineno-x-10\">10</a></span></pre></div></td><td class=\"code\"><div><pre><span></span>\
             <code><a id=\"__codelineno-x-9\" name=\"__codelineno-x-9\"></a>a\n<a id=\"__codelineno-x-10\" \
             name=\"__codelineno-x-10\"></a><span class=\"hll\">&lt;b&gt;\n</span></code></pre></div></td></tr></table>\
             </div>"
        );
    }

    #[test]
    fn numbers_in_lines_are_attributes_with_the_recommended_options() {
        let style = HighlightStyle {
            linenums: Some(1),
            linenums_style: LinenumsStyle::PymdownxInline,
            anchor_linenums: true,
            line_spans: "__span".to_owned(),
            lang_class: true,
            block_number: 3,
            ..style()
        };
        assert_eq!(
            rendered("\n\nls -l \"$x\"\n", "sh", Attrs::default(), style),
            "<div class=\"language-sh highlight\"><pre><span></span><code><span id=\"__span-3-1\"><a \
             id=\"__codelineno-3-1\" name=\"__codelineno-3-1\"></a><a href=\"#__codelineno-3-1\"><span \
             class=\"linenos\" data-linenos=\"1 \"></span></a>ls<span class=\"w\"> </span>-l<span class=\"w\"> </span>\
             <span class=\"s2\">\"</span><span class=\"nv\">$x</span><span class=\"s2\">\"</span>\n</span></code></pre>\
             </div>"
        );
    }

    #[test]
    fn an_unknown_language_is_text() {
        let style = HighlightStyle { auto_title: true, lang_class: true, ..style() };
        assert_eq!(
            rendered("a", "nope", Attrs::default(), style),
            "<div class=\"language-text highlight\"><span class=\"filename\">Text Only</span><pre><span></span>\
             <code>a\n</code></pre></div>"
        );
    }

    #[test]
    fn an_empty_block_is_one_empty_line() {
        let html = rendered("", "", Attrs::default(), style());
        assert_eq!(html, "<div class=\"highlight\"><pre><span></span><code>\n</code></pre></div>");
    }

    #[test]
    fn inline_code_has_no_line_ends() {
        let highlight = InlineHighlight {
            language: "sh".to_owned(),
            css_class: "highlight".to_owned(),
            lang_class: false,
            language_prefix: "language-".to_owned(),
            lexer: None,
            use_pygments: true,
        };
        let span =
            CodeSpan { code: "ls $x".to_owned(), highlight: Some(highlight), attrs: Attrs::default(), span: place() };
        let mut out = String::new();
        render_code_span(&span, &mut out);
        assert_eq!(out, "<code class=\"highlight\">ls<span class=\"w\"> </span><span class=\"nv\">$x</span></code>");
    }
}
