//! Tables of functions that templates can call.

use rustc_hash::FxHashMap;

use crate::value::Function;

/// Functions by name. They hide the built-in ones of the same name.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    by_name: FxHashMap<&'static str, Function>,
}

impl Functions {
    /// Makes an empty table; the built-in functions exist without it.
    #[must_use]
    pub fn new() -> Functions {
        Functions::default()
    }

    /// Adds or replaces a function.
    pub fn insert(&mut self, name: &'static str, function: Function) {
        self.by_name.insert(name, function);
    }

    /// Removes a function.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// Adds or replaces all functions of a static table.
    pub fn extend(&mut self, table: &[(&'static str, Function)]) {
        self.by_name.reserve(table.len());
        self.by_name.extend(table.iter().cloned());
    }

    /// Returns a function.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Function> {
        self.by_name.get(name)
    }

    /// Returns whether there is a function of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Returns the names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.by_name.keys().copied().collect();
        names.sort_unstable();
        names
    }
}
