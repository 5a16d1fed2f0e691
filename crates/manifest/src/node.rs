//! The YAML node tree that every stage speaks about.
//!
//! A tree is a value: no anchors, no aliases, no merge keys (the reader has expanded them), but every scalar still
//! knows how it was written, because what a scalar *is* (`yes`, `"yes"`, `!!str 1`) depends on that.

use smol_str::SmolStr;

/// A string in a tree: short ones are stored inline, long ones are shared, so that cloning a tree is cheap.
pub type Text = SmolStr;

/// Where something stands in its file: line and column, both counted from 1; 0 and 0 for what was made by the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct At {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A node of a YAML tree and where it stands.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// What the node holds.
    pub data: Data,
    /// Where it was read.
    pub at: At,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum Data {
    /// A mapping, in the order it was written.
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
    /// Its explicit tag; `Implicit` where none was written.
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
    /// None written: a plain scalar's type follows from its text, any other is a string.
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

    /// The mapping, if it is one, to change.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        if let Data::Map(map) = &mut self.data { Some(map) } else { None }
    }

    /// The sequence, if it is one.
    pub fn as_seq(&self) -> Option<&Vec<Node>> {
        if let Data::Seq(items) = &self.data { Some(items) } else { None }
    }

    /// The sequence, if it is one, to change.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        if let Data::Seq(items) = &mut self.data { Some(items) } else { None }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Data::Scalar(scalar) = &self.data { Some(scalar) } else { None }
    }

    /// The scalar's text whatever its type (`1` and `"1"` alike), if it is a scalar.
    pub fn text(&self) -> Option<&str> {
        self.as_scalar().map(|scalar| scalar.text.as_str())
    }

    /// The value under `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value under `key`, to change, if this is a mapping that has it.
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
    /// Where the key stands.
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

    /// The entries in order, to change, remove or reorder. The caller keeps keys unique.
    pub fn entries_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.entries
    }

    /// The entries, taken.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether `key` is there.
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// The value under `key`, to change.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key.text == key).map(|entry| &mut entry.value)
    }

    /// Sets `key`: in place if it is there, else at the end.
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

    /// The value under `key`, inserted by `make` at the end where it is missing.
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
