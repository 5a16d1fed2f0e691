//! The parser: tokens in, events out. The grammar is YAML 1.1's as libyaml and go-yaml read it, as a machine with a
//! stack of states, so that depth costs no recursion.

mod block;
mod flow;

use crate::diagnostic::Diagnostic;
use crate::node::{Style, Tag, Text};

use super::scan::{Mark, Scanner, Token, TokenKind};
use super::timestamp;

/// What a document is made of, and where it starts.
#[derive(Debug)]
pub(in crate::yaml) struct Event {
    pub(in crate::yaml) kind: EventKind,
    pub(in crate::yaml) mark: Mark,
    /// The token's own range in the text, without its properties; empty for what is not written.
    pub(in crate::yaml) range: (usize, usize),
}

#[derive(Debug)]
pub(in crate::yaml) enum EventKind {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(Text),
    Scalar { text: Text, style: Style, tag: Tag, anchor: Option<Text> },
    SequenceStart { anchor: Option<Text> },
    SequenceEnd,
    MappingStart { anchor: Option<Text> },
    MappingEnd,
}

#[derive(Clone, Copy, Debug)]
enum State {
    FirstDocument,
    Document,
    DocumentContent,
    DocumentEnd,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingNoValue,
    BlockNode,
    End,
}

/// The anchor and the tag of a node.
#[derive(Default)]
struct Properties {
    anchor: Option<Text>,
    tag: Option<Text>,
}

/// The kind of node that is allowed in a context.
#[derive(Clone, Copy, PartialEq)]
enum NodeContext {
    Block,
    /// A block sequence may occur here without being indented.
    BlockOrIndentless,
    Flow,
}

pub(in crate::yaml) struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    /// Where the open collections start.
    marks: Vec<Mark>,
    /// The `%TAG` handles of this document.
    handles: Vec<(Text, Text)>,
}

type Parse = Result<Event, Diagnostic>;

/// The prefix of the tags that YAML itself defines.
const YAML_TAGS: &str = "tag:yaml.org,2002:";

fn event(kind: EventKind, mark: Mark) -> Event {
    Event { kind, mark, range: (mark.offset, mark.offset) }
}

fn empty_scalar(mark: Mark) -> Event {
    let kind = EventKind::Scalar { text: Text::default(), style: Style::Plain, tag: Tag::Implicit, anchor: None };
    event(kind, mark)
}

/// An empty value inside a flow collection. It is null like any other, but kustomize prints `""` for it
/// (go-yaml v3 writes an empty flow scalar in quotes and reads those as a string), so it carries the tag that tells.
fn empty_in_flow(mark: Mark) -> Event {
    let kind = EventKind::Scalar { text: Text::default(), style: Style::Plain, tag: Tag::Null, anchor: None };
    event(kind, mark)
}

fn refuse(context: &str, problem: &str, mark: Mark) -> Diagnostic {
    Diagnostic::new(format!("{context}{problem}")).at(mark.at())
}

impl<'a> Parser<'a> {
    pub(in crate::yaml) fn new(scanner: Scanner<'a>) -> Self {
        Parser { scanner, state: State::FirstDocument, states: Vec::new(), marks: Vec::new(), handles: Vec::new() }
    }

    /// The next event; `StreamEnd` for ever at the end.
    pub(in crate::yaml) fn next(&mut self) -> Parse {
        match self.state {
            State::FirstDocument => self.document_start(true),
            State::Document => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(NodeContext::Block),
            State::BlockSequenceFirst => self.enter(State::BlockSequence),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingFirst => self.enter(State::BlockMappingKey),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingNoValue => self.flow_mapping_no_value(),
            State::End => {
                let mark = self.scanner.peek()?.mark;
                Ok(event(EventKind::StreamEnd, mark))
            }
        }
    }

    /// Returns the line (from 0) on which the scanner stopped, where it could not read a token.
    pub(in crate::yaml) fn failed_line(&self) -> Option<u32> {
        self.scanner.failed_line()
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn document_start(&mut self, first: bool) -> Parse {
        if !first {
            while matches!(self.scanner.peek()?.kind, TokenKind::DocumentEnd) {
                self.scanner.take()?;
            }
        }
        let token = self.scanner.peek()?;
        let mark = token.mark;
        match token.kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                return Ok(event(EventKind::StreamEnd, mark));
            }
            TokenKind::Version(..) | TokenKind::TagDirective(_) | TokenKind::DocumentStart => {}
            _ if first => {
                self.handles.clear();
                self.default_handles();
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                return Ok(event(EventKind::DocumentStart, mark));
            }
            _ => {
                return Err(refuse("", "did not find the expected document start `---`", mark)
                    .hint("put `---` on a line of its own before the next document"));
            }
        }
        self.directives()?;
        let token = self.scanner.peek()?;
        if !matches!(token.kind, TokenKind::DocumentStart) {
            return Err(refuse("", "did not find the expected document start `---`", token.mark));
        }
        self.scanner.take()?;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(event(EventKind::DocumentStart, mark))
    }

    fn default_handles(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", YAML_TAGS)] {
            if !self.handles.iter().any(|(known, _)| known == handle) {
                self.handles.push((Text::new_static(handle), Text::new_static(prefix)));
            }
        }
    }

    fn directives(&mut self) -> Result<(), Diagnostic> {
        self.handles.clear();
        let mut version_seen = false;
        loop {
            let mark = self.scanner.peek()?.mark;
            match &self.scanner.peek()?.kind {
                TokenKind::Version(major, minor) => {
                    if version_seen {
                        return Err(refuse("", "found duplicate %YAML directive", mark));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(refuse("", "found incompatible YAML document: only %YAML 1.1 is read", mark));
                    }
                    version_seen = true;
                }
                TokenKind::TagDirective(pair) => {
                    if self.handles.iter().any(|(handle, _)| *handle == pair.0) {
                        return Err(refuse("", "found duplicate %TAG directive", mark));
                    }
                    self.handles.push((**pair).clone());
                }
                _ => break,
            }
            self.scanner.take()?;
        }
        self.default_handles();
        Ok(())
    }

    fn document_content(&mut self) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        match token.kind {
            TokenKind::Version(..)
            | TokenKind::TagDirective(_)
            | TokenKind::DocumentStart
            | TokenKind::DocumentEnd
            | TokenKind::StreamEnd => {
                self.pop_state();
                Ok(empty_scalar(mark))
            }
            _ => self.node(NodeContext::Block),
        }
    }

    fn document_end(&mut self) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::DocumentEnd) {
            self.scanner.take()?;
        }
        self.state = State::Document;
        Ok(event(EventKind::DocumentEnd, mark))
    }

    /// Reads a node: its properties, then the scalar or the start of the collection.
    fn node(&mut self, context: NodeContext) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if let TokenKind::Alias(name) = &token.kind {
            let kind = EventKind::Alias(name.clone());
            let range = (mark.offset, token.end);
            self.scanner.take()?;
            self.pop_state();
            return Ok(Event { kind, mark, range });
        }
        let Properties { anchor, tag } = self.properties()?;
        let token = self.scanner.peek()?;
        let has_properties = anchor.is_some() || tag.is_some();
        let start = token.mark;
        let next = match &token.kind {
            TokenKind::BlockEntry if context == NodeContext::BlockOrIndentless => State::IndentlessSequence,
            TokenKind::Scalar(..) => return self.scalar(context, mark, tag, anchor),
            TokenKind::FlowSequenceStart => State::FlowSequenceFirst,
            TokenKind::FlowMappingStart => State::FlowMappingFirst,
            TokenKind::BlockSequenceStart if context != NodeContext::Flow => State::BlockSequenceFirst,
            TokenKind::BlockMappingStart if context != NodeContext::Flow => State::BlockMappingFirst,
            _ if has_properties => {
                self.pop_state();
                let none = if context == NodeContext::Flow { Tag::Null } else { Tag::Implicit };
                let tag = match tag.map(short_tag) {
                    // An explicit `!!null` is the null that an empty value in block context is.
                    Some(Tag::Null) => Tag::Implicit,
                    tag => tag.unwrap_or(none),
                };
                let kind = EventKind::Scalar { text: Text::default(), style: Style::Plain, tag, anchor };
                return Ok(Event { kind, mark, range: (start.offset, start.offset) });
            }
            _ => return Err(no_content(context, token)),
        };
        self.state = next;
        let mapping = matches!(next, State::FlowMappingFirst | State::BlockMappingFirst);
        let kind = if mapping { EventKind::MappingStart { anchor } } else { EventKind::SequenceStart { anchor } };
        Ok(event(kind, mark))
    }

    /// Takes the anchor and the tag before a node, in either order.
    fn properties(&mut self) -> Result<Properties, Diagnostic> {
        let mut properties = Properties::default();
        loop {
            let token = self.scanner.peek()?;
            match &token.kind {
                TokenKind::Anchor(name) if properties.anchor.is_none() => properties.anchor = Some(name.clone()),
                TokenKind::Tag(pair) if properties.tag.is_none() => {
                    let (pair, mark) = ((**pair).clone(), token.mark);
                    properties.tag = Some(self.resolve_tag(pair, mark)?);
                }
                _ => return Ok(properties),
            }
            self.scanner.take()?;
        }
    }

    fn scalar(&mut self, context: NodeContext, mark: Mark, tag: Option<Text>, anchor: Option<Text>) -> Parse {
        let Token { kind, mark: start, end } = self.scanner.take()?;
        let TokenKind::Scalar(text, style) = kind else {
            return Err(refuse("", "did not find the expected scalar", start));
        };
        self.pop_state();
        let in_quotes = context == NodeContext::Flow && style == Style::Plain && text.contains(':');
        let tag = match tag {
            Some(tag) => short_tag(tag),
            // kustomize writes a flow scalar with a `:` in quotes before it reads it again: a time becomes a string.
            None if in_quotes && timestamp::parse(&text).is_some() => Tag::Str,
            None => Tag::Implicit,
        };
        Ok(Event { kind: EventKind::Scalar { text, style, tag, anchor }, mark, range: (start.offset, end) })
    }

    /// A tag in full.
    fn resolve_tag(&self, (handle, suffix): (Text, Text), mark: Mark) -> Result<Text, Diagnostic> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        match self.handles.iter().find(|(known, _)| *known == handle) {
            Some((_, prefix)) => Ok(Text::from(format!("{prefix}{suffix}"))),
            None => Err(refuse("while parsing a node: ", &format!("found undefined tag handle `{handle}`"), mark)),
        }
    }

    /// Takes the token that opens a collection and goes on with its first item.
    fn enter(&mut self, state: State) -> Parse {
        let token = self.scanner.take()?;
        self.marks.push(token.mark);
        self.state = state;
        self.next_in_collection()
    }

    fn next_in_collection(&mut self) -> Parse {
        match self.state {
            State::BlockSequence => self.block_sequence(),
            _ => self.block_mapping_key(),
        }
    }

    /// Takes the token that closes a collection.
    fn leave(&mut self, kind: EventKind) -> Parse {
        let token = self.scanner.take()?;
        self.marks.pop();
        self.pop_state();
        Ok(event(kind, token.mark))
    }

    fn unexpected(&mut self, context: &str, problem: &str) -> Diagnostic {
        let open = self.marks.last().copied().unwrap_or_default().at();
        match self.scanner.peek() {
            Ok(token) => {
                refuse(&format!("while parsing {context} that starts at line {}: ", open.line), problem, token.mark)
            }
            Err(error) => error,
        }
    }

    /// Takes the next token, an indicator, and returns the position after it.
    fn take_indicator(&mut self) -> Result<Mark, Diagnostic> {
        let token = self.scanner.take()?;
        let len = token.end.saturating_sub(token.mark.offset);
        Ok(Mark { offset: token.end, line: token.mark.line, column: token.mark.column + len as u32 })
    }
}

fn no_content(context: NodeContext, token: &Token) -> Diagnostic {
    let what = if context == NodeContext::Flow { "a flow" } else { "a block" };
    refuse(&format!("while parsing {what} node: "), "did not find the expected node content", token.mark)
        .hint("put a value that starts with a special character in quotes")
}

/// The tag as the tree keeps it. The non-specific tag `!` says nothing (go-yaml v3, `node`).
fn short_tag(tag: Text) -> Tag {
    if tag == "!" {
        return Tag::Implicit;
    }
    match tag.strip_prefix(YAML_TAGS).or_else(|| tag.strip_prefix("!!")) {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        _ => Tag::Other(tag),
    }
}
