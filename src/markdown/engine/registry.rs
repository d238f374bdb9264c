//! Rules by name, in the order of their priorities: Python-Markdown's `util.Registry`.

/// Rules by name and priority.
pub(crate) struct Registry<T> {
    entries: Vec<Entry<T>>,
}

struct Entry<T> {
    name: &'static str,
    priority: f64,
    rule: T,
}

impl<T> Registry<T> {
    /// Adds a rule; the highest priority comes first, and of equal ones the first that was added. A rule
    /// of the same name goes.
    pub(crate) fn register(&mut self, name: &'static str, priority: f64, rule: T) {
        self.deregister(name);
        let at = self.entries.partition_point(|entry| entry.priority >= priority);
        self.entries.insert(at, Entry { name, priority, rule });
    }

    /// Takes a rule out, where it is there.
    pub(crate) fn deregister(&mut self, name: &str) {
        self.entries.retain(|entry| entry.name != name);
    }

    /// Tells whether there is a rule of a name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// Returns how many rules there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the rule at a place in the order.
    pub(crate) fn at(&self, index: usize) -> &T {
        &self.entries[index].rule
    }

    /// Returns the rule of a name.
    #[cfg(test)]
    pub(crate) fn named(&self, name: &str) -> Option<&T> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| &entry.rule)
    }

    /// Returns the rules in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.rule)
    }

    /// Returns the rules with a higher priority than one.
    pub(crate) fn above(&self, priority: f64) -> impl Iterator<Item = &T> {
        self.entries.iter().filter(move |entry| entry.priority > priority).map(|entry| &entry.rule)
    }

    /// Returns the rules without a higher priority than one.
    pub(crate) fn below(&self, priority: f64) -> impl Iterator<Item = &T> {
        self.entries.iter().filter(move |entry| entry.priority <= priority).map(|entry| &entry.rule)
    }

    /// Returns names and priorities in order.
    #[cfg(test)]
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.entries.iter().map(|entry| (entry.name, entry.priority))
    }
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Registry { entries: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_order_and_names_replace() {
        let mut rules = Registry::default();
        for (name, priority, rule) in [("a", 10.0, 1), ("b", 20.0, 2), ("c", 10.0, 3), ("b", 5.0, 4)] {
            rules.register(name, priority, rule);
        }
        assert_eq!(rules.iter().copied().collect::<Vec<_>>(), [1, 3, 4]);
        rules.deregister("a");
        assert!(!rules.contains("a") && rules.len() == 2 && *rules.at(0) == 3);
    }
}
