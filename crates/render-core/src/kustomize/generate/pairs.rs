//! Keys and values of generated ConfigMaps and Secrets: from `envs`, then `literals`, then `files`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use manifest::{Diagnostic, Node};
use rustc_hash::FxHashSet;

use crate::kustomize::decode::{LocatedText, in_field};
use crate::kustomize::load::{Io, KustomizationDir};

/// The most pairs of an env file.
const MAX_PAIRS: usize = 500_000;

/// The sources of the pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    /// Files of `KEY=VALUE` lines.
    pub envs: &'a [LocatedText],
    /// `KEY=VALUE` pairs.
    pub literals: &'a [LocatedText],
    /// Files, as `PATH` or `KEY=PATH`.
    pub files: &'a [LocatedText],
}

/// A key and its value's bytes.
pub(crate) type Pair = (String, Vec<u8>);

/// Reads all pairs, sorted by key.
///
/// # Errors
/// A source of the wrong shape, a file that cannot be read, a duplicate key.
pub(crate) fn read(io: Io<'_>, dir: &KustomizationDir, sources: Sources<'_>) -> Result<Vec<Pair>, Diagnostic> {
    let mut pairs = Vec::new();
    each(sources.envs, "envs", |env| read_env(io, dir, env).map(|more| pairs.extend(more)))?;
    each(sources.literals, "literals", |literal| parse_literal(literal).map(|pair| pairs.push(pair)))?;
    each(sources.files, "files", |file| read_file(io, dir, file).map(|pair| pairs.push(pair)))?;
    let mut seen = FxHashSet::default();
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !seen.insert(key.as_str())) {
        return Err(Diagnostic::new(format!("duplicate key {key:?}")).hint("remove one of the two"));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(pairs)
}

fn each(
    sources: &[LocatedText],
    field: &str,
    mut read: impl FnMut(&LocatedText) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    sources.iter().enumerate().try_for_each(|(index, source)| {
        read(source).map_err(|error| in_field(&format!("{field}[{index}]"), error.at(source.at)))
    })
}

fn parse_literal(literal: &LocatedText) -> Result<Pair, Diagnostic> {
    match literal.text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), unquoted(value).as_bytes().to_vec())),
        _ => Err(Diagnostic::new("invalid literal: expected KEY=VALUE").hint("write it as `KEY=VALUE`")),
    }
}

/// The value without its enclosing pair of quotes, if it has one.
fn unquoted(value: &str) -> &str {
    let strip = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    strip('"').or_else(|| strip('\'')).unwrap_or(value)
}

fn read_file(io: Io<'_>, dir: &KustomizationDir, source: &LocatedText) -> Result<Pair, Diagnostic> {
    let text = source.text.as_str();
    let (key, path) = match text.matches('=').count() {
        0 => (base_name(text), text),
        1 => text.split_once('=').unwrap_or((text, text)),
        _ => return Err(Diagnostic::new(format!("{text:?} has more than one `=`")).hint("write it as `KEY=PATH`")),
    };
    if key.is_empty() {
        return Err(Diagnostic::new(format!("{text:?} has no key before the `=`")).hint("write it as `KEY=PATH`"));
    }
    if path.is_empty() {
        return Err(Diagnostic::new(format!("{text:?} has no path after the `=`")).hint("write it as `KEY=PATH`"));
    }
    let loaded = dir.file(io, path)?;
    Ok((key.to_owned(), loaded.bytes.to_vec()))
}

/// The last part of a path (Go's `path.Base`).
fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

fn read_env(io: Io<'_>, dir: &KustomizationDir, source: &LocatedText) -> Result<Vec<Pair>, Diagnostic> {
    let loaded = dir.file(io, &source.text)?;
    let lines = loaded.bytes.split(|byte| *byte == b'\n').enumerate();
    let parsed = lines.map(|(index, line)| {
        parse_env_line(line, index == 0).map_err(|message| {
            let at = manifest::At { line: u32::try_from(index + 1).unwrap_or(u32::MAX), column: 1 };
            Diagnostic::new(message).in_file(loaded.name.clone()).at(at)
        })
    });
    let pairs = parsed.filter_map(Result::transpose).take(MAX_PAIRS + 1).collect::<Result<Vec<Pair>, Diagnostic>>()?;
    match pairs.len() > MAX_PAIRS {
        true => Err(Diagnostic::new(format!("more than {MAX_PAIRS} lines")).in_file(loaded.name.clone())),
        false => Ok(pairs),
    }
}

/// A line of an env file: absent for an empty line or a comment.
fn parse_env_line(line: &[u8], first: bool) -> Result<Option<Pair>, &'static str> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is not valid UTF-8")?;
    let text = text.strip_suffix('\r').unwrap_or(text);
    let text = if first { text.trim_start_matches('\u{feff}') } else { text };
    let text = text.trim_start_matches(is_go_space);
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    match text.split_once('=').unwrap_or((text, "")) {
        ("", _) => Ok(None),
        (key, value) => Ok(Some((key.to_owned(), value.as_bytes().to_vec()))),
    }
}

/// Returns whether Go's `unicode.IsSpace` accepts the character.
fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}

/// The value as base64 as kustomize writes it: in lines of 70 characters, each ended, where there is more than one.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const WIDTH: usize = 70;
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < WIDTH {
        return encoded;
    }
    let mut wrapped = String::with_capacity(encoded.len() + encoded.len() / WIDTH + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(WIDTH));
        wrapped.push_str(line);
        wrapped.push('\n');
        rest = tail;
    }
    wrapped
}

/// A value as a string node.
pub(crate) fn string(text: String) -> Node {
    Node::string(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_wrapped_from_seventy_characters_on() {
        assert_eq!(base64(&[0; 50]).len(), 68);
        let wrapped = base64(&[0; 54]);
        assert_eq!(wrapped.lines().map(str::len).collect::<Vec<_>>(), [70, 2]);
        assert!(wrapped.ends_with('\n'));
    }

    #[test]
    fn env_lines_lose_indentation_and_comments() {
        let parse = |line: &str| parse_env_line(line.as_bytes(), true).map(|pair| pair.map(|(key, _)| key));
        assert_eq!(parse("\u{feff}  A=b"), Ok(Some("A".to_owned())));
        assert_eq!(parse("# c"), Ok(None));
        assert_eq!(parse("B"), Ok(Some("B".to_owned())));
    }
}
