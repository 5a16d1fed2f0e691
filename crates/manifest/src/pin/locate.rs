//! The byte range of a scalar in a file's text.

use std::ops::Range;

use crate::node::{At, Node, Scalar, Style};

/// A text and the offsets of its lines.
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut lines = vec![start];
        let mut characters = text.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            let pair = character == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n');
            if matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') && !pair {
                lines.push(index + character.len_utf8());
            }
        }
        Source { text, lines }
    }

    fn offset(&self, at: At) -> Option<usize> {
        let start = *self.lines.get((at.line as usize).checked_sub(1)?)?;
        let line = self.text.get(start..)?;
        let column = (at.column as usize).checked_sub(1)?;
        let within = line.char_indices().nth(column).map_or(line.len(), |(index, _)| index);
        Some(start + within)
    }

    /// A line's text without its break, by its number from 0.
    fn line(&self, index: usize) -> Option<(usize, &'a str)> {
        let start = *self.lines.get(index)?;
        let end = self.lines.get(index + 1).copied().unwrap_or(self.text.len());
        Some((start, self.text[start..end].trim_end_matches(['\n', '\r'])))
    }

    /// Maps each byte of the scalar's text, and its end, to an offset in the file; `None` if the text is folded over lines or
    /// has other than simple escapes.
    pub(super) fn follow(&self, node: &Node) -> Option<Vec<usize>> {
        let scalar = node.as_scalar()?;
        let start = self.skip_properties(self.offset(node.at)?)?;
        let start = match self.text[start..].strip_prefix('*') {
            Some(alias) => self.anchored(alias, start)?,
            None => start,
        };
        match scalar.style {
            Style::Plain => self.plain(scalar, start),
            Style::Single | Style::Double => self.quoted(scalar, start),
            Style::Literal | Style::Folded => self.block(scalar, start),
        }
    }

    /// Skips `&anchor` and `!tag`.
    fn skip_properties(&self, mut start: usize) -> Option<usize> {
        while self.text[start..].starts_with(['&', '!']) {
            let rest = &self.text[start..];
            let end = rest.find(char::is_whitespace)?;
            start += end + rest[end..].find(|character: char| !character.is_whitespace())?;
        }
        Some(start)
    }

    /// The offset of the value whose anchor an alias names; the last one before the alias.
    fn anchored(&self, alias: &str, before: usize) -> Option<usize> {
        let end =
            alias.find(|character: char| character.is_whitespace() || ",]}".contains(character)).unwrap_or(alias.len());
        let anchor = format!("&{}", &alias[..end]);
        let whole = |index: &usize| self.text[index + anchor.len()..].starts_with(char::is_whitespace);
        let offsets = self.text[..before].match_indices(&anchor).map(|(index, _)| index).filter(whole);
        self.skip_properties(offsets.last()?)
    }

    fn plain(&self, scalar: &Scalar, start: usize) -> Option<Vec<usize>> {
        self.text[start..].starts_with(scalar.text.as_str()).then(|| (start..=start + scalar.text.len()).collect())
    }

    fn quoted(&self, scalar: &Scalar, start: usize) -> Option<Vec<usize>> {
        let quote = if scalar.style == Style::Single { '\'' } else { '"' };
        let mut rest = self.text[start..].strip_prefix(quote)?.char_indices();
        let (mut text, mut map) = (String::new(), Vec::new());
        while let Some((index, character)) = rest.next() {
            let offset = start + 1 + index;
            let decoded = match character {
                '\'' if quote == '\'' && rest.as_str().starts_with('\'') => rest.next()?.1,
                _ if character == quote => {
                    map.push(offset);
                    return (text == scalar.text).then_some(map);
                }
                '\\' if quote == '"' => match rest.next()?.1 {
                    'n' => '\n',
                    't' => '\t',
                    simple @ ('"' | '\\' | '/' | ' ') => simple,
                    _ => return None,
                },
                other => other,
            };
            map.extend((0..decoded.len_utf8()).map(|byte| if character == decoded { offset + byte } else { offset }));
            text.push(decoded);
        }
        None
    }

    /// A block scalar whose lines have the same indentation in the file.
    fn block(&self, scalar: &Scalar, start: usize) -> Option<Vec<usize>> {
        let header = self.lines.partition_point(|line| *line <= start);
        let first = scalar.text.split('\n').position(|line| !line.trim().is_empty())?;
        let inner = scalar.text.split('\n').nth(first)?;
        let indent = self.line(header + first)?.1.strip_suffix(inner)?.len();
        let mut map = Vec::with_capacity(scalar.text.len() + 1);
        for (index, line) in scalar.text.split('\n').enumerate() {
            let Some((begin, raw)) = self.line(header + index) else {
                map.push(self.text.len());
                continue;
            };
            let content = raw.get(indent..).unwrap_or_default();
            let last = index > 0 && line.is_empty();
            if content != line && !last {
                return None;
            }
            let begin = begin + indent.min(raw.len());
            map.extend(begin..=begin + line.len());
        }
        map.truncate(scalar.text.len() + 1);
        Some(map)
    }

    /// The bytes of a scalar, without its quotes.
    pub(super) fn range(&self, node: &Node) -> Option<Range<usize>> {
        let map = self.follow(node)?;
        Some(*map.first()?..*map.last()?)
    }

    /// The position of an empty value: after the colon of its key.
    pub(super) fn empty(&self, node: &Node) -> Option<Range<usize>> {
        let scalar = node.as_scalar()?;
        let start = self.offset(node.at)?;
        match scalar.style {
            Style::Plain => {
                let before = self.text[..start].trim_end();
                let colon = before.len().checked_sub(1).filter(|at| before[*at..].starts_with(':'))?;
                Some(colon + 1..colon + 1)
            }
            _ => self.range(node),
        }
    }

    /// The text with a space before it where it comes directly after the colon of its key.
    pub(super) fn spaced(&self, range: &Range<usize>, text: String) -> String {
        if range.is_empty() && self.text[..range.start].ends_with(':') { format!(" {text}") } else { text }
    }

    /// Where a key is added to a mapping, after the value `beside`, and its text with separators.
    pub(super) fn insertion(&self, map: &Node, beside: &Node, key: &str, value: &str) -> Option<(usize, String)> {
        let start = self.skip_properties(self.offset(map.at)?)?;
        match self.text[start..].chars().next()? {
            '{' => self.insertion_in_flow(beside, key, value),
            // What an alias repeats is changed at its anchor.
            '*' => None,
            _ => {
                let (end, indent) = self.line_after(beside)?;
                let line_break = if self.text[end..].starts_with("\r\n") { "\r\n" } else { "\n" };
                Some((end, format!("{line_break}{}{key}: {value}", indent.replace('-', " "))))
            }
        }
    }

    /// In `{…}`: on a line of its own if `beside` is the only field of its line, with quotes if the key beside has some.
    fn insertion_in_flow(&self, beside: &Node, key: &str, value: &str) -> Option<(usize, String)> {
        let range = self.range(beside)?;
        let quote = usize::from(matches!(beside.as_scalar()?.style, Style::Single | Style::Double));
        let start = range.start.checked_sub(quote)?;
        let (begin, line) = self.line(self.lines.partition_point(|line| *line <= start) - 1)?;
        let before = self.text.get(begin..start)?.trim_end().strip_suffix(':')?.trim_end();
        let entry = if before.ends_with('"') { format!("\"{key}\": \"{value}\"") } else { format!("{key}: {value}") };
        let is_first = !before.contains(['{', ',']);
        let separator =
            if is_first { format!("\n{}", &line[..line.len() - line.trim_start().len()]) } else { " ".to_owned() };
        Some((range.end + quote, format!(",{separator}{entry}")))
    }

    /// The end of the line that a node is on, and the indentation of its key: only in block style.
    fn line_after(&self, node: &Node) -> Option<(usize, &'a str)> {
        let range = self.range(node)?;
        let (begin, line) = self.line(self.lines.partition_point(|line| *line <= range.start) - 1)?;
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        // There is nothing but the key between the line's indentation and the value.
        let before = self.text.get(begin + indent..range.start)?.trim_end_matches([' ', '"', '\'']);
        let key = before.strip_suffix(':')?;
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        (plain && !key.is_empty()).then_some((begin + line.len(), &line[..indent]))
    }
}
