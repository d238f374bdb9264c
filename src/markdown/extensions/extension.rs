//! What an extension is: options, and what it adds to the rules of a dialect.

use crate::markdown::engine::rules::Rules;
use crate::markdown::options::OptionReader;
use std::any::Any;
use std::sync::Arc;

/// An extension with its options: Python-Markdown's class of the same name.
pub(crate) trait Extension: Any + Send + Sync + Sized {
    /// Reads the options, with Python's defaults for what is not given.
    fn read(options: &mut OptionReader<'_>) -> Self;

    /// Adds its rules to those that are there (`extendMarkdown`). All extensions of the list have read
    /// their options by then, so that one may ask for those of another.
    fn extend(self: Arc<Self>, rules: &mut Rules);
}

/// Options whose type only their extension knows.
pub(crate) type AnyOptions = Arc<dyn Any + Send + Sync>;

/// A row of the table of extensions.
pub(crate) struct Row {
    /// The name as Python imports it; of a built-in one without `markdown.extensions.`.
    pub(crate) name: &'static str,
    /// The file that it is a port of.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares it with the header of the file"))]
    pub(crate) source: &'static str,
    /// Reads the options.
    pub(crate) read: fn(&mut OptionReader<'_>) -> AnyOptions,
    /// Adds the rules of an extension with these options.
    pub(crate) extend: fn(&AnyOptions, &mut Rules),
}

/// Makes the row of an extension.
pub(crate) const fn row<E: Extension>(name: &'static str, source: &'static str) -> Row {
    Row { name, source, read: read::<E>, extend: extend::<E> }
}

fn extend<E: Extension>(options: &AnyOptions, rules: &mut Rules) {
    let options: Result<Arc<E>, _> = Arc::clone(options).downcast();
    options.expect("the options were read by the same row").extend(rules);
}

fn read<E: Extension>(options: &mut OptionReader<'_>) -> AnyOptions {
    Arc::new(E::read(options))
}
