//! The composer: events in, trees out. Aliases and merge keys are expanded.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::Diagnostic;
use crate::node::{At, Data, Entry, Map, Node, Scalar, Style, Tag, Text};

use super::depth::{max_depth, too_deep};
use super::parse::{EventKind, Parser};
use super::types::DuplicateKey;

/// The nodes of a stream, keys included. A node takes up to 200 bytes.
const MAX_NODES: usize = 2_000_000;

/// The duplicate keys of a stream that are reported.
const MAX_REPORTED: usize = 1000;

/// A node that an alias may repeat.
struct Anchored {
    node: Node,
    /// The number of its nodes, itself included.
    count: usize,
    /// The number of its levels.
    height: usize,
}

/// An open collection.
struct Frame {
    data: Open,
    at: At,
    anchor: Option<Text>,
    /// Nodes so far, itself included.
    count: usize,
    /// Levels below.
    height: usize,
}

enum Open {
    Seq(Vec<Node>),
    Map {
        map: Map,
        /// The key that waits for its value.
        key: Option<(Scalar, At)>,
        merges: bool,
    },
}

/// What is done with a duplicate key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DuplicateKeys {
    /// It is an error (go-yaml v3).
    Refuse,
    /// The last value stays, and the others are reported in [`Composer::dropped`] (go-yaml v2 unless it is strict).
    LastWins,
    /// The first value stays, and the others are reported in [`Composer::dropped`] (kyaml's `Field`).
    FirstWins,
}

/// Composes the documents of one stream.
pub(super) struct Composer<'a> {
    parser: Parser<'a>,
    duplicates: DuplicateKeys,
    /// The maximum depth of the tree.
    max_depth: usize,
    /// The duplicate keys that were dropped.
    pub(super) dropped: Vec<DuplicateKey>,
    /// The mapping or sequence that was used as a key.
    pub(super) invalid_key: Option<Node>,
    anchors: FxHashMap<Text, Option<Anchored>>,
    frames: Vec<Frame>,
    /// The number of nodes, of those among them that aliases made, and of those kept for aliases.
    made: usize,
    repeated: usize,
    kept: usize,
}

impl<'a> Composer<'a> {
    pub(super) fn new(parser: Parser<'a>, duplicates: DuplicateKeys) -> Self {
        Composer {
            parser,
            duplicates,
            max_depth: max_depth(),
            dropped: Vec::new(),
            invalid_key: None,
            anchors: FxHashMap::default(),
            frames: Vec::new(),
            made: 0,
            repeated: 0,
            kept: 0,
        }
    }

    /// Returns the line that go-yaml v2 names in a syntax error (`parser.fail`): it counts the scanner's errors from 1, the parser's
    /// from 0, and names none for 0. The errors of the decoder have no line.
    pub(super) fn problem_line(&self, error: &Diagnostic) -> u32 {
        match self.parser.failed_line() {
            Some(0) => 0,
            Some(line) => line + 1,
            None if is_of_parser(error) => error.at.line.saturating_sub(1),
            None => 0,
        }
    }

    /// Reads on to the end of the document.
    ///
    /// # Errors
    /// What is wrong with the syntax of the rest.
    pub(super) fn finish_document(&mut self) -> Result<(), Diagnostic> {
        loop {
            if matches!(self.parser.next()?.kind, EventKind::DocumentEnd | EventKind::StreamEnd) {
                return Ok(());
            }
        }
    }

    /// The next document's root; `None` at the end of the stream.
    pub(super) fn document(&mut self) -> Result<Option<Node>, Diagnostic> {
        loop {
            let event = self.parser.next()?;
            let at = event.mark.at();
            let done = match event.kind {
                EventKind::StreamEnd => return Ok(None),
                EventKind::DocumentStart | EventKind::DocumentEnd => None,
                EventKind::Alias(name) => self.alias(&name, at)?,
                EventKind::Scalar { text, style, tag, anchor } => {
                    self.scalar(Scalar { text, style, tag }, anchor, at)?
                }
                EventKind::SequenceStart { anchor } => self.open(Open::Seq(Vec::new()), anchor, at)?,
                EventKind::MappingStart { anchor } => {
                    self.open(Open::Map { map: Map::default(), key: None, merges: false }, anchor, at)?
                }
                EventKind::SequenceEnd | EventKind::MappingEnd => self.close()?,
            };
            if let Some(root) = done {
                return Ok(Some(root));
            }
        }
    }

    fn open(&mut self, data: Open, anchor: Option<Text>, at: At) -> Result<Option<Node>, Diagnostic> {
        if self.frames.len() >= self.max_depth {
            return Err(too_deep(self.max_depth, at));
        }
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), None);
        }
        self.count(1, 0, at)?;
        self.frames.push(Frame { data, at, anchor, count: 1, height: 1 });
        Ok(None)
    }

    fn close(&mut self) -> Result<Option<Node>, Diagnostic> {
        let Some(frame) = self.frames.pop() else { return Ok(None) };
        let Frame { data, at, anchor, count, height } = frame;
        let data = match data {
            Open::Seq(items) => Data::Seq(items),
            Open::Map { mut map, merges, .. } => {
                map.shrink();
                if let Some(index) = first_duplicate(&map) {
                    if self.duplicates == DuplicateKeys::Refuse {
                        return Err(already_defined(&map, index));
                    }
                    self.drop_duplicates(&mut map, at);
                }
                Data::Map(if merges { expand_merges(map, self.duplicates)? } else { map })
            }
        };
        let node = Node { data, at };
        if let Some(name) = anchor {
            self.keep(name, &node, count, height)?;
        }
        self.add(node, count, height)
    }

    /// Removes all but one of the entries with the same key, and reports each.
    fn drop_duplicates(&mut self, map: &mut Map, mapping: At) {
        let mut seen = FxHashSet::default();
        let mut again = Vec::new();
        for (index, entry) in map.entries().iter().enumerate() {
            if !seen.insert(entry.key.text.clone()) && self.dropped.len() + again.len() < MAX_REPORTED {
                again.push(DuplicateKey { mapping, error: already_defined(map, index) });
            }
        }
        self.dropped.extend(again);
        seen.clear();
        let entries = map.entries_mut();
        let last = self.duplicates == DuplicateKeys::LastWins;
        if last {
            entries.reverse();
        }
        entries.retain(|entry| seen.insert(entry.key.text.clone()));
        if last {
            entries.reverse();
        }
    }

    fn keep(&mut self, name: Text, node: &Node, count: usize, height: usize) -> Result<(), Diagnostic> {
        self.kept += count;
        if self.kept > self.made.saturating_mul(10) + 100_000 {
            return Err(Diagnostic::new("document nests anchors excessively").at(node.at));
        }
        self.anchors.insert(name, Some(Anchored { node: node.clone(), count, height }));
        Ok(())
    }

    fn scalar(&mut self, scalar: Scalar, anchor: Option<Text>, at: At) -> Result<Option<Node>, Diagnostic> {
        self.count(1, 0, at)?;
        if anchor.is_none()
            && let Some(Frame { data: Open::Map { key: key @ None, .. }, count, .. }) = self.frames.last_mut()
        {
            *key = Some((scalar, at));
            *count += 1;
            return Ok(None);
        }
        let node = Node { data: Data::Scalar(scalar), at };
        if let Some(name) = anchor {
            self.keep(name, &node, 1, 1)?;
        }
        self.add(node, 1, 1)
    }

    fn alias(&mut self, name: &Text, at: At) -> Result<Option<Node>, Diagnostic> {
        let (count, height) = match self.anchors.get(name) {
            None => {
                return Err(Diagnostic::new(format!("unknown anchor '{name}' referenced"))
                    .at(at)
                    .hint("define the anchor `&name` above its alias in the same document"));
            }
            Some(None) => {
                return Err(Diagnostic::new(format!("anchor '{name}' value contains itself"))
                    .at(at)
                    .hint("use the alias outside of the value that its anchor marks"));
            }
            Some(Some(kept)) => (kept.count, kept.height),
        };
        self.count(count, count, at)?;
        if self.frames.len() + height > self.max_depth {
            return Err(too_deep(self.max_depth, at));
        }
        let Some(Some(kept)) = self.anchors.get(name) else { return Ok(None) };
        let mut node = kept.node.clone();
        node.at = at;
        self.add(node, count, height)
    }

    fn count(&mut self, made: usize, repeated: usize, at: At) -> Result<(), Diagnostic> {
        self.made += made;
        self.repeated += repeated;
        if self.made > MAX_NODES {
            let message = format!("more than {MAX_NODES} values in one file");
            return Err(Diagnostic::new(message).at(at).hint("split the file"));
        }
        if self.repeated > 0 { check_aliasing(self.made, self.repeated, at) } else { Ok(()) }
    }

    /// Adds a complete node to the open collection; returns it where it is the root.
    fn add(&mut self, node: Node, count: usize, height: usize) -> Result<Option<Node>, Diagnostic> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Some(node)) };
        frame.count += count;
        frame.height = frame.height.max(height + 1);
        match &mut frame.data {
            Open::Seq(items) => items.push(node),
            Open::Map { map, key, merges } => match key.take() {
                Some((key, at)) => {
                    *merges |= is_merge(&key);
                    map.entries_mut().push(Entry { key, at, value: node });
                }
                None => match node.data {
                    Data::Scalar(scalar) => *key = Some((scalar, node.at)),
                    _ => {
                        let at = node.at;
                        self.invalid_key = Some(node);
                        return Err(Diagnostic::new("expected a string as key, found a mapping or sequence")
                            .at(at)
                            .hint("use a string as the key, and put a template's `{{ … }}` in quotes"));
                    }
                },
            },
        }
        Ok(None)
    }
}

/// go-yaml's budget (v3, `allowedAliasRatio`): aliases may make 99 % of a small document and 10 % of a large one.
fn check_aliasing(made: usize, repeated: usize, at: At) -> Result<(), Diagnostic> {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let all = made as f64;
    let allowed = 0.99 - 0.89 * ((all - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
    if repeated > 100 && made > 1000 && repeated as f64 / all > allowed {
        return Err(Diagnostic::new("document contains excessive aliasing")
            .at(at)
            .hint("replace the nested aliases with their values"));
    }
    Ok(())
}

/// Whether an error is one of the parser, not of the composer.
fn is_of_parser(error: &Diagnostic) -> bool {
    ["while parsing", "did not find", "found duplicate", "found incompatible"]
        .iter()
        .any(|start| error.message.starts_with(start))
}

/// Whether the key is the merge key: a plain `<<`.
fn is_merge(key: &Scalar) -> bool {
    key.text == "<<"
        && match &key.tag {
            Tag::Implicit => key.style == Style::Plain,
            Tag::Other(tag) => tag == "tag:yaml.org,2002:merge",
            _ => false,
        }
}

/// The index of the first duplicate key; like go-yaml, keys are compared by their text.
fn first_duplicate(map: &Map) -> Option<usize> {
    let entries = map.entries();
    if entries.len() <= 12 {
        let known = |index: usize| entries[..index].iter().any(|entry| entry.key.text == entries[index].key.text);
        return (1..entries.len()).find(|index| known(*index));
    }
    let mut seen = FxHashSet::with_capacity_and_hasher(entries.len(), rustc_hash::FxBuildHasher);
    entries.iter().position(|entry| !seen.insert(entry.key.text.as_str()))
}

fn already_defined(map: &Map, index: usize) -> Diagnostic {
    let Entry { key, at, .. } = &map.entries()[index];
    let first = map.entries().iter().find(|entry| entry.key.text == key.text).map_or(0, |entry| entry.at.line);
    Diagnostic::new(format!("mapping key \"{}\" already defined at line {first}", key.text))
        .at(*at)
        .hint("remove one of the two")
}

/// Expands the merge key of a mapping. Of several sources the earlier ones win. The mapping's own keys win over all of them, in v2
/// only those after the merge key.
fn expand_merges(mut map: Map, duplicates: DuplicateKeys) -> Result<Map, Diagnostic> {
    let Some(index) = map.entries().iter().position(|entry| is_merge(&entry.key)) else { return Ok(map) };
    let Entry { at, value, .. } = map.entries_mut().remove(index);
    let sources = merge_sources(value, at)?;
    let strong = if duplicates == DuplicateKeys::LastWins { index } else { 0 };
    let mut seen: FxHashSet<Text> = map.entries()[strong..].iter().map(|entry| entry.key.text.clone()).collect();
    let weak = map.entries()[..strong].iter().enumerate();
    let weak: FxHashMap<Text, usize> = weak.map(|(index, entry)| (entry.key.text.clone(), index)).collect();
    for source in sources {
        for entry in source.into_entries() {
            if !seen.insert(entry.key.text.clone()) {
                continue;
            }
            match weak.get(&entry.key.text) {
                Some(&own) => map.entries_mut()[own].value = entry.value,
                None => map.entries_mut().push(entry),
            }
        }
    }
    Ok(map)
}

fn merge_sources(value: Node, at: At) -> Result<Vec<Map>, Diagnostic> {
    match value.data {
        Data::Map(source) => Ok(vec![source]),
        Data::Seq(items) => {
            let map_of = |item: Node| match item.data {
                Data::Map(source) => Ok(source),
                _ => Err(invalid_merge(item.at)),
            };
            items.into_iter().map(map_of).collect()
        }
        Data::Scalar(_) => Err(invalid_merge(at)),
    }
}

fn invalid_merge(at: At) -> Diagnostic {
    Diagnostic::new("map merge requires map or sequence of maps as the value")
        .at(at)
        .hint("write `<<: *anchor`, with the anchor on a mapping")
}
