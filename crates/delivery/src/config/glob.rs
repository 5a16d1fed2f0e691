//! A compiled glob. A glob that is too large to compile is an error.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The most opening braces of a glob.
const MAX_ALTERNATIVES: usize = 100;

/// A compiled glob.
#[derive(Debug)]
pub struct Glob {
    // A single `GlobMatcher` panics where the glob is too large.
    set: GlobSet,
    /// Whether the glob begins with a dot.
    hidden: bool,
}

impl Glob {
    /// Compiles a glob. With `literal_separator`, only `**` matches a slash.
    ///
    /// # Errors
    /// Returns what is wrong with it.
    pub fn new(glob: &str, literal_separator: bool) -> Result<Self, String> {
        // The compiler of globs recurses with each alternative.
        if glob.chars().filter(|letter| *letter == '{').count() > MAX_ALTERNATIVES {
            return Err(format!("glob has more than {MAX_ALTERNATIVES} opening braces"));
        }
        let built = GlobBuilder::new(glob).literal_separator(literal_separator).build();
        let built = built.map_err(|error| error.to_string())?;
        let set = GlobSetBuilder::new().add(built).build();
        let set = set.map_err(|_| format!("glob of {} characters is too large", glob.len()))?;
        Ok(Glob { set, hidden: glob.starts_with('.') })
    }

    /// Returns whether the glob matches the whole name or path.
    pub fn is_match(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// Returns whether the glob begins with a dot.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_or_large_glob_is_an_error() {
        for (open, close) in [("{a,", "}"), ("{a,", ""), ("[", ""), ("{", "}"), ("[a-", "]"), ("!", ""), ("\\", "")] {
            let glob = format!("{}b{}", open.repeat(5000), close.repeat(5000));
            // Some of them are valid; none may panic.
            let _ = Glob::new(&glob, true).map(|glob| glob.is_match("a"));
        }
        assert!(Glob::new(&format!("{}b{}", "{a,".repeat(5000), "}".repeat(5000)), true).is_err());
        assert!(Glob::new(&"?".repeat(10_000_000), true).is_err());
    }

    #[test]
    fn a_separator_is_literal_where_asked() {
        let is_match = |literal| Glob::new("a*", literal).unwrap().is_match("a/b");
        assert!(!is_match(true) && is_match(false));
    }
}
