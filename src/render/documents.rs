//! Documents that opsbook writes in its own words, and that no theme and no project has a part in: their
//! templates lie in `themes/documents`. Tera fills them in; it escapes what comes from outside.
//!
//! What writers may change is Jinja, in `theme`.

use std::sync::LazyLock;
use tera::{Context, Tera};

static TEMPLATES: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    tera.add_raw_templates([
        ("page.html", include_str!("../../themes/documents/page.html")),
        ("sitemap.xml", include_str!("../../themes/documents/sitemap.xml")),
    ])
    .expect("templates of our own are right: a test fills them in");
    tera
});

/// Fills in a page that stands alone, without scripts and requests: its title as text, its body as HTML.
pub fn page(title: &str, body: &str) -> String {
    let mut context = Context::new();
    context.insert("title", title);
    context.insert("body", body);
    fill("page.html", &context)
}

/// Fills in the sitemap: `pages` are addresses, escaped already as MkDocs escapes them.
pub(super) fn sitemap(pages: &[String], lastmod: Option<&str>) -> String {
    let mut context = Context::new();
    context.insert("pages", pages);
    context.insert("lastmod", &lastmod);
    fill("sitemap.xml", &context)
}

fn fill(name: &str, context: &Context) -> String {
    TEMPLATES.render(name, context).expect("each value that a template names is given above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text_and_a_body_is_html() {
        let page = page("</title><script>", "<p>5 &lt; 6</p>");
        assert!(page.contains("<title>&lt;/title&gt;&lt;script&gt;</title>"), "{page}");
        assert!(page.contains("<body>\n<p>5 &lt; 6</p>\n</body>"), "{page}");
    }
}
