//! What the commands accept, beside what is written about it: the help, the manual, the examples, and
//! what MkDocs accepts.

use clap::{Arg, ArgAction, Command};
use serde_json::Value;
use std::fs;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Every command and its subcommands, with all that they take from above; `help` says itself.
fn commands() -> Vec<Command> {
    fn add(command: &Command, found: &mut Vec<Command>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            found.push(below.clone());
            add(below, found);
        }
    }
    let mut all = opsbook::cli::command();
    all.build();
    let mut found = Vec::new();
    add(&all, &mut found);
    found
}

fn name_of(command: &Command) -> String {
    command.get_bin_name().expect("the commands are built").to_owned()
}

fn after(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

/// The lines of the examples: what is typed, and what it does where that is said.
fn examples(command: &Command) -> Vec<(String, String)> {
    let text = after(command);
    let mut examples: Vec<(String, String)> = Vec::new();
    for line in text.lines().skip(1).take_while(|line| line.starts_with("  ")) {
        match (line.strip_prefix("      "), examples.last_mut()) {
            (Some(meaning), Some(example)) => example.1 = meaning.to_owned(),
            _ => examples.push((line.trim().to_owned(), String::new())),
        }
    }
    examples
}

/// The words of a line of the shell, as far as examples need it: quotes, and what ends a command.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '>' | '&') => break,
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_command_has_an_example_and_every_example_is_accepted() {
    for command in commands() {
        let name = name_of(&command);
        assert!(after(&command).starts_with("Examples:\n  "), "`{name}` has no example");
        let own = examples(&command);
        assert!(own.iter().any(|(line, _)| line.starts_with(&name)), "no example of `{name}` is one of `{name}`");
        for (line, _) in own.iter().filter(|(line, _)| line.starts_with("opsbook ")) {
            let parsed = opsbook::cli::command().try_get_matches_from(words(line));
            assert!(parsed.is_ok(), "{line}\n{}", parsed.expect_err("it is wrong"));
        }
    }
}

/// A text that was broken into lines by hand is broken a second time by a narrow terminal.
#[test]
fn help_is_wrapped_once_at_the_width_of_the_terminal() {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for command in commands().into_iter().chain([opsbook::cli::command()]) {
        let help = |width| command.clone().term_width(width).max_term_width(200).render_long_help().to_string();
        let (narrow, wide) = (help(60), help(200));
        assert_eq!(flat(&narrow), flat(&wide), "{}", command.get_name());
        let unbreakable = |line: &str| line.split_whitespace().count() <= 1 || line.contains(" ops");
        for line in narrow.lines().filter(|line| line.chars().count() > 60) {
            assert!(unbreakable(line), "longer than the terminal: {line}");
        }
        // In a paragraph one line follows another only where the width ends it.
        let text = after(&command);
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let prose = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
            assert!(!(prose(pair[0]) && prose(pair[1])), "{}: broken by hand: {}", command.get_name(), pair[0]);
        }
    }
}

// ── The manual ──────────────────────────────────────────────────────────────

const HEADING: &str = "## Usage\n";

/// The command and those below it.
fn family(name: &str) -> Vec<Command> {
    let own = format!("opsbook {name}");
    let below = format!("{own} ");
    commands()
        .into_iter()
        .filter(|command| *command.get_bin_name().unwrap_or_default() == own || name_of(command).starts_with(&below))
        .collect()
}

fn is_common(arg: &Arg) -> bool {
    arg.is_global_set() || matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpLong | ArgAction::Version)
}

/// The section of the manual about what a command takes, from what the command declares.
fn usage_section(name: &str) -> String {
    let family = family(name);
    let alone = family.len() == 1;
    let mut out = HEADING.to_owned();
    for command in family {
        let usage = command.clone().render_usage().to_string();
        if alone {
            out.push('\n');
        } else if command.get_arguments().any(|arg| !is_common(arg)) || !command.has_subcommands() {
            out.push_str(&format!("\n### {}\n\n", name_of(&command)));
        } else {
            continue;
        }
        if !alone {
            out.push_str(&format!("{}.\n\n", about(&command)));
        }
        let lines = usage.trim_start_matches("Usage: ").lines().map(|line| format!("{}\n", line.trim()));
        out.push_str(&format!("```text\n{}```\n", lines.collect::<String>()));
        out.push_str(&tables(command.get_arguments().filter(|arg| !is_common(arg))));
        let examples: String = examples(&command)
            .iter()
            .map(
                |(line, meaning)| {
                    if meaning.is_empty() { format!("{line}\n") } else { format!("# {meaning}\n{line}\n") }
                },
            )
            .collect();
        out.push_str(&format!("\nExamples:\n\n```bash\n{examples}```\n"));
    }
    out
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The arguments in one table, the options in another.
fn tables<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) = args.partition(|arg| arg.is_positional());
    let mut out = String::new();
    for (title, args) in [("argument", positional), ("option", options)] {
        if !args.is_empty() {
            let rows: String = args.iter().map(|arg| format!("| {} | {} |\n", names(arg), meaning(arg))).collect();
            out.push_str(&format!("\n| {title} | meaning |\n|---|---|\n{rows}"));
        }
    }
    out
}

fn names(arg: &Arg) -> String {
    let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
    if arg.is_positional() {
        return format!("`{value}`");
    }
    let value = if arg.get_action().takes_values() { format!(" {value}") } else { String::new() };
    let short = arg.get_short().map(|short| format!("`-{short}`, ")).unwrap_or_default();
    format!("{short}`--{}{value}`", arg.get_long().expect("every option has a long name"))
}

fn meaning(arg: &Arg) -> String {
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ");
    // What clap shows in brackets is a sentence in the manual.
    if let Some((before, after)) = text.clone().split_once(" [default: ") {
        text = format!("{before}; default: {}", after.trim_end_matches(']'));
    }
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| arg.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}`: {}", value.get_name(), lower(&help.to_string())),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    let defaults: Vec<String> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if !defaults.is_empty() && arg.get_action().takes_values() {
        text.push_str(&format!("; default: {}", defaults.join(", ")));
    }
    let joint = if values.iter().any(|value| value.contains(' ')) { ";<br>" } else { ", " };
    if !values.is_empty() {
        text.push_str(&format!("<br>{}", values.join(joint)));
    }
    text.replace('|', "\\|")
}

/// The first letter small, unless the word is a name.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// Replaces the section under a heading, up to the next one of its level.
fn with_section(page: &str, heading: &str, section: &str) -> String {
    let marked = format!("\n{heading}");
    let at = page.find(&marked).unwrap_or_else(|| panic!("there is no `{}`", heading.trim())) + 1;
    let end = page[at + heading.len()..].find("\n## ").map_or(page.len(), |end| at + heading.len() + end + 1);
    let gap = if end < page.len() { "\n" } else { "" };
    format!("{}{section}{gap}{}", &page[..at], &page[end..])
}

/// `OPSBOOK_UPDATE=1 cargo test manual_says_what_every_command_takes` writes the sections anew.
#[cfg(unix)]
#[test]
fn the_manual_says_what_every_command_takes() {
    let mut all = opsbook::cli::command();
    all.build();
    let index = format!("{ROOT}/content/commands/index.md");
    let mut pages = vec![(index, "## Options of every command\n".to_owned(), {
        let common = all.get_arguments().filter(|arg| arg.is_global_set());
        let rows = tables(common);
        let version = "| `-h`, `--help` | Show the help: `-h` in short |\n| `-V`, `--version` | Show the version |\n";
        format!("## Options of every command\n{rows}{version}")
    })];
    for command in all.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        pages.push((format!("{ROOT}/content/commands/{name}.md"), HEADING.to_owned(), usage_section(name)));
    }
    for (path, heading, section) in pages {
        let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let made = with_section(&page, &heading, &section);
        if std::env::var_os("OPSBOOK_UPDATE").is_some() {
            fs::write(&path, &made).expect("the manual can be written");
        } else {
            assert!(page == made, "{path} differs from what the command declares; run with OPSBOOK_UPDATE=1");
        }
    }
}

// ── MkDocs ──────────────────────────────────────────────────────────────────

/// `tests/cases/mkdocs-options.py` writes the list from MkDocs itself.
#[test]
fn what_mkdocs_accepts_is_accepted() {
    let list = include_str!("cases/mkdocs-options.json");
    let list: Value = serde_json::from_str(list).expect("the list is JSON");
    let mut all = opsbook::cli::command();
    all.build();
    let mut missing = Vec::new();
    for (name, options) in list["commands"].as_object().expect("commands by name") {
        let command = match name.as_str() {
            "" => &all,
            name => all.find_subcommand(name).unwrap_or_else(|| panic!("there is no `{name}`")),
        };
        for option in options.as_array().expect("a list of options") {
            for spelling in option["names"].as_array().expect("a list of names") {
                let spelling = spelling.as_str().expect("a name is a text");
                let found = command.get_arguments().find(|arg| match spelling.strip_prefix("--") {
                    Some(long) => {
                        arg.get_long() == Some(long) || arg.get_all_aliases().unwrap_or_default().contains(&long)
                    }
                    None => arg.get_short().map(|short| format!("-{short}")).as_deref() == Some(spelling),
                });
                let takes_value = option["takes_value"] == Value::Bool(true);
                if found.is_none_or(|arg| arg.get_action().takes_values() != takes_value) {
                    missing.push(format!("{name} {spelling}"));
                }
            }
        }
    }
    // `mkdocs --color` is a switch; ours says when, as other programs do.
    assert_eq!(missing, [" --color"]);
}
