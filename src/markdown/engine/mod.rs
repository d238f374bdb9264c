//! Python-Markdown's core: from a page's text to its tree.
//!
//! The stages are Python-Markdown's own: preprocessors over the text, blocks, passes over their tree, text
//! inside blocks, passes over the finished tree. Each is a loop over rules that are registered by name and
//! priority; the core registers its own, extensions theirs. Names no extension.

pub(crate) mod blocks;
pub(crate) mod html;
pub(crate) mod ids;
pub(crate) mod inline;
pub(crate) mod lint;
pub(crate) mod lower;
pub(crate) mod mark;
pub(crate) mod nodes;
mod normalise;
pub(crate) mod page;
mod registry;
pub(crate) mod rules;
mod stash;

pub(crate) use normalise::line_ends;

use crate::markdown::tree::Node;
use crate::text::Chunk;
use page::Page;
use rules::Rules;

/// Where the passes over text stand among those over the tree. In Python they have priorities from 7 to 6,
/// and escaped characters come back last of all; here one walk does both, before headings get their ids.
const TEXT: f64 = 5.5;

/// Registers the rules of the core.
pub(crate) fn register(rules: &mut Rules) {
    let normalise = |text: Chunk, page: &mut Page<'_>| {
        let kept = std::mem::take(&mut page.kept_tabs);
        normalise::normalise(&text, &kept)
    };
    rules.preprocessors.register("normalize_whitespace", 30.0, Box::new(normalise));
    rules.preprocessors.register(
        "html_block",
        20.0,
        Box::new(|text, page| html::extract_html(&text, page, false).text),
    );
    // What there is to say of lists is said of text that fences and raw HTML were taken out of.
    let lint = |text: Chunk, page: &mut Page<'_>| {
        lint::check_lists(&text, page);
        text
    };
    rules.preprocessors.register(lint::LINT, 0.0, Box::new(lint));
    blocks::register(rules);
    inline::register(rules);
}

/// Registers what depends on the rules of all extensions.
pub(crate) fn complete(rules: &mut Rules) {
    inline::complete(rules);
}

/// Parses a page's body, the front matter cut off.
pub(crate) fn parse(body: Chunk, rules: &Rules, page: &mut Page<'_>) -> Vec<Node> {
    let text = rules.preprocessors.iter().fold(body, |text, preprocess| preprocess(text, page));
    let mut parser = blocks::parse_document(text, &rules.blocks, page);
    for pass in rules.block_tree.iter() {
        pass(&mut parser);
    }
    lower::replace_code(&mut parser, lower::plain_code);
    let mut tree = parser.tree;
    lower::parse_text(&mut tree, &rules.inline, page);
    let mut nodes = lower::into_nodes(&mut tree, page);
    for pass in rules.tree.above(TEXT) {
        pass(&mut nodes, page);
    }
    inline::apply_text_passes(&mut nodes, &rules.text, page);
    for pass in rules.tree.below(TEXT) {
        pass(&mut nodes, page);
    }
    lower::restore_raw(nodes, page)
}
