//! The result of colouring: classes over a text, without gaps.

/// A CSS class (or several) as Pygments' HtmlFormatter writes it; empty for plain text.
pub(crate) type Class = &'static str;

/// Runs of classes that cover a text from its start, without gaps or overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    runs: Vec<(usize, Class)>,
}

impl Tokens {
    /// Gives the text from where the last run ended up to `end` a class. An `end` that is not
    /// beyond the last one adds nothing; neighbours of one class are one run.
    pub(crate) fn upto(&mut self, end: usize, class: Class) {
        if end <= self.end() {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if last.1 == class => last.0 = end,
            _ => self.runs.push((end, class)),
        }
    }

    /// Returns how far the text is covered.
    pub(crate) fn end(&self) -> usize {
        self.runs.last().map_or(0, |(end, _)| *end)
    }

    /// Returns the runs in order: where each ends, and its class.
    pub(super) fn runs(&self) -> &[(usize, Class)] {
        &self.runs
    }

    /// Returns the pieces of the text with their classes; what no run covers is plain.
    pub(crate) fn pieces<'a>(&self, text: &'a str) -> impl Iterator<Item = (Class, &'a str)> + use<'a, '_> {
        let mut at = 0;
        let rest = (text.len(), "");
        self.runs.iter().copied().chain(std::iter::once(rest)).filter_map(move |(end, class)| {
            let piece = &text[at..end];
            at = end;
            (!piece.is_empty()).then_some((class, piece))
        })
    }
}
