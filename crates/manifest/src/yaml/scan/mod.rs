//! The scanner: bytes in, tokens out, with the lookahead that YAML's simple keys need.
//!
//! It accepts and refuses what the scanner of go-yaml v3 (3.0.4, a descendant of libyaml) does: a key is recognised by
//! the `:` after it, at most 1,024 characters later on the same line, and only then its KEY token goes in front of it.

mod block;
mod chars;
mod directive;
mod indicator;
mod keys;
mod plain;
mod quoted;

use std::collections::VecDeque;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Style, Text};

use super::types::MAX_DEPTH;
use chars::{break_len, is_blank_or_end, is_name_byte};

/// A place in the text: byte offset, line and column, all from 0; the column in characters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) offset: usize,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Mark {
    /// The place as people count: from 1.
    pub(super) fn at(self) -> At {
        At { line: self.line + 1, column: self.column + 1 }
    }
}

/// A token, where it starts and the offset after its end.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) mark: Mark,
    pub(super) end: usize,
}

#[derive(Debug)]
pub(super) enum TokenKind {
    StreamEnd,
    /// `%YAML`, major and minor.
    Version(u8, u8),
    /// `%TAG`: handle and prefix.
    TagDirective(Box<(Text, Text)>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(Text),
    Anchor(Text),
    /// A tag's handle (empty for `!<…>` and `!`) and suffix.
    Tag(Box<(Text, Text)>),
    Scalar(Text, Style),
}

/// A place where a simple key may have begun.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// go-yaml v2 does not look for the `:` any more before it passes the token on.
    forgotten: bool,
    token: usize,
    mark: Mark,
}

pub(super) struct Scanner<'a> {
    source: &'a str,
    text: &'a [u8],
    pos: usize,
    line: u32,
    line_start: usize,
    /// No character beyond ASCII: a column is a difference of offsets.
    ascii: bool,
    /// The text may hold NEL, LS or PS.
    wide_breaks: bool,
    /// Offset and column of the last column that was counted, for texts beyond ASCII.
    counted: (usize, u32),
    tokens: VecDeque<Token>,
    /// How many tokens have been taken.
    taken: usize,
    /// One candidate a flow level, the block level first.
    keys: Vec<SimpleKey>,
    /// No candidate below this index is possible.
    first_key: usize,
    key_allowed: bool,
    /// The column of the block collection that is open, -1 outside.
    indent: i64,
    indents: Vec<i64>,
    ended: bool,
    /// A token could not be read.
    failed: bool,
    /// Whether an empty flow collection is forgotten as a key: see [`Scanner::reading_as_v2`].
    forgets_empty: bool,
    /// Where texts that differ from their source are put together.
    scratch: String,
}

type Scan<T> = Result<T, Diagnostic>;

/// An error of the scanner.
fn refuse(mark: Mark, message: &str) -> Diagnostic {
    Diagnostic::new(message).at(mark.at())
}

impl<'a> Scanner<'a> {
    /// A scanner of `text`, whose first line counts as `line` (from 0).
    pub(super) fn new(text: &'a str, line: u32) -> Self {
        let ascii = text.is_ascii();
        let bytes = text.as_bytes();
        let wide_breaks = !ascii && ["\u{85}", "\u{2028}", "\u{2029}"].iter().any(|wide| text.contains(wide));
        Scanner {
            source: text,
            text: bytes,
            pos: 0,
            line,
            line_start: 0,
            ascii,
            wide_breaks,
            counted: (0, 0),
            tokens: VecDeque::with_capacity(16),
            taken: 0,
            keys: vec![SimpleKey::default()],
            first_key: 0,
            key_allowed: true,
            indent: -1,
            indents: Vec::new(),
            ended: false,
            failed: false,
            forgets_empty: false,
            scratch: String::new(),
        }
    }

    /// Reads as go-yaml v2 does (`yaml_parser_decrease_flow_level`): at the end of an empty flow collection it forgets that the collection may be a
    /// key, so that the parser sees its first token before the scanner looks for a `:`.
    pub(super) fn reading_as_v2(self) -> Self {
        Scanner { forgets_empty: true, ..self }
    }

    /// The next token, left in place. After the end of the stream it is that end for ever.
    pub(super) fn peek(&mut self) -> Scan<&Token> {
        if let Err(error) = self.fill() {
            self.failed = true;
            return Err(error);
        }
        Ok(&self.tokens[0])
    }

    fn fill(&mut self) -> Scan<()> {
        while self.needs_more()? {
            self.fetch()?;
        }
        Ok(())
    }

    /// Returns the line (from 0) on which the scanner stopped, where it could not read a token.
    pub(super) fn failed_line(&self) -> Option<u32> {
        self.failed.then_some(self.line)
    }

    /// Takes the token that [`Scanner::peek`] showed. The end of the stream stays.
    pub(super) fn take(&mut self) -> Scan<Token> {
        self.peek()?;
        if let Some(Token { kind: TokenKind::StreamEnd, mark, end }) = self.tokens.front() {
            return Ok(Token { kind: TokenKind::StreamEnd, mark: *mark, end: *end });
        }
        self.taken += 1;
        self.tokens.pop_front().ok_or_else(|| Diagnostic::new("the YAML scanner lost a token"))
    }

    /// Whether the first token is missing or may still get a KEY in front.
    fn needs_more(&mut self) -> Scan<bool> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        if self.ended {
            return Ok(false);
        }
        while self.first_key < self.keys.len() && !self.keys[self.first_key].possible {
            self.first_key += 1;
        }
        match self.keys.get(self.first_key) {
            Some(key) if key.token == self.taken && !key.forgotten => self.key_is_valid(self.first_key),
            _ => Ok(false),
        }
    }

    fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.pos..]
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    /// The column of the current place, in characters.
    fn column(&mut self) -> u32 {
        if self.ascii {
            return (self.pos - self.line_start) as u32;
        }
        let (offset, column) = self.counted;
        let (from, base) =
            if (self.line_start..=self.pos).contains(&offset) { (offset, column) } else { (self.line_start, 0) };
        let column = base + chars_in(&self.text[from..self.pos]) as u32;
        self.counted = (self.pos, column);
        column
    }

    fn mark(&mut self) -> Mark {
        Mark { offset: self.pos, line: self.line, column: self.column() }
    }

    /// Steps over the line break at the current place, if there is one.
    fn skip_break(&mut self) -> bool {
        let len = break_len(self.rest());
        self.pos += len;
        if len > 0 {
            self.line += 1;
            self.line_start = self.pos;
        }
        len > 0
    }

    /// Whether a line break is at the current place.
    fn at_break(&self) -> bool {
        match self.byte() {
            Some(b'\n' | b'\r') => true,
            Some(0xC2 | 0xE2) => self.wide_breaks && break_len(self.rest()) > 0,
            _ => false,
        }
    }

    fn at_blank(&self) -> bool {
        matches!(self.byte(), Some(b' ' | b'\t'))
    }

    /// Goes to the end of the line, before its break.
    fn skip_line_rest(&mut self) {
        loop {
            let rest = self.rest();
            let found = if self.wide_breaks {
                rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | 0xC2 | 0xE2))
            } else {
                memchr::memchr2(b'\n', b'\r', rest)
            };
            self.pos += found.unwrap_or(rest.len());
            if found.is_none() || self.at_break() {
                return;
            }
            self.pos += 1;
        }
    }

    fn push(&mut self, kind: TokenKind, mark: Mark) {
        let end = self.pos;
        self.tokens.push_back(Token { kind, mark, end });
    }

    /// Reads on to the next token and appends it.
    fn fetch(&mut self) -> Scan<()> {
        self.skip_to_token();
        let column = self.column();
        self.unroll_indent(i64::from(column));
        let Some(byte) = self.byte() else { return self.fetch_stream_end() };
        if column == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if matches!(byte, b'-' | b'.') && chars::is_document_marker(self.rest()) {
                return self.fetch_document_marker(byte);
            }
        }
        let flow = self.in_flow();
        let standalone = || is_blank_or_end(&self.text[self.pos + 1..]);
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if standalone() => self.fetch_block_entry(),
            b'?' if flow || standalone() => self.fetch_key(),
            b':' if flow || standalone() => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !flow => self.fetch_block_scalar(byte == b'|'),
            b'\'' | b'"' => self.fetch_quoted(byte),
            b'|' | b'>' | b'#' | b'%' | b'@' | b'`' | b'\t' => {
                let mark = self.mark();
                Err(refuse(mark, &format!("found a character that cannot start any token: {}", show(byte)))
                    .hint(start_hint(byte)))
            }
            _ => self.fetch_plain(),
        }
    }

    /// Steps over blanks, breaks and comments. A tab may not stand where a block collection may start.
    fn skip_to_token(&mut self) {
        loop {
            while let Some(byte) = self.byte() {
                if byte == b' ' || (byte == b'\t' && (self.in_flow() || !self.key_allowed)) {
                    self.pos += 1;
                } else {
                    break;
                }
            }
            if self.byte() == Some(b'#') {
                self.skip_comments();
            }
            if !self.skip_break() {
                return;
            }
            if !self.in_flow() {
                self.key_allowed = true;
            }
        }
    }

    /// Steps over a comment and the comments on the lines below it, even where tabs stand before them.
    fn skip_comments(&mut self) {
        loop {
            self.skip_line_rest();
            let (pos, line, line_start) = (self.pos, self.line, self.line_start);
            while self.at_blank() || self.at_break() {
                if !self.skip_break() {
                    self.pos += 1;
                }
            }
            if self.byte() != Some(b'#') {
                (self.pos, self.line, self.line_start) = (pos, line, line_start);
                return;
            }
        }
    }

    /// Steps over a comment after `?` or `:`, where a tab before it is allowed though no token could follow it.
    fn skip_comment_behind(&mut self) {
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if self.text.get(self.pos + blanks) == Some(&b'#') {
            self.skip_line_rest();
        }
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if self.pos != self.line_start {
            self.line += 1;
            self.line_start = self.pos;
        }
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.push(TokenKind::StreamEnd, mark);
        self.ended = true;
        Ok(())
    }

    fn fetch_anchor(&mut self) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        let alias = self.byte() == Some(b'*');
        self.pos += 1;
        let len = self.rest().iter().take_while(|byte| is_name_byte(**byte)).count();
        let name = Text::new(self.slice(self.pos, self.pos + len));
        self.pos += len;
        let ends = is_blank_or_end(self.rest())
            || matches!(self.byte(), Some(b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'));
        if len == 0 || !ends {
            let what = if alias { "an alias" } else { "an anchor" };
            let hint = "put a value that starts with `*` or `&` in quotes";
            return Err(refuse(
                mark,
                &format!("while scanning {what}: did not find an alphabetic or numeric character"),
            )
            .hint(hint));
        }
        self.push(if alias { TokenKind::Alias(name) } else { TokenKind::Anchor(name) }, mark);
        Ok(())
    }

    /// The text between two offsets, which lie on character boundaries.
    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.source.get(from..to).unwrap_or_default()
    }
}

/// How many characters the bytes hold.
fn chars_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

fn missing_colon(mark: Mark) -> Diagnostic {
    refuse(mark, "while scanning a simple key: could not find the expected ':'")
        .hint("write `key: value`, or indent the line if it continues the value above")
}

fn too_deep(mark: Mark) -> Diagnostic {
    refuse(mark, &format!("nested deeper than {MAX_DEPTH} levels")).hint("reduce the nesting")
}

fn show(byte: u8) -> String {
    if byte == b'\t' { "a tab".to_owned() } else { format!("`{}`", char::from(byte)) }
}

fn start_hint(byte: u8) -> &'static str {
    if byte == b'\t' { "indent with spaces" } else { "put the value in quotes" }
}
