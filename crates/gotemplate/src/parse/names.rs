//! The names in a text: each is kept once, however often it occurs.

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::ast::{Callee, Identifier};
use crate::builtins::Builtin;
use crate::functions::Functions;
use crate::text::Str;

/// As many names as most texts use, so that their tables seldom grow.
const MANY: usize = 28;

/// The names of fields, variables and functions that a text has used so far.
pub(super) struct Names<'p> {
    functions: &'p Functions,
    texts: FxHashMap<&'p [u8], Str>,
    identifiers: FxHashMap<&'p [u8], Arc<Identifier>>,
}

impl<'p> Names<'p> {
    /// `root` is the variable `$`, which all templates of the text have.
    pub(super) fn new(functions: &'p Functions, root: &Str) -> Names<'p> {
        let mut texts = FxHashMap::with_capacity_and_hasher(MANY, FxBuildHasher);
        texts.insert(&b"$"[..], root.clone());
        Names { functions, texts, identifiers: FxHashMap::with_capacity_and_hasher(MANY, FxBuildHasher) }
    }

    /// Returns the name; two of the same text share their bytes.
    pub(super) fn text(&mut self, name: &'p [u8]) -> Str {
        self.texts.entry(name).or_insert_with(|| Str::from(name)).clone()
    }

    /// Returns the function of that name; `None` if it is not defined.
    pub(super) fn identifier(&mut self, name: &'p [u8]) -> Option<Arc<Identifier>> {
        if let Some(known) = self.identifiers.get(name) {
            return Some(known.clone());
        }
        let text = String::from_utf8_lossy(name);
        let callee = match (self.functions.get(&text), Builtin::named(&text)) {
            (Some(function), _) => Callee::Function(function.clone()),
            (None, Some(builtin)) => Callee::Builtin(builtin),
            (None, None) => return None,
        };
        let identifier = Arc::new(Identifier { name: text.into_owned(), callee });
        self.identifiers.insert(name, identifier.clone());
        Some(identifier)
    }
}
