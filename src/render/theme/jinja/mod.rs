//! Jinja as MkDocs runs it: minijinja, with what Python's values and Jinja2's own library add.
//!
//! Owns the engine's settings, Python's ways of writing values, its methods, the filters and tests
//! that the library does not have or has otherwise, and the few constructs that must be written in
//! other words before it reads them. Knows neither the theme nor MkDocs.

mod filters;
mod methods;
mod python;
mod rewrite;
mod time;

pub(super) use python::text as python_text;
pub(super) use rewrite::rewritten;
pub(super) use time::{Moment, date_of};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Returns an engine without templates. Nothing is escaped but what a template escapes, as with
/// MkDocs; a missing value prints nothing, however far a template reaches through it.
pub(super) fn environment() -> Environment<'static> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Chainable);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_debug(true);
    engine.set_formatter(|out, _, value| {
        match value.as_str() {
            Some(text) => out.write_str(text),
            None => out.write_str(&python::text(value)),
        }
        .map_err(minijinja::Error::from)
    });
    engine.set_unknown_method_callback(methods::call);
    filters::register(&mut engine);
    engine
}
