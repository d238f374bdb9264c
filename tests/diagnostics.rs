//! The manual's page of diagnostics and the registry of codes say the same.

use opsbook::diag::{Code, Severity};
use std::collections::BTreeSet;

#[test]
fn every_code_has_its_section_and_no_section_is_without_a_code() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/content/reference/diagnostics.md"))
        .expect("the manual has a page of diagnostics");
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let described: Vec<&str> =
        headings.iter().map(|heading| heading.split_whitespace().next().unwrap_or_default()).collect();
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    let missing: Vec<_> = known.iter().filter(|id| !described.contains(id)).collect();
    assert!(missing.is_empty(), "codes without a section in content/reference/diagnostics.md: {missing:?}");
    let unknown: Vec<_> = described.iter().filter(|id| !known.contains(*id)).collect();
    assert!(unknown.is_empty(), "sections for codes that do not exist: {unknown:?}");
    assert_eq!(described.len(), known.len(), "a code is described twice");
}

#[test]
fn every_section_s_heading_is_the_code_s_summary() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/content/reference/diagnostics.md"))
        .expect("the manual has a page of diagnostics");
    for code in Code::ALL {
        let heading = format!("### {} — {}", code.id(), code.summary());
        assert!(page.lines().any(|line| line == heading), "no heading `{heading}`");
    }
}

#[test]
fn sections_are_in_order_and_say_how_loud_the_code_is() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/content/reference/diagnostics.md"))
        .expect("the manual has a page of diagnostics");
    for chapter in page.split("\n## ").skip(1) {
        let ids: Vec<&str> =
            chapter.lines().filter_map(|line| line.strip_prefix("### ")?.split_whitespace().next()).collect();
        assert!(ids.is_sorted(), "not in order: {ids:?}");
    }
    for code in Code::ALL {
        let level = match code.severity() {
            Severity::Error => "*Error.*",
            Severity::Warning => "*Warning.*",
            Severity::Info => "*Info.*",
        };
        let opening = format!("### {} — {}\n\n{level}\n", code.id(), code.summary());
        assert!(page.contains(&opening), "the section of {} does not begin with {level}", code.id());
    }
}
