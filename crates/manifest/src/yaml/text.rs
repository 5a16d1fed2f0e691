//! Which bytes are a YAML text.

use crate::diagnostic::Diagnostic;
use crate::node::At;

/// Returns the text after a byte order mark, after the checks of go-yaml's reader: UTF-8 without control characters.
///
/// # Errors
/// Other encodings, broken UTF-8, and characters that YAML 1.1 does not allow (section 5.1), with their position.
pub(super) fn checked(bytes: &[u8]) -> Result<&str, Diagnostic> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(Diagnostic::new("invalid UTF-8: the text is UTF-16")
            .at(At { line: 1, column: 1 })
            .hint("save the file as UTF-8"));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = position_of(bytes, error.valid_up_to());
            return Err(Diagnostic::new("invalid UTF-8").at(at).hint("save the file as UTF-8"));
        }
    };
    match forbidden(text) {
        None => Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
        Some((offset, character)) => {
            let what = format!("control characters are not allowed: U+{:04X}", u32::from(character));
            Err(Diagnostic::new(what).at(position_of(bytes, offset)).hint("write it as an escape in double quotes"))
        }
    }
}

/// The first character that is not allowed in a YAML text.
fn forbidden(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    // Without branches, so that many bytes are compared at once.
    let control = |byte: u8| (byte == 0x7F) | ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r'));
    let chunked = bytes.chunks(64).position(|chunk| chunk.iter().fold(false, |found, byte| found | control(*byte)));
    let ascii = chunked.and_then(|chunk| {
        let from = chunk * 64;
        let offset = from + bytes[from..].iter().position(|byte| control(*byte))?;
        Some((offset, char::from(bytes[offset])))
    });
    if text.is_ascii() {
        return ascii;
    }
    let wide =
        |character: char| matches!(character, '\u{80}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}');
    let other = text.char_indices().find(|(_, character)| wide(*character));
    match (ascii, other) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

/// The line and column of an offset.
fn position_of(bytes: &[u8], offset: usize) -> At {
    let before = &bytes[..offset];
    let line = memchr::memchr_iter(b'\n', before).count() as u32 + 1;
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |index| index + 1);
    let column = before[line_start..].iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u32 + 1;
    At { line, column }
}
