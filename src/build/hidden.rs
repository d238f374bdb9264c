//! Values of environment variables, which stand in no message: they may be secrets.
//!
//! A configuration takes a variable in with `!ENV` or `{ env = … }`. A message that quotes such a value
//! names the variable instead. Knows no configuration: it is told what was asked for.

use crate::diag::Diagnostics;
use crate::text::SitePath;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A value that is shorter than this stands in many words by chance: it is hidden only as a word of its own.
const MIN_PART: usize = 4;

/// The variables that a configuration asked for, by their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hidden(BTreeMap<String, String>);

impl Hidden {
    /// Leaves values out that everybody may know, such as the name of a folder that is there.
    pub(super) fn except(mut self, known: &[&str]) -> Hidden {
        self.0.retain(|value, _| !known.contains(&value.as_str()));
        self
    }

    /// Puts the names of variables in the place of their values.
    pub(super) fn hide(&self, diagnostics: &mut Diagnostics) {
        if self.0.is_empty() {
            return;
        }
        for diagnostic in diagnostics.iter_mut() {
            self.replace(&mut diagnostic.message);
            diagnostic.notes.iter_mut().chain(&mut diagnostic.help).for_each(|text| self.replace(text));
            diagnostic.labels.iter_mut().for_each(|label| self.replace(&mut label.message));
        }
    }

    fn replace(&self, text: &mut String) {
        // Longer ones first: one value may be a part of another.
        let mut values: Vec<(&String, &String)> = self.0.iter().collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        for (value, name) in values {
            let name = format!("!ENV {name}");
            *text = text.replace(&format!("`{value}`"), &format!("`{name}`"));
            if value.len() >= MIN_PART {
                *text = text.replace(value.as_str(), &name);
            }
        }
    }
}

/// An environment that notes what it gave away.
pub(super) struct Asked<'a> {
    variables: &'a BTreeMap<String, String>,
    given: RefCell<BTreeMap<String, String>>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(variables: &'a BTreeMap<String, String>) -> Asked<'a> {
        Asked { variables, given: RefCell::default() }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?;
        let mut given = self.given.borrow_mut();
        // Paths are written in one way, whatever the way that they are given.
        for shown in [value.trim(), SitePath::new(value).as_str()] {
            if !shown.is_empty() {
                given.insert(shown.to_owned(), name.to_owned());
            }
        }
        Some(value.clone())
    }

    pub(super) fn hidden(self) -> Hidden {
        Hidden(self.given.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Code, Diagnostic};

    #[test]
    fn values_are_named_and_not_shown() {
        let variables =
            BTreeMap::from([("TOKEN", "S3CR3T"), ("ON", "yes"), ("LONG", "S3CR3T/more"), ("UNUSED", "other")]);
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let asked = Asked::of(&variables);
        for name in ["TOKEN", "ON", "LONG", "NONE"] {
            asked.get(name);
        }
        let said = Diagnostic::placeless(Code::ConfigBadValue, "`S3CR3T` is no `yes`, see S3CR3T/more or yesterday")
            .note("not S3CR3T.")
            .help("other, `S3CR3T`");
        let mut said = Diagnostics::from_iter([said]);
        asked.hidden().hide(&mut said);
        let said = said.iter().next().unwrap();
        assert_eq!(said.message, "`!ENV TOKEN` is no `!ENV ON`, see !ENV LONG or yesterday");
        assert_eq!(said.notes, ["not !ENV TOKEN."]);
        assert_eq!(said.help.as_deref(), Some("other, `!ENV TOKEN`"));
    }
}
