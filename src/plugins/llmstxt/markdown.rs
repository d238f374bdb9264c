//! A page's content back as Markdown, in the form that markdownify and mdformat give it.
//!
//! In: HTML of our own making, raw HTML of the writer in it. Out: Markdown with one empty line between
//! blocks, `-` for lists, fences for code, lines as long as their paragraph. Knows no plugin.

use crate::render::html_events::{Event, html_events, is_void};

/// How deep elements nest; what lies deeper keeps its text.
const MAX_DEPTH: usize = 100;

const RULE: &str = "______________________________________________________________________";

/// What a link becomes.
type Link<'a> = &'a dyn Fn(&str) -> String;

#[derive(Debug)]
enum Node {
    Text(String),
    Element(Element),
}

#[derive(Debug, Default)]
struct Element {
    tag: String,
    attrs: Vec<(String, String)>,
    children: Vec<Node>,
}

/// Turns a page's content into Markdown. With `clean`, what only a browser needs goes: images, permalinks,
/// emoji, labels of tabs.
pub(super) fn of_html(html: &str, clean: bool, link: Link<'_>) -> String {
    let mut root = tree(html);
    if clean {
        root.clean();
    }
    let text = Writer { link }.blocks(&root, None).join("\n\n");
    if text.is_empty() { text } else { text + "\n" }
}

/// Puts tags into each other; what is not closed ends with its parent.
fn tree(html: &str) -> Element {
    let mut open: Vec<Element> = vec![Element::default()];
    let mut n_deeper = 0;
    for event in html_events(html) {
        let innermost = open.len() - 1;
        match event {
            Event::Text(text) => open[innermost].children.push(Node::Text(text.into_owned())),
            Event::Start { tag, attrs } if is_void(&tag) => {
                open[innermost].children.push(Node::Element(Element { tag, attrs, children: Vec::new() }));
            }
            Event::Start { .. } if open.len() >= MAX_DEPTH => n_deeper += 1,
            Event::Start { tag, attrs } => open.push(Element { tag, attrs, children: Vec::new() }),
            Event::End { tag } if is_void(&tag) => {}
            Event::End { .. } if n_deeper > 0 => n_deeper -= 1,
            Event::End { tag } => {
                let Some(at) = open.iter().skip(1).rposition(|element| element.tag == tag) else { continue };
                close(&mut open, at + 1);
            }
        }
    }
    close(&mut open, 1);
    open.pop().unwrap_or_default()
}

/// Closes elements down to a number of open ones.
fn close(open: &mut Vec<Element>, down_to: usize) {
    while open.len() > down_to.max(1) {
        if let (Some(element), Some(parent)) = (open.pop(), open.last_mut()) {
            parent.children.push(Node::Element(element));
        }
    }
}

impl Element {
    fn attr(&self, name: &str) -> &str {
        self.attrs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    fn has_class(&self, class: &str) -> bool {
        self.attr("class").split_whitespace().any(|word| word == class)
    }

    fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    fn text(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) if element.tag == "br" => out.push('\n'),
                Node::Element(element) => element.text(out),
            }
        }
    }

    /// Takes out what only a browser needs (`autoclean`).
    fn clean(&mut self) {
        self.children.retain(|node| match node {
            Node::Text(_) => true,
            Node::Element(element) => !element.is_for_browsers(),
        });
        for node in &mut self.children {
            if let Node::Element(element) = node {
                element.clean();
                if element.has_class("highlighttable") {
                    let code = element.find("code").or_else(|| element.find("pre"));
                    let mut text = String::new();
                    code.into_iter().for_each(|code| code.text(&mut text));
                    *element =
                        Element { tag: "pre".to_owned(), children: vec![Node::Text(text)], ..Element::default() };
                }
            }
        }
    }

    fn is_for_browsers(&self) -> bool {
        let holds_image = || self.find("img").is_some();
        matches!(self.tag.as_str(), "img" | "svg" | "script" | "style")
            || self.tag == "a" && (self.has_class("headerlink") || holds_image())
            || self.has_class("twemoji")
            || self.has_class("tabbed-labels")
            || self.has_class("linenos")
    }

    /// The first element of a name below this one.
    fn find(&self, tag: &str) -> Option<&Element> {
        self.elements().find_map(|element| if element.tag == tag { Some(element) } else { element.find(tag) })
    }

    fn is_block(&self) -> bool {
        const BLOCKS: [&str; 32] = [
            "address",
            "article",
            "aside",
            "blockquote",
            "center",
            "dd",
            "details",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
            "ol",
            "p",
            "pre",
            "section",
            "table",
            "ul",
        ];
        BLOCKS.contains(&self.tag.as_str()) || self.tag == "summary"
    }
}

struct Writer<'a> {
    link: Link<'a>,
}

impl Writer<'_> {
    /// The blocks of an element; `language` is that of the code in it.
    fn blocks(&self, element: &Element, language: Option<&str>) -> Vec<String> {
        let mut out = Vec::new();
        let mut line = String::new();
        for node in &element.children {
            match node {
                Node::Element(child) if child.is_block() => {
                    flush(&mut line, &mut out);
                    self.block(child, language, &mut out);
                }
                _ => self.inline(node, &mut line),
            }
        }
        flush(&mut line, &mut out);
        out
    }

    fn block(&self, element: &Element, language: Option<&str>, out: &mut Vec<String>) {
        let language = language_of(element).or(language);
        match element.tag.as_str() {
            tag @ ("h1" | "h2" | "h3" | "h4" | "h5" | "h6") => {
                let title = self.line(element).replace("\\\n", " ");
                let level = usize::from(tag.as_bytes()[1] - b'0');
                out.push(format!("{} {title}", "#".repeat(level)).trim_end().to_owned());
            }
            "p" | "dt" | "summary" | "figcaption" if element.elements().all(|child| !child.is_block()) => {
                out.extend(Some(self.line(element)).filter(|line| !line.is_empty()));
            }
            "hr" => out.push(RULE.to_owned()),
            "pre" => {
                let mut code = String::new();
                element.text(&mut code);
                let inner = element.elements().find_map(language_of);
                out.push(fenced(code.trim_matches('\n'), inner.or(language).unwrap_or_default()));
            }
            "blockquote" => {
                let inner = self.blocks(element, None).join("\n\n");
                let line = |line: &str| format!("> {line}").trim_end().to_owned();
                out.push(inner.split('\n').map(line).collect::<Vec<_>>().join("\n"));
            }
            "ul" | "ol" => out.extend(self.list(element)),
            "dl" => self.definitions(element, out),
            "table" => out.extend(self.table(element)),
            _ => out.extend(self.blocks(element, language)),
        }
    }

    /// A list. It is loose where an item holds several blocks, of which one is no list.
    fn list(&self, list: &Element) -> Option<String> {
        let mark = if list.tag == "ol" { "1. " } else { "- " };
        let items = list.elements().filter(|child| child.tag == "li");
        let items: Vec<(&Element, Vec<String>)> = items.map(|item| (item, self.blocks(item, None))).collect();
        let is_own = |child: &Element| child.is_block() && !matches!(child.tag.as_str(), "ul" | "ol");
        let is_loose = items.iter().any(|(item, blocks)| blocks.len() > 1 && item.elements().any(is_own));
        let indent = " ".repeat(mark.len());
        let written = items.iter().map(|(_, blocks)| {
            let inner = blocks.join(if is_loose { "\n\n" } else { "\n" });
            let lines = inner.split('\n').enumerate().map(|(at, line)| match (at, line.is_empty()) {
                (0, _) => format!("{mark}{line}").trim_end().to_owned(),
                (_, true) => String::new(),
                (_, false) => format!("{indent}{line}"),
            });
            lines.collect::<Vec<_>>().join("\n")
        });
        let text = written.collect::<Vec<_>>().join(if is_loose { "\n\n" } else { "\n" });
        Some(text).filter(|text| !text.is_empty())
    }

    /// Terms and what they mean, each on a line.
    fn definitions(&self, list: &Element, out: &mut Vec<String>) {
        let mut term = String::new();
        for child in list.elements() {
            match child.tag.as_str() {
                "dt" => term = self.line(child),
                "dd" => {
                    let mut blocks = self.blocks(child, None);
                    let first = if blocks.is_empty() { String::new() } else { blocks.remove(0) };
                    out.push(format!("{} : {first}", std::mem::take(&mut term)).trim().to_owned());
                    out.extend(blocks);
                }
                _ => out.extend(self.blocks(child, None)),
            }
        }
    }

    /// A table, its columns as wide as their cells.
    fn table(&self, table: &Element) -> Option<String> {
        let mut rows: Vec<(bool, Vec<String>)> = Vec::new();
        self.rows(table, &mut rows);
        let n_columns = rows.iter().map(|(_, row)| row.len()).max().filter(|n| *n > 0)?;
        if !rows[0].0 {
            rows.insert(0, (true, Vec::new()));
        }
        let mut widths = vec![3; n_columns];
        for (_, row) in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let line = |row: &[String]| {
            let cells = widths.iter().enumerate().map(|(at, width)| {
                let cell = row.get(at).map_or("", String::as_str);
                format!(" {cell}{} ", " ".repeat(width - cell.chars().count()))
            });
            format!("|{}|", cells.collect::<Vec<_>>().join("|"))
        };
        let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
        let mut lines = vec![line(&rows[0].1), line(&rule)];
        lines.extend(rows[1..].iter().map(|(_, row)| line(row)));
        Some(lines.join("\n"))
    }

    /// The rows of a table, each with whether it is a header.
    fn rows(&self, element: &Element, rows: &mut Vec<(bool, Vec<String>)>) {
        for child in element.elements() {
            match child.tag.as_str() {
                "tr" => {
                    let cells: Vec<&Element> =
                        child.elements().filter(|cell| matches!(cell.tag.as_str(), "td" | "th")).collect();
                    let is_header = !cells.is_empty() && cells.iter().all(|cell| cell.tag == "th");
                    let text = |cell: &&Element| self.line(cell).replace("\\\n", " ").replace('|', "\\|");
                    rows.push((is_header, cells.iter().map(text).collect()));
                }
                "thead" | "tbody" | "tfoot" => self.rows(child, rows),
                _ => {}
            }
        }
    }

    /// The text of an element on one line, but for line breaks.
    fn line(&self, element: &Element) -> String {
        let mut line = String::new();
        self.inlines(element, &mut line);
        squeezed(&line)
    }

    fn inlines(&self, element: &Element, out: &mut String) {
        for node in &element.children {
            self.inline(node, out);
        }
    }

    fn inline(&self, node: &Node, out: &mut String) {
        let element = match node {
            Node::Text(text) => {
                let text = text.replace('*', "\\*");
                return out.push_str(&text.replace(['\n', '\t'], " "));
            }
            Node::Element(element) => element,
        };
        match element.tag.as_str() {
            "br" => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push_str("\\\n");
            }
            "b" | "strong" => self.wrapped(element, "**", out),
            "i" | "em" => self.wrapped(element, "*", out),
            "del" | "s" => self.wrapped(element, "~~", out),
            "code" | "kbd" | "samp" => {
                let mut code = String::new();
                element.text(&mut code);
                out.push_str(&code_span(&code));
            }
            "a" => self.anchor(element, out),
            "img" => {
                let title = title_part(element.attr("title"));
                out.push_str(&format!("![{}]({}{title})", element.attr("alt"), element.attr("src")));
            }
            "input" | "script" | "style" | "svg" => {}
            _ => self.inlines(element, out),
        }
    }

    /// A text between marks; white space at its ends stands outside of them.
    fn wrapped(&self, element: &Element, mark: &str, out: &mut String) {
        let mut inner = String::new();
        self.inlines(element, &mut inner);
        let text = inner.trim();
        if text.is_empty() {
            return out.push_str(&inner);
        }
        let start = inner.len() - inner.trim_start().len();
        out.push_str(&inner[..start]);
        out.push_str(&format!("{mark}{text}{mark}"));
        out.push_str(&inner[start + text.len()..]);
    }

    fn anchor(&self, element: &Element, out: &mut String) {
        let mut inner = String::new();
        self.inlines(element, &mut inner);
        let (text, href) = (inner.trim(), element.attr("href"));
        if text.is_empty() || href.is_empty() {
            return out.push_str(&inner);
        }
        let href = (self.link)(href);
        let title = title_part(element.attr("title"));
        if text == href && title.is_empty() && href.contains(':') {
            out.push_str(&format!("<{href}>"));
        } else if href.contains([' ', '(', ')']) {
            out.push_str(&format!("[{text}](<{href}>{title})"));
        } else {
            out.push_str(&format!("[{text}]({href}{title})"));
        }
    }
}

fn title_part(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" \"{}\"", title.replace('"', "\\\"")) }
}

/// Puts a line of text down as a block, where it holds any.
fn flush(line: &mut String, out: &mut Vec<String>) {
    let text = squeezed(&std::mem::take(line));
    if !text.is_empty() {
        out.push(text);
    }
}

/// Makes runs of spaces one; line breaks stay.
fn squeezed(text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let is_code = line.contains('`');
        let words = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if is_code { line.trim().to_owned() } else { words }
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    text.trim().trim_end_matches('\\').trim_end().to_owned()
}

fn language_of(element: &Element) -> Option<&str> {
    element.attr("class").split_whitespace().find_map(|class| class.strip_prefix("language-"))
}

fn fenced(code: &str, language: &str) -> String {
    let longest = code.split(|ch| ch != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{code}\n{fence}")
}

fn code_span(code: &str) -> String {
    let longest = code.split(|ch| ch != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", code.replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(html: &str) -> String {
        of_html(html, true, &|href| href.to_owned())
    }

    /// Values are those of mkdocs-llmstxt 0.5.1.
    #[test]
    fn blocks_are_written_as_mdformat_writes_them() {
        for (html, want) in [
            ("<h2 id=\"a\">Sub <em>x</em><a class=\"headerlink\" href=\"#a\">¶</a></h2>", "## Sub *x*\n"),
            ("<p>One\ntwo<br />\nthree</p>", "One two\\\nthree\n"),
            ("<ul>\n<li>one</li>\n<li>two<ul>\n<li>n</li>\n</ul>\n</li>\n</ul>", "- one\n- two\n  - n\n"),
            (
                "<ol>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n<pre><code>x\n</code></pre>\n</li>\n</ol>",
                "1. a\n\n1. b\n\n   ```\n   x\n   ```\n",
            ),
            ("<blockquote>\n<p>a</p>\n<ul>\n<li>l</li>\n</ul>\n</blockquote>", "> a\n>\n> - l\n"),
            ("<p>a</p>\n<hr />\n<p>b</p>", &format!("a\n\n{RULE}\n\nb\n")),
            (
                "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>long cell</td><td>2</td></tr></tbody></table>",
                "| a         | b   |\n| --------- | --- |\n| long cell | 2   |\n",
            ),
            ("<table><tr><td>a</td><td>b <br /> c</td></tr></table>", "|     |     |\n| --- | --- |\n| a   | b c |\n"),
            ("<dl><dt>T</dt><dd>D</dd></dl>", "T : D\n"),
            (
                "<div class=\"admonition note\"><p class=\"admonition-title\">Title</p><p>Text</p></div>",
                "Title\n\nText\n",
            ),
            (
                "<div class=\"language-sh highlight\"><pre><span></span><code><span class=\"w\">echo</span> x\n</code></pre></div>",
                "```sh\necho x\n```\n",
            ),
            ("<p><img alt=\"i\" src=\"i.png\" /> <a href=\"x\"><img src=\"i.png\" /></a></p>", ""),
        ] {
            assert_eq!(written(html), want, "{html}");
        }
    }

    #[test]
    fn text_is_written_as_mdformat_writes_it() {
        for (html, want) in [
            ("<p>z <strong>bold </strong>x, <code>a`b</code></p>", "z **bold** x, `` a`b ``\n"),
            (
                "<p><a href=\"https://a.example/\">https://a.example/</a> <a href=\"x\" title=\"Ti\">t</a></p>",
                "<https://a.example/> [t](x \"Ti\")\n",
            ),
            ("<p>5*3 a_b H<sub>2</sub> <kbd>Ctrl</kbd></p>", "5\\*3 a_b H2 `Ctrl`\n"),
        ] {
            assert_eq!(written(html), want, "{html}");
        }
    }

    #[test]
    fn broken_html_costs_no_more_than_its_length() {
        let deep = "<div>".repeat(20_000) + "x" + &"</b>".repeat(20_000);
        assert_eq!(written(&deep), "x\n");
    }
}
