//! YAML printed again with the styles that its scalars had, as go-yaml v3 prints a tree that it read.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Data, Node, Scalar, Style, Tag};

use crate::kustomize::object::scalar::is_string;

/// The document as text without space at its ends. Lists are not indented under their key; `old` is the text that it
/// was read from, for its comments and its collections in brackets.
pub(super) fn yaml(document: &Node, old: &str) -> String {
    let mut printer = Printer { old: old.lines().collect(), next: 0, indents: Vec::new(), out: String::new() };
    printer.node(document, 0);
    printer.comments_before(usize::MAX, 0);
    printer.out.trim().to_owned()
}

struct Printer<'a> {
    old: Vec<&'a str>,
    /// The first line of `old` that is not printed yet.
    next: usize,
    /// The indentation of lines in `old`, and their present indentation; deepest last.
    indents: Vec<(usize, usize)>,
    out: String,
}

impl Printer<'_> {
    fn node(&mut self, node: &Node, indent: usize) {
        match &node.data {
            Data::Map(map) => {
                for entry in map.entries() {
                    self.comments_before(entry.at.line as usize, indent);
                    self.start_line(indent);
                    self.out.push_str(&scalar_text(&entry.key));
                    self.out.push(':');
                    self.value(&entry.value, entry.at.line as usize, indent, true);
                }
            }
            Data::Seq(items) => {
                for item in items {
                    self.comments_before(item.at.line as usize, indent);
                    self.start_line(indent);
                    self.out.push('-');
                    self.value(item, item.at.line as usize, indent, false);
                }
            }
            Data::Scalar(scalar) => self.out.push_str(&scalar_text(scalar)),
        }
    }

    /// Prints the value after `key:` or `-`.
    fn value(&mut self, node: &Node, line: usize, indent: usize, in_map: bool) {
        let empty = match &node.data {
            Data::Map(map) => map.is_empty().then_some("{}"),
            Data::Seq(items) => items.is_empty().then_some("[]"),
            Data::Scalar(_) => None,
        };
        match &node.data {
            Data::Scalar(scalar) => self.scalar(scalar, line, indent),
            _ if empty.is_some() || self.is_flow(node) => {
                self.out.push(' ');
                flow(node, &mut self.out);
                self.end_line(line);
            }
            Data::Map(_) if !in_map => {
                self.out.push(' ');
                self.node(node, indent + 2);
            }
            Data::Seq(_) if !in_map => {
                self.out.push(' ');
                self.node(node, indent + 2);
            }
            Data::Map(_) => {
                self.end_line(line);
                self.node(node, indent + 2);
            }
            Data::Seq(_) => {
                self.end_line(line);
                self.node(node, indent);
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar, line: usize, indent: usize) {
        let block = matches!(scalar.style, Style::Literal | Style::Folded)
            || (scalar.style == Style::Plain && scalar.text.contains('\n'));
        if !block {
            let text = scalar_text(scalar);
            if !text.is_empty() {
                self.out.push(' ');
                self.out.push_str(&text);
            }
            self.end_line(line);
            return;
        }
        let text = scalar.text.as_str();
        if scalar.style == Style::Plain && !fits(scalar) {
            self.out.push(' ');
            self.out.push_str(tag_text(&scalar.tag));
        }
        self.out.push_str(if scalar.style == Style::Folded { " >" } else { " |" });
        match (text.ends_with("\n\n"), text.ends_with('\n')) {
            (true, _) => self.out.push('+'),
            (_, false) => self.out.push('-'),
            _ => {}
        }
        self.end_line(line);
        let parts: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
        for (index, part) in parts.iter().enumerate() {
            if !part.is_empty() {
                self.out.push_str(&" ".repeat(indent + 2));
                self.out.push_str(part);
            }
            self.out.push('\n');
            let broken = index + 1 < parts.len() || text.ends_with('\n');
            if scalar.style == Style::Folded && broken {
                self.out.push('\n');
            }
        }
        self.skip_block(line, indent);
    }

    /// Passes over the lines of a block scalar, so that `#` in it is not read as a comment.
    fn skip_block(&mut self, line: usize, _indent: usize) {
        let depth = |text: &str| text.len() - text.trim_start().len();
        let Some(opening) = line.checked_sub(1).and_then(|index| self.old.get(index)) else { return };
        let opening = depth(opening);
        self.next = self.next.max(line);
        while let Some(text) = self.old.get(self.next) {
            if !text.trim().is_empty() && depth(text) <= opening {
                break;
            }
            self.next += 1;
        }
    }

    fn start_line(&mut self, indent: usize) {
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.out.push_str(&" ".repeat(indent));
        }
    }

    /// Ends a line, with the comment that stood at the end of the line it was read from.
    fn end_line(&mut self, line: usize) {
        let text = line.checked_sub(1).and_then(|index| self.old.get(index)).copied().unwrap_or_default();
        if line > self.next
            && let Some(comment) = line_comment(text)
        {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.next = self.next.max(line);
        self.out.push('\n');
    }

    /// Prints the comment lines before a line of the old text.
    fn comments_before(&mut self, line: usize, indent: usize) {
        let end = line.saturating_sub(1).min(self.old.len());
        let column = self.old.get(end).map_or(0, |text| leading(text));
        while self.next < end {
            let text = self.old[self.next];
            if text.trim_start().starts_with('#') {
                self.start_line(self.comment_indent(leading(text), column, indent));
                self.out.push_str(text.trim());
                self.out.push('\n');
                if self.old.get(self.next + 1).is_some_and(|after| after.trim().is_empty()) {
                    self.out.push('\n');
                }
            }
            self.next += 1;
        }
        self.indents.retain(|(old, _)| *old < column);
        self.indents.push((column, indent));
    }

    /// A comment that is deeper than what follows it belongs to what stood before it.
    fn comment_indent(&self, comment: usize, column: usize, indent: usize) -> usize {
        let before = self.indents.iter().rev().find(|(old, _)| *old <= comment);
        before.filter(|_| comment > column).map_or(indent, |(_, now)| *now)
    }

    /// Whether a collection stood in brackets.
    fn is_flow(&self, node: &Node) -> bool {
        let line = (node.at.line as usize).checked_sub(1).and_then(|index| self.old.get(index));
        let start = (node.at.column as usize).saturating_sub(1);
        line.and_then(|line| line.chars().nth(start)).is_some_and(|first| matches!(first, '{' | '['))
    }
}

/// Returns the indentation of a line.
fn leading(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The comment at the end of a line, if it has one outside of quotes.
fn line_comment(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (index, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => return Some(line[index..].trim_end()),
            None if matches!(c, '"' | '\'') && !before.is_alphanumeric() => quote = Some(c),
            None => {}
        }
        before = c;
    }
    None
}

fn flow(node: &Node, out: &mut String) {
    match &node.data {
        Data::Scalar(scalar) => out.push_str(&scalar_text(scalar)),
        Data::Seq(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                flow(item, out);
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (index, entry) in map.entries().iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&scalar_text(&entry.key));
                out.push_str(": ");
                flow(&entry.value, out);
            }
            out.push('}');
        }
    }
}

fn scalar_text(scalar: &Scalar) -> String {
    let text = scalar.text.as_str();
    match scalar.style {
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double => double(text),
        Style::Plain if scalar.tag == Tag::Str && !is_string(&Scalar::plain(text)) => double(text),
        Style::Plain if !fits(scalar) => format!("{} {text}", tag_text(&scalar.tag)),
        Style::Plain if needs_quotes(text) => format!("'{}'", text.replace('\'', "''")),
        Style::Plain | Style::Literal | Style::Folded => text.to_owned(),
    }
}

/// Whether a plain text reads as what its tag says.
fn fits(scalar: &Scalar) -> bool {
    let value = resolve(&Scalar::plain(scalar.text.clone()), Rules::V3);
    match scalar.tag {
        Tag::Int => matches!(value, Value::Int(_) | Value::Uint(_)),
        Tag::Float => matches!(value, Value::Float(_)),
        Tag::Bool => matches!(value, Value::Bool(_)),
        Tag::Null => value == Value::Null,
        Tag::Timestamp => matches!(value, Value::Timestamp(_)),
        Tag::Implicit | Tag::Str | Tag::Binary | Tag::Other(_) => true,
    }
}

fn tag_text(tag: &Tag) -> &'static str {
    match tag {
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Bool => "!!bool",
        Tag::Null => "!!null",
        Tag::Timestamp => "!!timestamp",
        Tag::Implicit | Tag::Str | Tag::Binary | Tag::Other(_) => "!!str",
    }
}

fn double(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{escaped}\"")
}

/// Whether a plain text would be read as something else than a scalar.
fn needs_quotes(text: &str) -> bool {
    text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.starts_with(['*', '&', '!', '%', '@', '`', '{', '[', '|', '>', '#', '"', '\'', ','])
        || text.starts_with("- ")
        || text.starts_with("? ")
        || text.trim() != text
}
