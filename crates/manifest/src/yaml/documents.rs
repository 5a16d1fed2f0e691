//! Texts of several documents.

use std::borrow::Cow;

use memchr::memmem;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Node};

use super::compose::{Composer, DuplicateKeys};
use super::parse::Parser;
use super::scan::Scanner;
use super::types::{DuplicateKey, Rules, StreamError, Value};
use super::{resolve, text};

/// All documents of a stream; see [`super::read_stream`].
pub(super) fn stream(bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    let text = text::checked(bytes)?;
    let mut composer = Composer::new(Parser::new(Scanner::new(text, 0)), DuplicateKeys::Refuse);
    all(&mut composer)
}

/// The documents of a configuration file and the keys in it that were written again; see [`super::read_configuration`].
pub(super) fn configuration(bytes: &[u8]) -> Result<(Vec<Node>, Vec<Diagnostic>), Diagnostic> {
    let text = text::checked(bytes)?;
    let mut composer = Composer::new(Parser::new(Scanner::new(text, 0)), DuplicateKeys::LastWins);
    let documents = all(&mut composer)?;
    Ok((documents, composer.dropped.into_iter().map(|duplicate| duplicate.error).collect()))
}

/// The first document of a stream; see [`super::read_first_document`].
pub(super) fn first(bytes: &[u8]) -> Result<Node, StreamError> {
    let text = text::checked(bytes).map_err(|error| StreamError { error: Box::new(error), line: 0, key: None })?;
    let mut composer = Composer::new(Parser::new(Scanner::new(text, 0).reading_as_v2()), DuplicateKeys::LastWins);
    let document = match composer.document() {
        // go-yaml v2 decodes a document after its end was found: an error of syntax comes first.
        Ok(document) => composer.finish_document().map(|()| document.unwrap_or_default()),
        Err(error) if is_of_decoder(&error) => composer.finish_document().and(Err(error)),
        Err(error) => Err(error),
    };
    document.map_err(|error| {
        let line = composer.problem_line(&error);
        let key = composer.invalid_key.filter(|_| is_of_decoder(&error)).map(Box::new);
        StreamError { error: Box::new(error), line, key }
    })
}

/// Returns whether go-yaml v2 finds an error when it decodes a document that it has parsed.
fn is_of_decoder(error: &Diagnostic) -> bool {
    ["expected a string as key", "map merge requires", "anchor '", "document contains excessive aliasing"]
        .iter()
        .any(|start| error.message.starts_with(start))
}

fn all(composer: &mut Composer<'_>) -> Result<Vec<Node>, Diagnostic> {
    let mut documents = Vec::new();
    while let Some(document) = composer.document()? {
        documents.push(document);
    }
    Ok(documents)
}

/// The objects of a file; see [`super::read_objects`].
pub(super) fn objects(bytes: &[u8]) -> Result<Vec<Node>, Diagnostic> {
    each(bytes, DuplicateKeys::Refuse).map(|(objects, _)| objects)
}

/// The patches of a file and the keys in them that were written again; see [`super::read_patches`].
pub(super) fn patches(bytes: &[u8]) -> Result<(Vec<Node>, Vec<DuplicateKey>), Diagnostic> {
    each(bytes, DuplicateKeys::FirstWins)
}

fn each(bytes: &[u8], duplicates: DuplicateKeys) -> Result<(Vec<Node>, Vec<DuplicateKey>), Diagnostic> {
    let (mut objects, mut repeated) = (Vec::new(), Vec::new());
    let bytes = unix_lines(bytes);
    for part in split(&bytes)? {
        let text = text::checked(&bytes[part.from..part.to]).map_err(|error| part.moved(error))?;
        let mut composer = Composer::new(Parser::new(Scanner::new(text, part.line)), duplicates);
        let Some(first) = composer.document()? else { continue };
        while let Some(other) = composer.document()? {
            if !is_null(&other) {
                return Err(Diagnostic::new("missing `---` before the second document")
                    .at(other.at)
                    .hint("put `---` on a line of its own before it, or kustomize drops it"));
            }
        }
        if !is_null(&first) {
            objects.push(first);
        }
        repeated.append(&mut composer.dropped);
    }
    Ok((objects, repeated))
}

fn is_null(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| resolve::checked(scalar, Rules::V3) == Ok(Value::Null))
}

/// The text with `\r\n` as `\n`: kustomize's reader does so before anything else.
fn unix_lines(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut ends = memmem::find_iter(bytes, b"\r\n").peekable();
    if ends.peek().is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for end in ends {
        out.extend_from_slice(&bytes[from..end]);
        from = end + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    Cow::Owned(out)
}

/// A part of a file between two separators.
struct Part {
    from: usize,
    to: usize,
    /// The line it starts on, from 0.
    line: u32,
}

impl Part {
    /// The error with its place counted from the start of the file.
    fn moved(&self, mut error: Diagnostic) -> Diagnostic {
        error.at.line += self.line;
        error
    }
}

/// Splits a text as kyaml's `splitDocuments` does: at every line that starts with `---`, but never at the first line,
/// and not at one right after another separator. Behind the `---` only a comment may follow.
fn split(bytes: &[u8]) -> Result<Vec<Part>, Diagnostic> {
    let finder = memmem::Finder::new(b"\n---");
    let mut parts: Vec<Part> = Vec::new();
    let (mut from, mut line) = (0, 0);
    while let Some(found) = finder.find(&bytes[from..]) {
        let found = from + found;
        let Some(len) = memchr::memchr(b'\n', &bytes[found + 4..]) else { break };
        let end = found + 4 + len;
        let next_line = line + memchr::memchr_iter(b'\n', &bytes[from..=end]).count() as u32;
        let behind = String::from_utf8_lossy(&bytes[found + 4..end]);
        let behind = behind.trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            return Err(Diagnostic::new(format!("invalid document separator: ---{behind}"))
                .at(At { line: next_line, column: 1 })
                .hint("put nothing but a comment after `---`"));
        }
        parts.push(Part { from, to: found + 1, line });
        (from, line) = (end + 1, next_line);
    }
    parts.push(Part { from, to: bytes.len(), line });
    Ok(parts)
}
