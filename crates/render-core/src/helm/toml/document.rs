//! The tables of a document while it is read: which keys exist, which only as part of longer ones, and which tables are open.

use std::collections::{BTreeMap, BTreeSet};

use gotemplate::{Element, List, Map, Str, Type, Value, types};

use super::writer::bare_key;

/// Go's type of a list of tables.
static TABLES: Type = Type::list("[]map[string]interface {}", Element::Concrete(&types::MAP));

/// A value of the document.
pub(super) enum Node {
    Table(Table),
    /// The tables of `[[name]]`.
    Tables(Vec<Table>),
    Value(Value),
}

/// A table: its keys and their values.
pub(super) type Table = BTreeMap<Str, Node>;

/// The document, and the place that the reader is at.
#[derive(Default)]
pub(super) struct Document {
    root: Table,
    /// The table that is open, by its keys from the root.
    pub(super) context: Vec<String>,
    /// The key whose value is read; empty outside of values.
    pub(super) key: String,
    /// Tables that exist as part of longer keys alone.
    implicit: BTreeSet<String>,
    /// Keys whose values are arrays.
    arrays: BTreeSet<String>,
}

/// Returns a key as messages show it.
pub(super) fn shown(keys: &[String]) -> String {
    keys.iter().map(|key| bare_key(key)).collect::<Vec<_>>().join(".")
}

impl Document {
    /// Returns the key that an error names: the open table and the current key.
    pub(super) fn current(&self) -> String {
        match (self.context.is_empty(), self.key.is_empty()) {
            (_, true) => shown(&self.context),
            (true, false) => self.key.clone(),
            (false, false) => format!("{}.{}", shown(&self.context), self.key),
        }
    }

    /// Opens a table, or a new one of a list of tables.
    ///
    /// # Errors
    /// The key has another meaning already.
    pub(super) fn open(&mut self, keys: &[String], in_list: bool) -> Result<(), String> {
        let Some((last, parents)) = keys.split_last() else { return Ok(()) };
        let mut table = &mut self.root;
        for (index, key) in parents.iter().enumerate() {
            if !table.contains_key(key.as_bytes()) {
                self.implicit.insert(shown(&parents[..=index]));
            }
            let node = table.entry(Str::from(key.as_str())).or_insert_with(|| Node::Table(Table::new()));
            table = inner(node)
                .ok_or_else(|| format!("Key '{}' was already created as a hash.", shown(&parents[..=index])))?;
        }
        self.context = parents.to_vec();
        if in_list {
            let node = table.entry(Str::from(last.as_str())).or_insert_with(|| Node::Tables(Vec::new()));
            match node {
                Node::Tables(tables) => tables.push(Table::new()),
                _ => {
                    return Err(format!("Key '{}' was already created and cannot be used as an array.", shown(keys)));
                }
            }
        } else {
            self.set(last, Node::Table(Table::new()))?;
        }
        self.context.push(last.clone());
        Ok(())
    }

    /// Opens the tables of a key with dots, from the open table on.
    ///
    /// # Errors
    /// One of the keys has another meaning already.
    pub(super) fn open_parents(&mut self, parents: &[String]) -> Result<(), String> {
        for key in parents {
            let mut keys = self.context.clone();
            keys.push(key.clone());
            self.mark_implicit(&keys);
            self.open(&keys, false)?;
        }
        Ok(())
    }

    /// Marks a table as one that may be defined again.
    pub(super) fn mark_implicit(&mut self, keys: &[String]) {
        self.implicit.insert(shown(keys));
    }

    /// Marks the current key as one with an array, or with something else.
    pub(super) fn mark_array(&mut self, is_array: bool) {
        let keys = self.path(&self.key);
        if is_array {
            self.arrays.insert(keys);
        } else {
            self.arrays.remove(&keys);
        }
    }

    fn path(&self, key: &str) -> String {
        let mut keys = self.context.clone();
        if !key.is_empty() || keys.is_empty() {
            keys.push(key.to_owned());
        }
        shown(&keys)
    }

    /// Sets a value in the open table.
    ///
    /// # Errors
    /// The key is defined already.
    pub(super) fn set(&mut self, key: &str, value: Node) -> Result<(), String> {
        let mut table = &mut self.root;
        for (index, part) in self.context.iter().enumerate() {
            let node = table.get_mut(part.as_bytes()).and_then(inner);
            let defined = || format!("Key '{}' has already been defined.", shown(&self.context[..=index]));
            table = node.ok_or_else(defined)?;
        }
        let mut keys = self.context.clone();
        keys.push(key.to_owned());
        let path = shown(&keys);
        if table.contains_key(key.as_bytes()) {
            if !self.implicit.remove(&path) {
                return Err(format!("Key '{path}' has already been defined."));
            }
            // A table that was defined as part of longer keys keeps what they set.
            if !self.arrays.contains(&path) {
                return Ok(());
            }
        }
        table.insert(Str::from(key), value);
        Ok(())
    }

    /// Returns the document as a map.
    pub(super) fn finish(self) -> Map {
        map_of(self.root)
    }
}

fn inner(node: &mut Node) -> Option<&mut Table> {
    match node {
        Node::Table(table) => Some(table),
        Node::Tables(tables) => tables.last_mut(),
        Node::Value(_) => None,
    }
}

/// Returns a table as a map.
pub(super) fn map_of(table: Table) -> Map {
    let value = |node: Node| match node {
        Node::Value(value) => value,
        Node::Table(table) => map_of(table).into(),
        Node::Tables(tables) => {
            Value::List(List::new(&TABLES, tables.into_iter().map(|table| map_of(table).into()).collect()))
        }
    };
    Map::new(&types::MAP, table.into_iter().map(|(key, node)| (key, value(node))).collect())
}
