//! How strings change in kustomize between tree and output, where they are written and read again twice.

use std::borrow::Cow;

use crate::diagnostic::Diagnostic;
use crate::node::{At, Style};

use super::analyze::{analyze, is_break};
use super::scan::{Scanner, TokenKind};
use super::types::Rules;

/// A block scalar after go-yaml v3 has written and read it (kyaml's `RNode.MarshalJSON`).
///
/// Its folded writer adds newlines where more-indented lines follow: it looks for them at the start of the text
/// instead of after the break (`yaml_emitter_write_folded_scalar`). Its literal writer is right, but what it writes
/// for a text that starts with a tab cannot be read.
///
/// # Errors
/// A text that cannot be read back.
pub(super) fn block_scalar(text: Cow<'_, str>, style: Style, at: At) -> Result<Cow<'_, str>, Diagnostic> {
    let folded = style == Style::Folded;
    let simple = !text.starts_with('\t') && text.is_ascii();
    if (simple && !folded) || !analyze(&text, Rules::V3).block {
        return Ok(text);
    }
    let mut written = String::from("k: ");
    written.push(if folded { '>' } else { '|' });
    block_indicators(&text, &mut written);
    written.push('\n');
    if folded {
        write_folded(&text, &mut written);
    } else {
        write_literal(&text, &mut written);
    }
    let mut scanner = Scanner::new(&written, 0);
    loop {
        let token = scanner.take().map_err(|error| {
            Diagnostic::new(format!("kustomize cannot print this block: {}", error.message))
                .at(at)
                .hint("write the value in double quotes, with `\\t` for a tab")
        })?;
        match token.kind {
            TokenKind::Scalar(read, Style::Folded | Style::Literal) => return Ok(Cow::Owned(read.to_string())),
            TokenKind::StreamEnd => return Ok(text),
            _ => {}
        }
    }
}

fn block_indicators(text: &str, out: &mut String) {
    if text.starts_with(|first| first == ' ' || is_break(first)) {
        out.push('2');
    }
    let mut last = text.chars().rev();
    match (last.next().is_some_and(is_break), last.next()) {
        (false, _) => out.push('-'),
        (true, before) if before.is_none_or(is_break) => out.push('+'),
        _ => {}
    }
}

fn write_literal(text: &str, out: &mut String) {
    let mut after_break = true;
    for line in text.split_inclusive(is_break) {
        if after_break && !line.starts_with(is_break) {
            out.push_str("  ");
        }
        out.push_str(line);
        after_break = line.ends_with(is_break);
    }
}

fn write_folded(text: &str, out: &mut String) {
    // go-yaml's bug: this is the same for every break.
    let first = text.chars().find(|character| !is_break(*character));
    let doubles = first.is_some_and(|first| !matches!(first, ' ' | '\t'));
    let (mut after_break, mut indented) = (true, true);
    for character in text.chars() {
        if is_break(character) {
            if !after_break && !indented && character == '\n' && doubles {
                out.push('\n');
            }
            out.push(character);
            after_break = true;
        } else {
            if after_break {
                out.push_str("  ");
                indented = matches!(character, ' ' | '\t');
            }
            out.push(character);
            after_break = false;
        }
    }
}

/// A string after Go has written it as JSON and go-yaml v2 has read that as YAML: a NEL is a line break there.
///
/// # Errors
/// Characters that JSON does not escape and YAML refuses.
pub(super) fn json_string(text: Cow<'_, str>, at: At) -> Result<Cow<'_, str>, Diagnostic> {
    let bytes = text.as_bytes();
    if !bytes.contains(&0x7F) && bytes.is_ascii() {
        return Ok(text);
    }
    let refused =
        |character: char| matches!(character, '\x7F'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
    if let Some(character) = text.chars().find(|character| refused(*character)) {
        return Err(Diagnostic::new(format!("control characters are not allowed: U+{:04X}", u32::from(character)))
            .at(at)
            .hint("remove the character, which kustomize cannot print"));
    }
    if !text.contains('\u{85}') {
        return Ok(text);
    }
    Ok(Cow::Owned(fold_nel(&text)))
}

/// Removes blanks next to NELs; one NEL becomes a space, each further one a newline. What JSON escapes is neither blank nor break.
fn fold_nel(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{85}') {
        out.push_str(rest[..at].trim_end_matches(' '));
        let gap = rest[at..].trim_start_matches(['\u{85}', ' ']);
        let breaks = rest[at..rest.len() - gap.len()].matches('\u{85}').count();
        out.push_str(if breaks == 1 { " " } else { "" });
        out.extend(std::iter::repeat_n('\n', breaks - 1));
        rest = gap;
    }
    out.push_str(rest);
    out
}
