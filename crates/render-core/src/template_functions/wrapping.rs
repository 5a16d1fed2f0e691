//! `wrap`, `wrapWith`, `abbrev` and `abbrevboth`: bytes are counted, not characters.

use gotemplate::{Function, Param, Value, allowance};

use super::arguments::{bytes, int};
use super::strings::find;

const INT: Param = Param::Int;
const STRING: Param = Param::String;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("wrap", Function::new(&[INT, STRING], |args| Ok(wrap(bytes(args, 1), int(args, 0), b"", false).into()))),
    (
        "wrapWith",
        Function::new(&[INT, STRING, STRING], |args| {
            Ok(wrap(bytes(args, 2), int(args, 0), bytes(args, 1), true).into())
        }),
    ),
    ("abbrev", Function::new(&[INT, STRING], |args| Ok(abbreviated(bytes(args, 1), 0, int(args, 0), 4)))),
    (
        "abbrevboth",
        Function::new(&[INT, INT, STRING], |args| {
            let least = if int(args, 0) > 0 { 7 } else { 4 };
            Ok(abbreviated(bytes(args, 2), int(args, 0), int(args, 1), least))
        }),
    ),
];

fn wrap(text: &[u8], width: i64, line_end: &[u8], break_words: bool) -> Vec<u8> {
    let line_end = if line_end.is_empty() { b"\n" } else { line_end };
    let width = usize::try_from(width).unwrap_or(0).max(1);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let blank = rest[..=width].iter().rposition(|byte| *byte == b' ');
        let (line, next) = match blank {
            Some(at) => (at, at + 1),
            None if break_words => (width, width),
            None => match find(&rest[width..], b" ") {
                Some(at) => (width + at, width + at + 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(line_end);
        rest = &rest[next..];
        if !allowance::allows(2 * out.len()) {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}

fn abbreviated(text: &[u8], offset: i64, width: i64, least: i64) -> Value {
    if width < least {
        return Value::String(text.into());
    }
    shorten(text, usize::try_from(offset).unwrap_or(0), usize::try_from(width).unwrap_or(0)).into()
}

/// Shortens to `width` bytes with `...` at the end, and at the start where it begins after `offset`.
fn shorten(text: &[u8], offset: usize, width: usize) -> Vec<u8> {
    if text.len() <= width {
        return text.to_vec();
    }
    let room = width - 3;
    let mut offset = offset.min(text.len());
    if text.len() - offset < room {
        offset = text.len() - room;
    }
    if offset <= 4 {
        return [&text[..room], b"..."].concat();
    }
    if offset + room < text.len() {
        return [b"...", &shorten(&text[offset..], 0, room)[..]].concat();
    }
    [b"...", &text[text.len() - room..]].concat()
}
