use super::*;
use crate::diag::{Code, Diagnostic};

fn page() -> Arc<Source> {
    let text = "# Grüße\n\nSee [the guide](gudie.md), please.\n\nAgain: [x](gudie.md)\n";
    Arc::new(Source::new(SitePath::new("docs/ä b.md"), text))
}

fn finding(source: &Source) -> Diagnostic {
    let at = source.text().find("gudie.md").expect("it is there");
    let again = source.text().rfind("gudie.md").expect("it is there");
    let span = Span::new(source.path(), at..at + 8);
    Diagnostic::new(Code::LinkNotFound, span, "the link `gudie.md` leads to no page")
        .label(Span::new(source.path(), again..again + 8), "and here")
        .note("no page has that path")
        .help("there is a page `guide.md`")
        .fix(span, "guide.md")
}

fn rendered(diagnostic: Diagnostic, source: Arc<Source>, format: Format) -> String {
    let diagnostics: Diagnostics = [diagnostic].into_iter().collect();
    let options = Options { format, prefix: "sub/".to_owned(), ..Options::default() };
    let sources = |path| (path == source.path()).then(|| source.clone());
    render(&diagnostics, &sources, &options)
}

#[test]
fn people_see_the_text_around() {
    let source = page();
    let text = rendered(finding(&source), source, Format::Human);
    assert_eq!(
        text,
        "warning[OB301]: the link `gudie.md` leads to no page
 --> sub/docs/ä b.md:3:17
  |
3 | See [the guide](gudie.md), please.
  |                 ^^^^^^^^
4 |
5 | Again: [x](gudie.md)
  |            -------- and here
  |
  = note: no page has that path
help: there is a page `guide.md`
  |
3 - See [the guide](gudie.md), please.
3 + See [the guide](guide.md), please.
  |

"
    );
}

#[test]
fn editors_see_one_line() {
    let source = page();
    assert_eq!(
        rendered(finding(&source), source, Format::Short),
        "sub/docs/ä b.md:3:17: warning[OB301]: the link `gudie.md` leads to no page\n"
    );
    let lost = Diagnostic::placeless(Code::ConfigUnreadable, "no configuration");
    assert_eq!(rendered(lost, page(), Format::Short), "error[OB114]: no configuration\n");
}

#[test]
fn github_annotates() {
    let source = page();
    assert_eq!(
        rendered(finding(&source).note("100%"), source, Format::Github),
        "::warning file=sub/docs/ä b.md,line=3,endLine=3,col=17,endColumn=25,title=OB301::the link `gudie.md` leads to \
         no page%0Anote: no page has that path%0Anote: 100%25%0Ahelp: there is a page `guide.md`\n"
    );
}

#[test]
fn programs_see_everything() {
    let source = page();
    let value: serde_json::Value =
        serde_json::from_str(&rendered(finding(&source), source, Format::Json)).expect("it is JSON");
    let found = &value["diagnostics"][0];
    assert_eq!((&found["code"], &value["warnings"]), (&"OB301".into(), &1.into()));
    assert_eq!(
        found["place"],
        serde_json::json!({"file": "sub/docs/ä b.md", "line": 3, "column": 17, "end_line": 3, "end_column": 25, "start": 27, "end": 35})
    );
    assert_eq!(found["fix"][0]["text"], "guide.md");
    assert_eq!(found["labels"][0]["place"]["line"], 5);
}

#[test]
fn code_scanning_sees_sarif() {
    let source = page();
    let log: serde_json::Value =
        serde_json::from_str(&rendered(finding(&source), source, Format::Sarif)).expect("it is JSON");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "OB301");
    let result = &run["results"][0];
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "sub/docs/%C3%A4%20b.md");
    assert_eq!(
        location["region"],
        serde_json::json!({"startLine": 3, "startColumn": 17, "endLine": 3, "endColumn": 25})
    );
    assert_eq!(result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"], "guide.md");
}

#[test]
fn no_control_character_comes_through() {
    let hostile = "a\u{1b}[2Jb\u{9b}31m\u{7}\u{202e}\r\u{2028}x";
    let source = Arc::new(Source::new(SitePath::new("p\u{1b}[0m.md"), format!("{hostile}\n{hostile}")));
    for format in [Format::Human, Format::Short, Format::Json, Format::Sarif, Format::Github] {
        let diagnostic = Diagnostic::new(Code::LinkNotFound, source.span(), hostile)
            .label(Span::new(source.path(), 2..5), hostile)
            .note(hostile)
            .help(hostile)
            .fix(Span::new(source.path(), 0..1), hostile);
        let text = rendered(diagnostic, source.clone(), format);
        let raw = |ch: &char| *ch != '\n' && (ch.is_ascii_control() || matches!(ch, '\u{80}'..='\u{9f}'));
        assert_eq!(text.chars().find(raw), None, "{format:?}: {text}");
    }
}

#[test]
fn odd_spans_are_drawn_without_a_panic_and_in_time() {
    let texts = ["", "\n", "ä", "ä\r\nö", &"x".repeat(300_000), &"ab\n".repeat(50_000), &"日本".repeat(40_000)];
    for text in texts {
        let source = Arc::new(Source::new(SitePath::new("a.md"), text));
        let n = text.len();
        for range in [0..0, 0..1, 0..n, n..n, n..n + 5, 1..2, n / 2..n / 2 + 1, n / 3..n / 2] {
            let span = Span::new(source.path(), range);
            let diagnostic = Diagnostic::new(Code::LinkNotFound, span, "m").label(span, "l").fix(span, "new\ntext");
            assert!(rendered(diagnostic, source.clone(), Format::Human).contains("a.md"));
        }
    }
}

#[test]
fn a_file_without_a_source_is_named_all_the_same() {
    let span = Span::at_start(SitePath::new("gone.md"));
    let text = rendered(Diagnostic::new(Code::LinkNotFound, span, "m"), page(), Format::Human);
    assert_eq!(text, "warning[OB301]: m\n--> sub/gone.md\n\n");
}

#[test]
fn the_summary_counts() {
    let one = |code| Diagnostic::placeless(code, "m");
    let diagnostics: Diagnostics =
        [one(Code::ConfigSyntax), one(Code::LinkNotFound), one(Code::LinkNotFound)].into_iter().collect();
    assert_eq!(summary(&diagnostics).as_deref(), Some("1 error, 2 warnings"));
    assert_eq!(summary(&Diagnostics::new()), None);
}

#[test]
fn a_fingerprint_outlives_lines_put_before_it() {
    let source = page();
    let moved = Arc::new(Source::new(source.path(), format!("new\n\n{}", source.text())));
    let names = |source: &Arc<Source>| {
        let again = source.text().rfind("gudie.md").expect("it is there");
        let span = Span::new(source.path(), again..again + 8);
        let second = Diagnostic::new(Code::LinkNotFound, span, "the link `gudie.md` leads to no page");
        let found: Diagnostics = [finding(source), finding(source), second].into_iter().collect();
        let options = Options { format: Format::Sarif, ..Options::default() };
        let text = render(&found, &|_| Some(source.clone()), &options);
        let log: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let results = log["runs"][0]["results"].as_array().expect("a list").clone();
        results.iter().map(|result| result["partialFingerprints"]["opsbook/v1"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&source), names(&moved));
    let different: std::collections::BTreeSet<_> = names(&source).into_iter().collect();
    assert_eq!(different.len(), 3);
}

#[test]
fn servers_for_continuous_integration_read_their_forms() {
    let source = page();
    let found = || finding(&source).severity(Severity::Error).note("<&\">");
    let text = rendered(found(), source.clone(), Format::Checkstyle);
    assert!(text.contains("<file name=\"sub/docs/ä b.md\">"), "{text}");
    assert!(
        text.contains("<error line=\"3\" column=\"17\" severity=\"error\" message=\"the link `gudie.md` leads"),
        "{text}"
    );
    assert!(text.contains("&lt;&amp;&quot;&gt;") && text.contains("source=\"opsbook.OB301\"/>"), "{text}");
    let text = rendered(found(), source.clone(), Format::Junit);
    assert!(
        text.contains("<testsuite name=\"opsbook\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">"),
        "{text}"
    );
    assert!(text.contains("<testcase name=\"OB301 at 3:17\" classname=\"sub/docs/ä b.md\""), "{text}");
    assert!(text.contains("<failure type=\"OB301\""), "{text}");
    let text = rendered(finding(&source), source.clone(), Format::Junit);
    assert!(
        text.contains("failures=\"0\" errors=\"0\" skipped=\"1\"") && text.contains("<skipped message=\"warning: "),
        "{text}"
    );
    let issues: serde_json::Value =
        serde_json::from_str(&rendered(found(), source.clone(), Format::Gitlab)).expect("it is JSON");
    assert_eq!(issues[0]["check_name"], "OB301");
    assert_eq!(issues[0]["severity"], "major");
    assert_eq!(issues[0]["location"], serde_json::json!({"path": "sub/docs/ä b.md", "lines": {"begin": 3, "end": 3}}));
    assert_eq!(issues[0]["fingerprint"].as_str().map(str::len), Some(32));
}
