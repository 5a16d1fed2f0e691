//! Packet lines: four hex digits of length, then the bytes (gitprotocol-common).

use std::io::{self, Read};

use super::message::protocol_error;

/// The maximum number of bytes in a packet line, without its length.
const MAX_LENGTH: usize = 65516;
/// The bytes of the length of a packet line.
pub(super) const LENGTH: usize = 4;

/// A packet line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// Bytes.
    Data(Vec<u8>),
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of a response.
    End,
}

impl Packet {
    /// Returns the data as text without the newline at its end; `None` for other packets.
    pub(super) fn text(&self) -> Option<String> {
        let Self::Data(bytes) = self else { return None };
        let text = String::from_utf8_lossy(bytes);
        Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

/// Reads a packet line.
///
/// # Errors
/// The reader's, the end of the stream, and an invalid length.
pub(super) fn read(reader: &mut dyn Read) -> io::Result<Packet> {
    let mut length = [0_u8; 4];
    reader.read_exact(&mut length)?;
    let text = std::str::from_utf8(&length).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(length) = text.and_then(|text| usize::from_str_radix(text, 16).ok()) else {
        let shown = String::from_utf8_lossy(&length).into_owned();
        return Err(protocol_error(&format!("expected the length of a packet line, found {shown:?}")));
    };
    match length {
        0 => Ok(Packet::Flush),
        1 => Ok(Packet::Delimiter),
        2 => Ok(Packet::End),
        3 => Err(protocol_error("invalid packet line length 3")),
        length => {
            let mut bytes = vec![0; length - 4];
            reader.read_exact(&mut bytes)?;
            Ok(Packet::Data(bytes))
        }
    }
}

/// Appends a packet line.
pub(super) fn data(out: &mut Vec<u8>, bytes: &[u8]) {
    debug_assert!(bytes.len() <= MAX_LENGTH, "requests have no lines of that length");
    out.extend_from_slice(format!("{:04x}", bytes.len() + 4).as_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a packet line of text with a newline.
pub(super) fn text(out: &mut Vec<u8>, line: &str) {
    data(out, format!("{line}\n").as_bytes());
}

/// Appends a flush packet.
pub(super) fn flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// Appends a delimiter packet.
pub(super) fn delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_lines_are_read_again() {
        let mut out = Vec::new();
        text(&mut out, "want 1");
        delimiter(&mut out);
        flush(&mut out);
        assert_eq!(out, b"000bwant 1\n00010000");
        let mut reader = out.as_slice();
        assert_eq!(read(&mut reader).unwrap().text().as_deref(), Some("want 1"));
        assert_eq!(read(&mut reader).unwrap(), Packet::Delimiter);
        assert_eq!(read(&mut reader).unwrap(), Packet::Flush);
        assert!(read(&mut reader).is_err());
    }

    #[test]
    fn an_invalid_length_is_an_error() {
        for bytes in [&b"<htm"[..], b"0003", b"00ff", b"+004", b"\xff\xff\xff\xff"] {
            assert!(read(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
