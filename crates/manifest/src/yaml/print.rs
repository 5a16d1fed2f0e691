//! The layout of go-yaml's encoders: block collections, keys sorted, two spaces. The differences between the tools are a
//! [`Dialect`].

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Data, Entry, Map, Node, Scalar};

use super::analyze::is_break;
use super::depth;
use super::emit::ScalarContext;
use super::order;

/// The longest key that is written on the line of its value (`yaml_emitter_check_simple_key`).
const LONGEST_SIMPLE_KEY: usize = 128;

/// The longest text, in bytes: 128 MiB. Indentation can make a text much larger than the objects in it.
const MAX_OUTPUT: usize = 128 << 20;

const SPACES: &str = "                                                                ";

/// How a tool prints keys and scalars.
pub(super) trait Dialect {
    /// How far the items of a sequence are indented below their key.
    const SEQUENCE_INDENT: usize;
    /// Whether lines beyond 80 characters are folded.
    const FOLD: bool;

    /// The key of an entry. `root` says whether the entry belongs to the object itself.
    fn key(entry: &Entry, root: bool) -> Result<Key<'_>, Diagnostic>;

    /// Sorts the entries of a mapping.
    fn sort(entries: &mut Vec<(Key<'_>, &Node)>);

    /// Writes a scalar.
    fn scalar(out: &mut String, scalar: &Scalar, at: At, context: ScalarContext) -> Result<(), Diagnostic>;

    /// Writes a string.
    fn string(out: &mut String, text: &str, context: ScalarContext);
}

/// A key as it is sorted and printed.
pub(super) struct Key<'a> {
    /// The text.
    pub(super) text: Cow<'a, str>,
    /// The rank of its type among those of the other keys.
    pub(super) rank: order::Rank,
}

/// Appends the object in the dialect `D`, ending with a newline.
pub(super) fn object<D: Dialect>(object: &Node, out: &mut String) -> Result<(), Diagnostic> {
    let mut printer = Printer::<D> { out, depth: 0, dialect: std::marker::PhantomData };
    printer.nested(object, 0)?;
    if !out.ends_with('\n') {
        out.push('\n');
    }
    Ok(())
}

/// Refuses keys of different spellings that would be printed with the same text (`~` and `null`, or `~` and
/// `"null"`): go-yaml compares texts alone, so it could not read the output.
fn check_distinct(map: &Map, keys: &[(Key<'_>, &Node)]) -> Result<(), Diagnostic> {
    if keys.iter().all(|(key, _)| key.rank.is_string() && matches!(key.text, Cow::Borrowed(_))) {
        return Ok(());
    }
    let mut seen = FxHashSet::default();
    let duplicate = keys.iter().position(|(key, _)| !seen.insert(key.text.as_ref()));
    match duplicate.and_then(|index| map.entries().get(index)) {
        Some(entry) => Err(Diagnostic::new(format!("duplicate key \"{}\" in another spelling", entry.key.text))
            .at(entry.at)
            .hint("remove one of the two")),
        None => Ok(()),
    }
}

struct Printer<'a, D> {
    out: &'a mut String,
    /// The number of open collections.
    depth: usize,
    dialect: std::marker::PhantomData<D>,
}

impl<D: Dialect> Printer<'_, D> {
    /// Writes the entries of a mapping, the first one where the last line ends if `inline`.
    fn map(&mut self, map: &Map, indent: usize, inline: bool) -> Result<(), Diagnostic> {
        let root = self.depth == 1;
        let mut entries = Vec::with_capacity(map.len());
        for entry in map.entries() {
            let key = D::key(entry, root)?;
            if key.text == "<<" {
                return Err(Diagnostic::new("cannot print the key \"<<\": readers treat it as a merge key")
                    .at(entry.at)
                    .hint("rename the key, which kustomize would drop"));
            }
            entries.push((key, &entry.value));
        }
        check_distinct(map, &entries)?;
        D::sort(&mut entries);
        for (index, (key, value)) in entries.iter().enumerate() {
            self.check_room(indent)?;
            if index > 0 || !inline {
                self.line(indent);
            }
            let simple = key.text.len() <= LONGEST_SIMPLE_KEY && !key.text.contains(is_break);
            let context = ScalarContext { indent: indent + 2, key: simple, fold: D::FOLD };
            if !simple {
                self.out.push_str("? ");
            }
            if key.rank.is_string() {
                D::string(self.out, &key.text, context);
            } else {
                self.out.push_str(&key.text);
            }
            if simple {
                self.out.push(':');
                self.value(value, indent)?;
            } else {
                self.line(indent);
                self.out.push_str(": ");
                self.nested(value, indent + 2)?;
            }
        }
        Ok(())
    }

    /// Writes the items of a sequence, the first one where the last line ends if `inline`.
    fn seq(&mut self, items: &[Node], indent: usize, inline: bool) -> Result<(), Diagnostic> {
        for (index, item) in items.iter().enumerate() {
            self.check_room(indent)?;
            if index > 0 || !inline {
                self.line(indent);
            }
            self.out.push_str("- ");
            self.nested(item, indent + 2)?;
        }
        Ok(())
    }

    /// Writes the value after `key:`.
    fn value(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        self.descend(node)?;
        match &node.data {
            Data::Map(map) if !map.is_empty() => self.map(map, indent + 2, false)?,
            Data::Seq(items) if !items.is_empty() => self.seq(items, indent + D::SEQUENCE_INDENT, false)?,
            _ => {
                self.out.push(' ');
                self.flat(node, indent + 2)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Writes a node on the current line, after `- `, `? ` or `: ` or at the start.
    fn nested(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        self.descend(node)?;
        match &node.data {
            Data::Map(map) if !map.is_empty() => self.map(map, indent, true)?,
            Data::Seq(items) if !items.is_empty() => self.seq(items, indent, true)?,
            _ => self.flat(node, indent)?,
        }
        self.depth -= 1;
        Ok(())
    }

    fn descend(&mut self, node: &Node) -> Result<(), Diagnostic> {
        self.depth += 1;
        depth::check(self.depth, node.at)
    }

    /// Writes a scalar or an empty collection.
    fn flat(&mut self, node: &Node, indent: usize) -> Result<(), Diagnostic> {
        match &node.data {
            Data::Map(_) => self.out.push_str("{}"),
            Data::Seq(_) => self.out.push_str("[]"),
            Data::Scalar(scalar) => {
                // A line may begin at each of these.
                let lines = scalar.text.bytes().filter(|byte| matches!(byte, b' ' | b'\n')).count();
                self.check_room(scalar.text.len().saturating_add(lines.saturating_mul(indent)))?;
                D::scalar(
                    self.out,
                    scalar,
                    node.at,
                    ScalarContext { indent: indent.max(2), key: false, fold: D::FOLD },
                )?;
            }
        }
        Ok(())
    }

    /// Fails if `more` bytes exceed the limit of the text.
    fn check_room(&self, more: usize) -> Result<(), Diagnostic> {
        if self.out.len().saturating_add(more) <= MAX_OUTPUT {
            return Ok(());
        }
        let message = format!("the output exceeds the limit of {} MiB", MAX_OUTPUT >> 20);
        Err(Diagnostic::new(message).hint("split the kustomization"))
    }

    /// Starts a new line.
    fn line(&mut self, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with(is_break) {
            self.out.push('\n');
        }
        let mut missing = indent;
        while missing > 0 {
            let spaces = &SPACES[..missing.min(SPACES.len())];
            self.out.push_str(spaces);
            missing -= spaces.len();
        }
    }
}
