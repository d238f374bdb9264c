//! The document tree: what one parse of a page yields, and all that any other room reads of it.
//!
//! It is a tree of elements, as Python-Markdown's own is, because attribute lists, `markdown="1"`
//! and tree processors let any page make any element with any attribute. What needs more than an
//! element to be shown or executed is a leaf of its own: code, raw HTML, icons. Every node has a
//! span.

use crate::text::{Chunk, Span, Spanned, yaml};
use std::borrow::Cow;

/// A parsed page.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The front matter; empty where the page has none.
    pub front_matter: FrontMatter,
    /// The body, in order.
    pub body: Vec<Node>,
    /// The headings that the table of contents lists, nested by level.
    pub toc: Vec<TocEntry>,
}

/// What stands before the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrontMatter {
    /// The mapping; `None` without front matter. MultiMarkdown metadata is a mapping of strings.
    pub meta: Option<yaml::Node>,
    /// The text between the fences, the fences left out.
    pub span: Option<Span>,
}

/// One line of the table of contents.
#[derive(Clone, Debug, PartialEq)]
pub struct TocEntry {
    /// The heading's id.
    pub id: String,
    /// The heading's level, 1 to 6.
    pub level: u8,
    /// The label as text, not escaped: `data-toc-label`, or the heading without its markup.
    pub title: String,
    /// The heading as HTML for a theme that shows it so: code and emphasis kept, links removed.
    pub html: String,
    /// The heading.
    pub span: Span,
    /// The headings below it.
    pub children: Vec<TocEntry>,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An element with children.
    Element(Element),
    /// Text, not escaped.
    Text(Text),
    /// HTML that goes out as it came in.
    Raw(Raw),
    /// A code block, fenced or indented.
    Code(Box<CodeBlock>),
    /// Code inside a line.
    CodeSpan(CodeSpan),
    /// An icon or an emoji by shortcode.
    Icon(Icon),
}

/// An element. `a href`, `img src` and the like of elements are resolved by the site; those inside
/// [`Raw`] are not (MkDocs, `_RelativePathTreeprocessor`).
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The tag's name in lower case.
    pub tag: Cow<'static, str>,
    /// The attributes in the order in which they were set.
    pub attrs: Attrs,
    /// The children in order.
    pub children: Vec<Node>,
    /// The text that made it, its markers included.
    pub span: Span,
    /// The place of the link's destination, where the element is a link or an image.
    pub target_span: Option<Span>,
}

/// Attributes in order; a name stands once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attrs(Vec<(Cow<'static, str>, String)>);

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The text, entities resolved only where the dialect does so; the renderer escapes it.
    pub text: String,
    /// Where it stands. Where `text` equals the source's bytes there, it is a copy of them.
    pub span: Span,
}

/// HTML that goes out untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The HTML.
    pub html: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it stands between blocks (a line of its own) or inside a line.
    pub block: bool,
}

/// A code block.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeBlock {
    /// The whole block with its fences.
    pub span: Span,
    /// The code, with the place of every line; without the last `\n`.
    pub code: Chunk,
    /// The language word as written; `None` where there is none.
    pub language: Option<Spanned<String>>,
    /// Attributes of the wrapping element: id, extra classes, `data-*`.
    pub attrs: Attrs,
    /// How it is shown.
    pub style: CodeStyle,
}

/// How a code block is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeStyle {
    /// `<pre><code>` and nothing else: indented code without a highlighter, and `fenced_code`. The
    /// id and the classes of the block stand on `<pre>`, its other attributes on `<code>`.
    Plain {
        /// The class of `<code>`, such as `language-sh`.
        class: Option<String>,
    },
    /// Coloured as Pygments would, in the wrapper of `pymdownx.highlight` or `codehilite`.
    Highlighted(Box<HighlightStyle>),
    /// A custom fence of SuperFences: `fence_code_format` or `fence_div_format`.
    Custom {
        /// The class.
        class: String,
        /// Whether the element is `<div class>` rather than `<pre class><code>`.
        div: bool,
    },
}

/// The options of a highlighted block, named as `pymdownx.highlight` names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HighlightStyle {
    /// `css_class`, usually `highlight` (or `codehilite`).
    pub css_class: String,
    /// `pygments_lang_class`: a class `language-x` on the wrapper.
    pub lang_class: bool,
    /// `language_prefix`, usually `language-`.
    pub language_prefix: String,
    /// `use_pygments`; without it only `<pre class><code class="language-x">` goes out.
    pub use_pygments: bool,
    /// `guess_lang`.
    pub guess_lang: bool,
    /// The title, from the fence or from `auto_title`.
    pub title: Option<String>,
    /// Whether the title is HTML that goes out as it is (`title_mode: html`).
    pub title_html: bool,
    /// `auto_title`: take the language's name as title where there is none.
    pub auto_title: bool,
    /// `auto_title_map`: titles for the names of languages.
    pub auto_title_map: Vec<LanguageTitle>,
    /// The language whose rules colour the code where `extend_pygments_lang` names another one.
    pub lexer: Option<String>,
    /// `default_lang`: the language of code whose own is missing or unknown; empty for plain text.
    pub default_lang: String,
    /// `stripnl`: drop empty lines at both ends of the code.
    pub stripnl: bool,
    /// The number of the first line where lines are numbered.
    pub linenums: Option<i64>,
    /// `linenums_style`.
    pub linenums_style: LinenumsStyle,
    /// Every how many lines a number is shown; 0 or 1 for all.
    pub line_step: i64,
    /// `linenums_special`: every how many lines is special; 0 or 1 for none.
    pub line_special: i64,
    /// Lines to mark, from 1.
    pub hl_lines: Vec<usize>,
    /// `line_spans`: the prefix of a span's id around each line; empty for none.
    pub line_spans: String,
    /// `line_anchors`; empty for none.
    pub line_anchors: String,
    /// `anchor_linenums`.
    pub anchor_linenums: bool,
    /// `code_attr_on_pre`.
    pub code_attr_on_pre: bool,
    /// The number of this block among the page's highlighted blocks, from 0, for ids in it.
    pub block_number: usize,
    /// Whether this is an indented block rather than a fence.
    pub indented: bool,
    /// Whether the wrapper is `codehilite`'s rather than `pymdownx.highlight`'s.
    pub codehilite: bool,
}

/// A title for blocks of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageTitle {
    /// The language's name for people, such as `Bash`.
    pub language: String,
    /// The title.
    pub title: String,
    /// Whether the title is HTML that goes out as it is.
    pub html: bool,
}

/// How numbers stand beside lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinenumsStyle {
    /// In a table of two cells.
    #[default]
    Table,
    /// In the line.
    Inline,
    /// In the line, as an attribute that CSS shows.
    PymdownxInline,
}

/// Code inside a line.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeSpan {
    /// The code.
    pub code: String,
    /// The language and the class, where `pymdownx.inlinehilite` applies.
    pub highlight: Option<InlineHighlight>,
    /// Attributes of `<code>`.
    pub attrs: Attrs,
    /// Where it stands, its backticks included.
    pub span: Span,
}

/// What `pymdownx.inlinehilite` says of a code span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineHighlight {
    /// The language word.
    pub language: String,
    /// `css_class`, usually `highlight`.
    pub css_class: String,
    /// Whether a class `language-x` is added.
    pub lang_class: bool,
    /// `language_prefix`, usually `language-`.
    pub language_prefix: String,
    /// The language whose rules colour the code where `extend_pygments_lang` names another one.
    pub lexer: Option<String>,
    /// `use_pygments`.
    pub use_pygments: bool,
}

/// An icon or an emoji.
#[derive(Clone, Debug, PartialEq)]
pub struct Icon {
    /// The name without colons, such as `material-check` or `smile`.
    pub name: String,
    /// What it becomes.
    pub glyph: Glyph,
    /// Attributes of the wrapping element (`class`, `title`).
    pub attrs: Attrs,
    /// Where it stands, its colons included.
    pub span: Span,
}

/// What an icon becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// Inline SVG, by its name in the icon set: `material/check`.
    Svg(String),
    /// A character or a sequence of them.
    Emoji(String),
}

impl Node {
    /// Returns where the node stands.
    pub fn span(&self) -> Span {
        match self {
            Node::Element(element) => element.span,
            Node::Text(text) => text.span,
            Node::Raw(raw) => raw.span,
            Node::Code(code) => code.span,
            Node::CodeSpan(code) => code.span,
            Node::Icon(icon) => icon.span,
        }
    }

    /// Returns the element, where it is one.
    pub fn as_element(&self) -> Option<&Element> {
        if let Node::Element(element) = self { Some(element) } else { None }
    }

    /// Makes a text node.
    pub fn text(text: impl Into<String>, span: Span) -> Node {
        Node::Text(Text { text: text.into(), span })
    }
}

impl Element {
    /// Makes an element without attributes or children.
    pub fn new(tag: impl Into<Cow<'static, str>>, span: Span) -> Element {
        Element { tag: tag.into(), attrs: Attrs::default(), children: Vec::new(), span, target_span: None }
    }

    /// Adds children.
    pub fn with_children(mut self, children: Vec<Node>) -> Element {
        self.children = children;
        self
    }

    /// Sets an attribute.
    pub fn with_attr(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Element {
        self.attrs.set(name, value);
        self
    }

    /// Tells whether the element has one of these tags.
    pub fn is(&self, tags: &[&str]) -> bool {
        tags.contains(&self.tag.as_ref())
    }

    /// Returns the level of a heading, 1 to 6.
    pub fn heading_level(&self) -> Option<u8> {
        match self.tag.as_bytes() {
            [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
            _ => None,
        }
    }
}

impl From<Element> for Node {
    fn from(element: Element) -> Node {
        Node::Element(element)
    }
}

impl Attrs {
    /// Returns the value of an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Sets an attribute; one that is there keeps its position.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Removes an attribute and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// Adds words to `class`.
    pub fn add_class(&mut self, class: &str) {
        match self.get("class") {
            Some(old) if !old.is_empty() => {
                let both = format!("{old} {class}");
                self.set("class", both);
            }
            _ => self.set("class", class),
        }
    }

    /// Tells whether `class` holds a word.
    pub fn has_class(&self, class: &str) -> bool {
        self.classes().any(|word| word == class)
    }

    /// Returns the words of `class`.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.get("class").unwrap_or_default().split_ascii_whitespace()
    }

    /// Returns the attributes in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Visits nodes in document order, parents before their children.
pub fn walk<'a>(nodes: &'a [Node], visit: &mut impl FnMut(&'a Node)) {
    let mut stack: Vec<&'a Node> = nodes.iter().rev().collect();
    while let Some(node) = stack.pop() {
        visit(node);
        if let Node::Element(element) = node {
            stack.extend(element.children.iter().rev());
        }
    }
}

/// Returns the text of nodes without any markup: what a reader would read out.
pub fn plain_text(nodes: &[Node]) -> String {
    let mut out = String::new();
    walk(nodes, &mut |node| match node {
        Node::Text(text) => out.push_str(&text.text),
        Node::CodeSpan(code) => out.push_str(&code.code),
        Node::Code(code) => out.push_str(code.code.text()),
        Node::Icon(Icon { glyph: Glyph::Emoji(emoji), .. }) => out.push_str(emoji),
        Node::Element(_) | Node::Raw(_) | Node::Icon(_) => {}
    });
    out
}
