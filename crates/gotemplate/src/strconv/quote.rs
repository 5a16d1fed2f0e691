//! Go's quoted strings and characters.

use crate::text::{chars, decode_char};
use crate::unicode::is_print;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Returns the bytes as a Go string literal in double quotes (`strconv.Quote`).
#[must_use]
pub fn quote(bytes: &[u8]) -> String {
    quote_with(bytes, '"', false)
}

/// Returns the bytes as a string literal of ASCII alone (`strconv.QuoteToASCII`).
#[must_use]
pub fn quote_ascii(bytes: &[u8]) -> String {
    quote_with(bytes, '"', true)
}

/// Returns a character literal in single quotes (`strconv.QuoteRune`).
#[must_use]
pub fn quote_char(c: char, ascii: bool) -> String {
    quote_with(c.encode_utf8(&mut [0; 4]).as_bytes(), '\'', ascii)
}

fn quote_with(bytes: &[u8], delimiter: char, ascii: bool) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push(delimiter);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (c, length) = decode_char(rest);
        if length == 1 && c == '\u{fffd}' {
            push_hex(&mut out, "\\x", u32::from(rest[0]), 2);
        } else {
            push_escaped(&mut out, c, delimiter, ascii);
        }
        rest = &rest[length..];
    }
    out.push(delimiter);
    out
}

fn push_escaped(out: &mut String, c: char, delimiter: char, ascii: bool) {
    if c == delimiter || c == '\\' {
        out.push('\\');
        out.push(c);
        return;
    }
    if is_print(c) && (c.is_ascii() || !ascii) {
        out.push(c);
        return;
    }
    match c {
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        c if c < ' ' || c == '\u{7f}' => push_hex(out, "\\x", u32::from(c), 2),
        c if u32::from(c) < 0x10000 => push_hex(out, "\\u", u32::from(c), 4),
        c => push_hex(out, "\\U", u32::from(c), 8),
    }
}

fn push_hex(out: &mut String, prefix: &str, code: u32, digits: u32) {
    out.push_str(prefix);
    for place in (0..digits).rev() {
        out.push(char::from(HEX[(code >> (4 * place) & 15) as usize]));
    }
}

/// Returns whether a text can be a raw string in back quotes on one line (`strconv.CanBackquote`).
#[must_use]
pub fn can_backquote(bytes: &[u8]) -> bool {
    chars(bytes).all(|(c, length)| match c {
        '\u{fffd}' if length == 1 => false,
        '\u{feff}' | '`' | '\u{7f}' => false,
        c => c >= ' ' || c == '\t',
    })
}

/// Returns the text of a Go string literal in double or back quotes (`strconv.Unquote`); `None` if it is not one.
#[must_use]
pub fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (first, last) = (*literal.first()?, *literal.last()?);
    if literal.len() < 2 || first != last {
        return None;
    }
    let mut rest = &literal[1..literal.len() - 1];
    match first {
        b'`' if !rest.contains(&b'`') => Some(rest.iter().copied().filter(|byte| *byte != b'\r').collect()),
        b'"' if !rest.contains(&b'\n') => {
            let mut out = Vec::with_capacity(rest.len());
            while !rest.is_empty() {
                if rest[0] == b'"' {
                    return None;
                }
                let (unit, length) = unquote_char(rest, b'"')?;
                unit.push_to(&mut out);
                rest = &rest[length..];
            }
            Some(out)
        }
        _ => None,
    }
}

/// Returns the inside of a literal that is its text: one without escapes, or a raw one without carriage returns. `None` for every other text.
pub(crate) fn plain_literal(literal: &[u8]) -> Option<&[u8]> {
    let [delimiter @ (b'"' | b'`'), inside @ .., last] = literal else { return None };
    let special = match delimiter {
        b'"' => memchr::memchr3(b'\\', b'"', b'\n', inside),
        _ => memchr::memchr2(b'`', b'\r', inside),
    };
    (delimiter == last && special.is_none()).then_some(inside)
}

/// One unit of a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A character.
    Char(char),
    /// A byte, from `\x` or an octal escape.
    Byte(u8),
}

impl Unit {
    /// Returns the number that a character constant has.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Unit::Char(c) => u32::from(c),
            Unit::Byte(byte) => u32::from(byte),
        }
    }

    fn push_to(self, out: &mut Vec<u8>) {
        match self {
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Unit::Byte(byte) => out.push(byte),
        }
    }
}

/// Reads the first unit of the inside of a literal with that delimiter (`strconv.UnquoteChar`): the unit and its length in bytes.
#[must_use]
pub fn unquote_char(rest: &[u8], delimiter: u8) -> Option<(Unit, usize)> {
    let first = *rest.first()?;
    if first == delimiter && (delimiter == b'\'' || delimiter == b'"') {
        return None;
    }
    if first != b'\\' {
        let (c, length) = decode_char(rest);
        return Some(if length == 1 && !first.is_ascii() { (Unit::Byte(first), 1) } else { (Unit::Char(c), length) });
    }
    let escape = *rest.get(1)?;
    let simple = |c: char| Some((Unit::Char(c), 2));
    match escape {
        b'a' => simple('\u{7}'),
        b'b' => simple('\u{8}'),
        b'f' => simple('\u{c}'),
        b'n' => simple('\n'),
        b'r' => simple('\r'),
        b't' => simple('\t'),
        b'v' => simple('\u{b}'),
        b'\\' => simple('\\'),
        b'\'' | b'"' if escape == delimiter => simple(char::from(escape)),
        b'x' => hex_escape(rest, 2).map(|(code, length)| (Unit::Byte(code.to_le_bytes()[0]), length)),
        b'u' => hex_escape(rest, 4).and_then(|(code, length)| Some((Unit::Char(char::from_u32(code)?), length))),
        b'U' => hex_escape(rest, 8).and_then(|(code, length)| Some((Unit::Char(char::from_u32(code)?), length))),
        b'0'..=b'7' => octal_escape(rest),
        _ => None,
    }
}

fn hex_escape(rest: &[u8], digits: usize) -> Option<(u32, usize)> {
    let digits = rest.get(2..2 + digits)?;
    let code = digits.iter().try_fold(0_u32, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))?;
    Some((code, 2 + digits.len()))
}

fn octal_escape(rest: &[u8]) -> Option<(Unit, usize)> {
    let digits = rest.get(1..4)?;
    let code = digits.iter().try_fold(0_u32, |code, digit| Some(code << 3 | char::from(*digit).to_digit(8)?))?;
    Some((Unit::Byte(u8::try_from(code).ok()?), 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_is_that_of_go() {
        assert_eq!(quote("a\"\\\n\u{a0}é☃\u{feff}😀\u{1}".as_bytes()), "\"a\\\"\\\\\\n\\u00a0é☃\\ufeff😀\\x01\"");
        assert_eq!(quote(b"\xff'"), "\"\\xff'\"");
        assert_eq!(quote_ascii("é😀".as_bytes()), "\"\\u00e9\\U0001f600\"");
        assert_eq!(quote_char('\'', false), "'\\''");
    }

    #[test]
    fn literals_are_read() {
        assert_eq!(unquote(br#""a\x41\101\u00e9\"""#).as_deref(), Some("aAAé\"".as_bytes()));
        assert_eq!(unquote(b"`a\\n\r\n`").as_deref(), Some(&b"a\\n\n"[..]));
        for written in [
            &b"\"a\""[..],
            b"\"a\\n\"",
            b"`a\n`",
            b"`a\r`",
            b"`",
            b"\"a`",
            b"``",
            b"\"\"",
            b"`a`b`",
            b"\"a\nb\"",
            b"'a'",
        ] {
            if let Some(plain) = plain_literal(written) {
                assert_eq!(unquote(written).as_deref(), Some(plain), "{written:?}");
            }
        }
        assert_eq!(plain_literal(b"`a\n`"), Some(&b"a\n"[..]));
        for bad in [&br#""\q""#[..], br#""\ud800""#, br#""a"b""#, br#""\'""#, b"`a``", b"\"a\nb\"", b"\""] {
            assert_eq!(unquote(bad), None, "{bad:?}");
        }
    }
}
