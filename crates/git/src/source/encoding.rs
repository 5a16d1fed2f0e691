//! The text of commits that were not written in UTF-8.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// The text of a commit in UTF-8. `name` is the commit's `encoding` header, as `i18n.commitEncoding` sets it. Without a header or with an
/// unknown one the bytes are read as UTF-8, and what is invalid becomes U+FFFD.
pub(super) fn decode<'a>(bytes: &'a [u8], name: Option<&str>) -> Cow<'a, str> {
    let Some(name) = name else { return String::from_utf8_lossy(bytes) };
    if is_latin_1(name) {
        // `encoding_rs` follows the web and reads this name as Windows-1252, which differs from 0x80 to 0x9f.
        return bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into();
    }
    match Encoding::for_label(name.as_bytes()) {
        Some(encoding) => encoding.decode_without_bom_handling(bytes).0,
        None => String::from_utf8_lossy(bytes),
    }
}

fn is_latin_1(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    matches!(name.as_str(), "iso88591" | "latin1" | "l1" | "88591")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_names_the_encoding() {
        for name in ["ISO-8859-1", "iso8859-1", "latin1", "ISO_8859-1"] {
            assert_eq!(decode(b"Gr\xfc\xdfe \x85", Some(name)), "Gr\u{fc}\u{df}e \u{85}", "{name}");
        }
        assert_eq!(decode(b"\xa4", Some("ISO-8859-15")), "\u{20ac}");
        assert_eq!(decode(b"\x80", Some("windows-1252")), "\u{20ac}");
        assert_eq!(decode(b"\x93\xfa\x96{", Some("Shift_JIS")), "\u{65e5}\u{672c}");
        assert_eq!(decode(b"\xd0\xcf", Some("KOI8-R")), "\u{43f}\u{43e}");
        assert_eq!(decode("Gr\u{fc}\u{df}e".as_bytes(), Some("utf8")), "Gr\u{fc}\u{df}e");
    }

    #[test]
    fn without_a_known_header_it_is_utf_8() {
        assert_eq!(decode("\u{fc}".as_bytes(), None), "\u{fc}");
        assert_eq!(decode(b"\xfc", None), "\u{fffd}");
        assert_eq!(decode("\u{fc}".as_bytes(), Some("no-such-encoding")), "\u{fc}");
    }
}
