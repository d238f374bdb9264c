//! The sitemap, as the template of MkDocs 1.6 writes it.

use super::documents;
use crate::text::markup_escaped;
use flate2::{Compression, GzBuilder};
use std::io::Write as _;

/// Writes `sitemap.xml`. `pages` are the whole addresses in the order of the site, `lastmod` is the
/// day of the build (`2025-12-31`), where one is wanted. A site without an address has no entries.
pub fn sitemap_xml<'a>(pages: impl IntoIterator<Item = &'a str>, lastmod: Option<&str>) -> String {
    let pages: Vec<String> = pages.into_iter().map(markup_escaped).collect();
    documents::sitemap(&pages, lastmod)
}

/// Packs bytes with gzip; `mtime` is the time that stands in its header, in seconds since 1970.
pub fn gzip(bytes: &[u8], mtime: u32) -> Vec<u8> {
    let mut writer = GzBuilder::new().mtime(mtime).filename("sitemap.xml").write(Vec::new(), Compression::best());
    writer.write_all(bytes).and_then(|()| writer.finish()).expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn the_sitemap_is_mkdocs_own() {
        let want = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n    <url>\n         <loc>https://e.org/a%20b/?x&amp;y</loc>\n         <lastmod>2025-12-31</lastmod>\n    </url>\n</urlset>";
        assert_eq!(sitemap_xml(["https://e.org/a%20b/?x&y"], Some("2025-12-31")), want);
    }

    #[test]
    fn gzip_is_the_same_every_time_and_unpacks() {
        let packed = gzip(b"abc", 5);
        assert_eq!(packed, gzip(b"abc", 5));
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, "abc");
    }
}
