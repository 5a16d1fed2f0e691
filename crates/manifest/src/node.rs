//! The YAML node tree, the value that all stages work on.
//!
//! A tree is a value: no anchors, no aliases, no merge keys (the reader has expanded them), but every scalar still
//! knows how it was written, because its type (`yes`, `"yes"`, `!!str 1`) depends on that.

use smol_str::SmolStr;

/// A string in a tree: short ones are stored inline, long ones are shared, so that cloning a tree is cheap.
pub type Text = SmolStr;

/// A position in a file: line and column, both counted from 1; 0 and 0 for what the program created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A node of a YAML tree and its position.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The content.
    pub data: Data,
    /// The position in the file.
    pub at: At,
}

/// The content of a node.
#[derive(Clone, Debug)]
pub enum Data {
    /// A mapping, in the order written.
    Map(Map),
    /// A sequence.
    Seq(Vec<Node>),
    /// A scalar.
    Scalar(Scalar),
}

impl Default for Data {
    fn default() -> Self {
        Data::Scalar(Scalar::null())
    }
}

/// A scalar as written. Its type follows from text, style and tag: see [`crate::yaml::resolve`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scalar {
    /// The text after unescaping and folding.
    pub text: Text,
    /// How it was written.
    pub style: Style,
    /// Its explicit tag; `Implicit` if there is none.
    pub tag: Tag,
}

/// How a scalar was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// Without quotes.
    #[default]
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// A `|` block.
    Literal,
    /// A `>` block.
    Folded,
}

/// The explicit tag of a scalar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tag {
    /// No tag: a plain scalar's type follows from its text, any other is a string.
    #[default]
    Implicit,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// Any other tag, in full.
    Other(Text),
}

impl Scalar {
    /// A string: never read as another type, whatever its text.
    pub fn string(text: impl Into<Text>) -> Self {
        Scalar { text: text.into(), style: Style::Plain, tag: Tag::Str }
    }

    /// A plain scalar without a tag: its type follows from its text.
    pub fn plain(text: impl Into<Text>) -> Self {
        Scalar { text: text.into(), style: Style::Plain, tag: Tag::Implicit }
    }

    /// `null`
    pub fn null() -> Self {
        Scalar { text: Text::new_static("null"), style: Style::Plain, tag: Tag::Null }
    }
}

impl From<Scalar> for Node {
    fn from(scalar: Scalar) -> Self {
        Node { data: Data::Scalar(scalar), at: At::default() }
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Self {
        Node { data: Data::Map(map), at: At::default() }
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Node { data: Data::Seq(items), at: At::default() }
    }
}

impl Node {
    /// A string node: never read as another type.
    pub fn string(text: impl Into<Text>) -> Self {
        Scalar::string(text).into()
    }

    /// An empty mapping.
    pub fn map() -> Self {
        Map::default().into()
    }

    /// The mapping, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Data::Map(map) = &self.data { Some(map) } else { None }
    }

    /// The mapping, if it is one, mutable.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Data::Map(map) = &mut self.data { Some(map) } else { None }
    }

    /// The sequence, if it is one.
    pub fn as_seq(&self) -> Option<&Vec<Node>> {
        if let Data::Seq(items) = &self.data { Some(items) } else { None }
    }

    /// The sequence, if it is one, mutable.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        if let Data::Seq(items) = &mut self.data { Some(items) } else { None }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Data::Scalar(scalar) = &self.data { Some(scalar) } else { None }
    }

    /// The scalar's text of any type (`1` and `"1"` alike), if it is a scalar.
    pub fn text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value under `key`, mutable, if this is a mapping that has it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The value at a path of mapping keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }
}

/// A mapping: entries in the order they were written, no key twice (the reader refuses it).
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
}

/// A key and its value. A key keeps its style and tag, since `1: x` and `"1": x` are different keys to a reader.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Scalar,
    /// The key's position.
    pub at: At,
    /// The value.
    pub value: Node,
}

impl Map {
    /// A mapping with room for `count` entries.
    pub fn with_capacity(count: usize) -> Self {
        Map { entries: Vec::with_capacity(count) }
    }

    /// The entries in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries in order, mutable. The caller keeps keys unique.
    pub fn entries_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.entries
    }

    /// The entries, by value.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Frees memory that is reserved for more entries, if it is at least half of all.
    pub(crate) fn shrink(&mut self) {
        if self.entries.len() * 2 <= self.entries.capacity() {
            self.entries.shrink_to_fit();
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the mapping is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is an entry for `key`.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// The value under `key`, mutable.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key.text == key).map(|entry| &mut entry.value)
    }

    /// Sets the value of `key`: in place where it exists, otherwise at the end.
    pub fn set(&mut self, key: &str, value: impl Into<Node>) {
        match self.get_mut(key) {
            Some(slot) => *slot = value.into(),
            None => self.push(Scalar::string(key), value.into()),
        }
    }

    /// Appends an entry whose key is known to be new.
    pub fn push(&mut self, key: Scalar, value: Node) {
        self.entries.push(Entry { key, at: At::default(), value });
    }

    /// Removes `key` and returns its value.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key.text == key)?;
        Some(self.entries.remove(index).value)
    }

    /// The value under `key`, appended by `make` where it is missing.
    pub fn get_or_insert_with(&mut self, key: &str, make: impl FnOnce() -> Node) -> &mut Node {
        let index = match self.entries.iter().position(|entry| entry.key.text == key) {
            Some(index) => index,
            None => {
                self.push(Scalar::string(key), make());
                self.entries.len() - 1
            }
        };
        &mut self.entries[index].value
    }
}
