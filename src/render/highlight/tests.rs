//! Laws of colouring, and one small text per language with the classes that Pygments 2.21 gives it.

use super::*;
use proptest::prelude::*;

/// Languages with rules of their own, by their first alias.
const NATIVE: &[&str] = &[
    "bash",
    "console",
    "diff",
    "django",
    "docker",
    "go",
    "ini",
    "json",
    "nginx",
    "output",
    "promql",
    "properties",
    "python",
    "terraform",
    "text",
    "toml",
    "yaml",
    "yaml+jinja",
];

fn lexer(alias: &str) -> Lexer {
    Lexer::find(alias).expect("Pygments knows it")
}

/// Writes `text` with its classes: `‹class text›` around what has one.
fn shown(alias: &str, text: &str) -> String {
    let tokens = lex(lexer(alias), text);
    let mark = |(class, piece): (Class, &str)| match class {
        "" | "w" => piece.to_owned(),
        class => format!("‹{class} {piece}›"),
    };
    tokens.pieces(text).map(mark).collect()
}

/// Characters and marks that lexers take notice of.
fn hostile_text() -> impl Strategy<Value = String> {
    let marks = vec![
        "\"", "'", "`", "$", "${", "$(", "$((", "\\", "{", "}", "{{", "{%", "%}", "}}", "{#", "[", "]", "(", ")", ":",
        ": ", "- ", "#", "\n", "\n\n", "  ", "\t", "|", "|\n", ">", "&a", "*b", "!t", "<<EOF\n", "EOF", "ä", "\u{a0}",
        "=", "\"\"\"", "'''", "/*", "*/", "//", "%", "0x1F", "1.5e3", "r\"", "f\"", ";", ",", "?", "@", "---\n",
        "FROM ", "RUN ", "case _:", "x", "raw", "endraw", "$ ", "<", "7", "\r", "€",
    ];
    proptest::collection::vec(proptest::sample::select(marks), 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_text_is_never_changed(text in hostile_text()) {
        for alias in NATIVE {
            let tokens = lex(lexer(alias), &text);
            let back: String = tokens.pieces(&text).map(|(_, piece)| piece).collect();
            prop_assert_eq!(&back, &text, "{}", alias);
            prop_assert!(tokens.end() <= text.len(), "{}", alias);
        }
    }
}

#[test]
fn native_lexers_take_linear_time_on_hostile_lines() {
    let units = [
        "\"",
        "'",
        "`",
        "$(",
        "${",
        "{{ ",
        "{% raw %}",
        "<<a ",
        "a: ",
        "&a ",
        "[",
        "=",
        ": ",
        "\\",
        "/*",
        "\"\"\"",
        "{a[",
        "   \n",
        "(",
        "a.b-",
        "=  ",
        "[a,",
        "x ",
        "$ \n",
        "-",
        "* ",
        "{#",
        "A=1 ",
    ];
    for unit in units {
        let text = format!("{}\n", unit.repeat(30_000 / unit.len()));
        for alias in NATIVE {
            // A lexer that looks twice as far for every token would take far too long here.
            assert!(lex(lexer(alias), &text).end() <= text.len(), "{alias}");
        }
    }
}

#[test]
fn other_languages_come_from_syntect() {
    assert_eq!(shown("sql", "-- a\n"), "‹c1 -- a\n›");
    assert_eq!(Lexer::find("mermaid"), None, "it is plain text in Pygments too");
}

#[test]
fn a_long_line_of_another_language_stays_plain() {
    let text = format!("-- {}\n-- b\n", "x".repeat(LONGEST_LINE_BYTES));
    let tokens = lex(lexer("sql"), &text);
    assert_eq!(tokens.pieces(&text).next().map(|(class, _)| class), Some(""));
    assert_eq!(tokens.pieces(&text).last(), Some(("c1", "-- b\n")));
}

#[test]
fn classes_are_those_of_pygments() {
    let cases = [
        (
            "bash",
            "for x in \"$a\" `b`; do echo ${x:-1} # c\nA=1 cat <<EOF\n$x\nEOF\ndone\n",
            "‹k for› x ‹k in› ‹s2 \"›‹nv $a›‹s2 \"› ‹sb `›b‹sb `›‹p ;› ‹k do› ‹nb echo› ‹si ${›‹nv x›‹k :-›‹nv 1›‹si }› ‹c1 # c\n›‹nv A›‹o =›‹m 1› cat ‹s <<EOF\n$x\nEOF›\n‹k done›\n",
        ),
        (
            "console",
            "$ ls -l\ntotal 0\n(env) user@host ~ # cd \"$x\"\n",
            "‹gp $ ›ls -l\n‹go total 0\n›‹gp gp-VirtualEnv (env)› ‹gp user@host ~ # ›‹nb cd› ‹s2 \"›‹nv $x›‹s2 \"›\n",
        ),
        (
            "yaml",
            "# c\na: &b \"x\"\nlist:\n  - {k: v, n: 1}\n  - |\n    text\n",
            "‹c1 # c›\n‹nt a›‹p :› ‹nl &b› ‹s \"x\"›\n‹nt list›‹p :›\n  ‹p p-Indicator -› ‹p p-Indicator {›‹nt k›‹p :› ‹nv v›‹p p-Indicator ,›‹nt  n›‹p :› ‹nv 1›‹p p-Indicator }›\n  ‹p p-Indicator -› ‹p p-Indicator |›\n    ‹no text›\n",
        ),
        (
            "json",
            "{\"a\": [1, -2.5e3, true, \"b\"]} // c\n",
            "‹p {›‹nt \"a\"›‹p :› ‹p [›‹mi 1›‹p ,› ‹mf -2.5e3›‹p ,› ‹kc true›‹p ,› ‹s2 \"b\"›‹p ]}› ‹c1 // c›\n",
        ),
        ("diff", "--- a\n+++ b\n@@ -1 +1 @@\n c\n-d\n", "‹gd --- a›\n‹gi +++ b›\n‹gu @@ -1 +1 @@›\n c\n‹gd -d›\n"),
        (
            "toml",
            "[a.b]\nk = \"v\" # c\nn = 1_0.5\nd = 1988-10-27\n",
            "‹k [a.b]›\n‹n k› ‹o =› ‹s2 \"v\"› ‹c1 # c›\n‹n n› ‹o =› ‹mf 1_0.5›\n‹n d› ‹o =› ‹ld 1988-10-27›\n",
        ),
        ("ini", "[a]\nk = v ; c\n", "‹k [a]›\n‹na k› ‹o =› ‹s v› ‹c1 ; c›\n"),
        ("properties", "! c\nk.l = v\\n\n", "‹c1 ! c›\n‹na k.l› ‹o =› ‹s v›‹se \\n›\n"),
        (
            "python",
            "@d\ndef f(self, x=1):\n    \"\"\"doc\"\"\"\n    return f\"{x!r}\" + len(x)\n",
            "‹nd @d›\n‹k def› ‹nf f›‹p (›‹bp self›‹p ,› ‹n x›‹o =›‹mi 1›‹p ):›\n    ‹sd \"\"\"doc\"\"\"›\n    ‹k return› ‹sa f›‹s2 \"›‹si {›‹n x›‹si !r}›‹s2 \"› ‹o +› ‹nb len›‹p (›‹n x›‹p )›\n",
        ),
        (
            "go",
            "func f(x int) { return len(x) + 0x1F } // c\n",
            "‹kd func› ‹nx f›‹p (›‹nx x› ‹kt int›‹p )› ‹p {› ‹k return› ‹nb len›‹p (›‹nx x›‹p )› ‹o +› ‹mh 0x1F› ‹p }› ‹c1 // c›\n",
        ),
        (
            "terraform",
            "resource \"a\" \"b\" {\n  c = var.d # e\n}\n",
            "‹kr resource› ‹nc \"a\"› ‹nv \"b\"› ‹p {›\n  ‹na c› ‹o =› ‹nv var.d›‹c1  # e\n›‹p }›\n",
        ),
        (
            "docker",
            "FROM a AS b\nRUN echo \"$x\"\nCMD [\"y\"]\n",
            "‹k FROM› ‹s a› ‹k AS› ‹s b›\n‹k RUN› ‹nb echo› ‹s2 \"›‹nv $x›‹s2 \"›\n‹k CMD› ‹p [›‹s2 \"y\"›‹p ]›\n",
        ),
        (
            "nginx",
            "server { listen 80; gzip on; location / { root $x; } }\n",
            "‹k server› ‹p {› ‹kn listen› ‹mi 80›‹p ;› ‹kn gzip› ‹no on›‹p ;› ‹kn location› ‹s /› ‹p {› ‹kn root› ‹nv $x›‹p ;› ‹p }› ‹p }›\n",
        ),
        (
            "promql",
            "sum by (a) (rate(b_c{d=\"e\"}[5m])) > 1.5\n",
            "‹k sum› ‹k by› ‹o (›‹err a›‹o )› ‹o (›‹kr rate›‹o (›‹nv b_c›‹p {›‹nl d›‹o =›‹p \"›‹s e›‹p \"}[›‹s 5m›‹p ]›‹o ))› ‹o >› ‹mf 1.5›\n",
        ),
        (
            "django",
            "a {{ b|c(\"d\") }} {% if e %}f{% endif %}\n",
            "‹x a ›‹cp {{› ‹nv b›‹o |›‹nf c›‹o (›‹s2 \"d\"›‹o )› ‹cp }}›‹x  ›‹cp {%› ‹k if› ‹nv e› ‹cp %}›‹x f›‹cp {%› ‹k endif› ‹cp %}›‹x \n›",
        ),
        (
            "yaml+jinja",
            "a: {{ b }}\n{% if c %}\nd: e\n{% endif %}\n",
            "‹nt a›‹p :› ‹cp {{› ‹nv b› ‹cp }}›\n‹cp {%› ‹k if› ‹nv c› ‹cp %}›\n‹nt d›‹p :› ‹l l-Scalar l-Scalar-Plain e›\n‹cp {%› ‹k endif› ‹cp %}›\n",
        ),
    ];
    for (alias, text, expected) in cases {
        assert_eq!(shown(alias, text), expected, "{alias}");
    }
}
