//! Sets of templates.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::Tree;
use crate::error::ParseError;
use crate::functions::Functions;
use crate::text::Str;

/// What a key that a map lacks evaluates to (`Option("missingkey=…")`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value: prints `<no value>`, and a field of it is no value either (`missingkey=default`).
    #[default]
    Invalid,
    /// The zero value of the map's element type (`missingkey=zero`).
    Zero,
    /// An error (`missingkey=error`).
    Error,
}

/// What an execution may use. The defaults are Go's: only the depth is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many templates may run inside each other, functions that execute templates included.
    pub depth: usize,
    /// How many nodes, calls and loop turns are executed, and what functions count besides ([`Context::charge`](crate::Context::charge)).
    pub steps: u64,
    /// How many bytes are written.
    pub output: usize,
    /// How many executions functions may start inside each other ([`Context::execute`](crate::Context::execute)).
    pub nested: usize,
    /// How many bytes the values may take that are made, all together ([`allowance`](crate::allowance)).
    pub values: u64,
}

/// What executions have used so far: several of them can share their limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The steps of [`Limits::steps`].
    pub steps: u64,
    /// The bytes of [`Limits::output`].
    pub output: usize,
    /// The bytes of [`Limits::values`].
    pub values: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 100_000, steps: u64::MAX, output: usize::MAX, nested: 100_000, values: u64::MAX }
    }
}

/// A set of parsed templates that can call each other. It can be executed many times, also from several threads at once.
#[derive(Clone, Debug)]
pub struct Templates {
    name: String,
    functions: Arc<Functions>,
    trees: FxHashMap<String, Arc<Tree>>,
    missing_key: MissingKey,
    integer_ranges: bool,
    limits: Limits,
    delimiters: (String, String),
}

impl Templates {
    /// Makes an empty set. The name is part of errors about templates that do not exist.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Templates {
        Templates {
            name: name.into(),
            functions: Arc::default(),
            trees: FxHashMap::default(),
            missing_key: MissingKey::default(),
            integer_ranges: true,
            limits: Limits::default(),
            delimiters: ("{{".to_owned(), "}}".to_owned()),
        }
    }

    /// Sets the functions, which have to be there when a template is parsed.
    #[must_use]
    pub fn with_functions(mut self, functions: impl Into<Arc<Functions>>) -> Templates {
        self.functions = functions.into();
        self
    }

    /// Sets what a missing key evaluates to.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Templates {
        self.missing_key = missing_key;
        self
    }

    /// Sets whether `range` takes integers, as it does since Go 1.24.
    #[must_use]
    pub fn with_integer_ranges(mut self, allowed: bool) -> Templates {
        self.integer_ranges = allowed;
        self
    }

    /// Sets the limits of executions.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Templates {
        self.limits = limits;
        self
    }

    /// Sets the action delimiters; an empty one is the default.
    #[must_use]
    pub fn with_delimiters(mut self, left: &str, right: &str) -> Templates {
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        self.delimiters = (or(left, "{{"), or(right, "}}"));
        self
    }

    /// Makes an empty set with the same functions and options.
    #[must_use]
    pub fn sibling(&self, name: impl Into<String>) -> Templates {
        Templates {
            name: name.into(),
            functions: self.functions.clone(),
            trees: FxHashMap::default(),
            missing_key: self.missing_key,
            integer_ranges: self.integer_ranges,
            limits: self.limits,
            delimiters: self.delimiters.clone(),
        }
    }

    /// Parses a text and adds it under its name, with the definitions in it.
    ///
    /// A template replaces an earlier one of the same name, unless it consists of blanks and comments alone.
    ///
    /// # Errors
    /// The text is not a template, names a function that does not exist, or defines a template twice.
    pub fn parse(&mut self, name: &str, text: impl Into<Str>) -> Result<(), ParseError> {
        let delimiters = (self.delimiters.0.as_str(), self.delimiters.1.as_str());
        for tree in crate::parse::parse(name, text.into(), delimiters, &self.functions)? {
            if !tree.empty || !self.trees.contains_key(&tree.name) {
                self.trees.insert(tree.name.clone(), tree);
            }
        }
        Ok(())
    }

    /// Returns the set's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the functions.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Returns whether there is a template of that name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// Returns the names of the templates, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.trees.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn integer_ranges(&self) -> bool {
        self.integer_ranges
    }

    pub(crate) fn missing_key(&self) -> MissingKey {
        self.missing_key
    }

    pub(crate) fn tree(&self, name: &str) -> Option<&Tree> {
        self.trees.get(name).map(|tree| &**tree)
    }
}
