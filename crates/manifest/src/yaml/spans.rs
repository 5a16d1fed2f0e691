//! The byte ranges of the scalars of a text, for edits that keep every other byte.

use std::fmt;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Scalar, Style, Text};

use super::parse::{Event, EventKind, Parser};
use super::scan::Scanner;
use super::text;

/// A scalar value and its byte range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalarSpan {
    /// The document in the stream, from 0.
    pub document: usize,
    /// The path from the document's root to the value.
    pub path: Vec<Step>,
    /// The value. For an alias, the value of its anchor.
    pub scalar: Scalar,
    /// The bytes to replace for another value: of a quoted scalar including the quotes, without tag and anchor; of a block scalar
    /// the lines below the `|`; of an alias `*name`; empty for a value that is not written.
    pub range: Range<usize>,
    /// Whether the value is written as an alias, so that the range does not have its text.
    pub alias: bool,
    /// Line and column of the value, its properties included.
    pub at: At,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The value under this key. A key that is not a scalar counts as empty.
    Key(Text),
    /// The item at this index of a sequence.
    Index(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) => f.write_str(key),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// An open collection.
enum Open {
    Seq(usize),
    /// The key of the next value; `None` where a key is next.
    Map(Option<Text>),
    /// A collection that is a key: its scalars are not values.
    Key(usize),
}

/// The scalar values of a text; see [`super::scalar_spans`].
pub(super) fn scalars(bytes: &[u8]) -> Result<Vec<ScalarSpan>, Diagnostic> {
    let text = text::checked(bytes)?;
    let shift = bytes.len() - text.len();
    let mut parser = Parser::new(Scanner::new(text, 0));
    let mut collector = SpanCollector::default();
    loop {
        let event = parser.next()?;
        if matches!(event.kind, EventKind::StreamEnd) {
            return Ok(collector.spans);
        }
        collector.step(event, text, shift)?;
    }
}

#[derive(Default)]
struct SpanCollector {
    spans: Vec<ScalarSpan>,
    open: Vec<Open>,
    anchors: FxHashMap<Text, Scalar>,
    documents: usize,
}

impl SpanCollector {
    fn step(&mut self, event: Event, text: &str, shift: usize) -> Result<(), Diagnostic> {
        let Event { kind, mark, range } = event;
        let at = mark.at();
        match kind {
            EventKind::DocumentStart => self.documents += 1,
            EventKind::StreamEnd | EventKind::DocumentEnd => {}
            EventKind::SequenceStart { .. } => self.enter(Open::Seq(0)),
            EventKind::MappingStart { .. } => self.enter(Open::Map(None)),
            EventKind::SequenceEnd | EventKind::MappingEnd => self.leave(),
            EventKind::Alias(name) => {
                let known = self.anchors.get(&name).cloned();
                self.scalar(known, range.0 + shift..range.1 + shift, true, at);
            }
            EventKind::Scalar { text: value, style, tag, anchor } => {
                let scalar = Scalar { text: value, style, tag };
                if let Some(name) = anchor {
                    self.anchors.insert(name, scalar.clone());
                }
                let from = match style {
                    Style::Literal | Style::Folded => content_start(text, range.0).min(range.1),
                    _ => range.0,
                };
                self.scalar(Some(scalar), from + shift..range.1 + shift, false, at);
            }
        }
        Ok(())
    }

    fn enter(&mut self, open: Open) {
        match self.open.last_mut() {
            Some(Open::Key(depth)) => *depth += 1,
            Some(Open::Map(None)) => self.open.push(Open::Key(0)),
            _ => self.open.push(open),
        }
    }

    fn leave(&mut self) {
        if let Some(Open::Key(depth)) = self.open.last_mut()
            && *depth > 0
        {
            *depth -= 1;
            return;
        }
        let was_key = matches!(self.open.pop(), Some(Open::Key(_)));
        if let (true, Some(Open::Map(key))) = (was_key, self.open.last_mut()) {
            *key = Some(Text::default());
            return;
        }
        self.done();
    }

    /// A value is complete.
    fn done(&mut self) {
        match self.open.last_mut() {
            Some(Open::Seq(index)) => *index += 1,
            Some(Open::Map(key)) => *key = None,
            _ => {}
        }
    }

    /// A scalar or an alias; `None` for an alias of a collection.
    fn scalar(&mut self, scalar: Option<Scalar>, range: Range<usize>, alias: bool, at: At) {
        match self.open.last_mut() {
            Some(Open::Key(_)) => return,
            Some(Open::Map(key @ None)) => {
                *key = Some(scalar.map(|scalar| scalar.text).unwrap_or_default());
                return;
            }
            _ => {}
        }
        if let Some(scalar) = scalar {
            let path = self.open.iter().filter_map(step_of).collect();
            let document = self.documents.saturating_sub(1);
            self.spans.push(ScalarSpan { document, path, scalar, range, alias, at });
        }
        self.done();
    }
}

fn step_of(open: &Open) -> Option<Step> {
    match open {
        Open::Seq(index) => Some(Step::Index(*index)),
        Open::Map(key) => key.clone().map(Step::Key),
        Open::Key(_) => None,
    }
}

/// The start of the line after the header of a block scalar.
fn content_start(text: &str, header: usize) -> usize {
    let rest = text.get(header..).unwrap_or_default();
    match rest.find(super::analyze::is_break) {
        Some(end) if rest[end..].starts_with("\r\n") => header + end + 2,
        Some(end) => header + end + rest[end..].chars().next().map_or(0, char::len_utf8),
        None => text.len(),
    }
}
