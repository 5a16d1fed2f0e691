//! Classes of bytes for the scanner.
//!
//! The text is valid UTF-8 without control characters (see [`super::super::text`]), so a byte decides
//! everything but the three line breaks beyond ASCII (NEL, LS, PS).

/// A space or a tab.
pub(super) const BLANK: u8 = 1;
/// `\n` or `\r`.
pub(super) const BREAK: u8 = 2;
/// `:`
pub(super) const COLON: u8 = 4;
/// `,` `?` `[` `]` `{` `}`
pub(super) const FLOW: u8 = 8;
/// The first byte of NEL, LS or PS, and of other characters.
pub(super) const WIDE: u8 = 16;
/// `'`
pub(super) const SINGLE: u8 = 32;
/// `"` and `\`
pub(super) const DOUBLE: u8 = 64;

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    table[b' ' as usize] = BLANK;
    table[b'\t' as usize] = BLANK;
    table[b'\n' as usize] = BREAK;
    table[b'\r' as usize] = BREAK;
    table[b':' as usize] = COLON;
    table[b',' as usize] = FLOW;
    table[b'?' as usize] = FLOW;
    table[b'[' as usize] = FLOW;
    table[b']' as usize] = FLOW;
    table[b'{' as usize] = FLOW;
    table[b'}' as usize] = FLOW;
    table[0xC2] = WIDE;
    table[0xE2] = WIDE;
    table[b'\'' as usize] = SINGLE;
    table[b'"' as usize] = DOUBLE;
    table[b'\\' as usize] = DOUBLE;
    table
}

/// The class of each byte.
pub(super) static CLASS: [u8; 256] = classes();

/// The length in bytes of the line break at the start of `rest`; 0 if there is none. `\r\n` counts as one break.
pub(super) fn break_len(rest: &[u8]) -> usize {
    match rest {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        [b'\r', ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

/// Whether `rest` is at its end or starts with a space, a tab or a line break.
pub(super) fn is_blank_or_end(rest: &[u8]) -> bool {
    match rest.first() {
        None | Some(b' ' | b'\t' | b'\n' | b'\r') => true,
        Some(0xC2 | 0xE2) => break_len(rest) > 0,
        Some(_) => false,
    }
}

/// Whether `rest` starts with a document marker, `---` or `...`, followed by a blank or the end.
pub(super) fn is_document_marker(rest: &[u8]) -> bool {
    (rest.starts_with(b"---") || rest.starts_with(b"...")) && is_blank_or_end(&rest[3..])
}

/// Whether the byte may occur in an anchor, a tag handle or a directive's name.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}
