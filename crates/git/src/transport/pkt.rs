//! The lines of git's protocol: four hex digits of length, then the bytes (gitprotocol-common).

use std::io::{self, Read};

/// The longest line that the protocol allows, without its length.
pub(super) const LONGEST: usize = 65516;

/// One line.
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
    /// The line as text without the newline at its end; `None` for what is no data.
    pub(super) fn text(&self) -> Option<String> {
        let Self::Data(bytes) = self else { return None };
        let text = String::from_utf8_lossy(bytes);
        Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }
}

/// Reads one line.
///
/// # Errors
/// The reader's, the end of the stream, and a length that is none.
pub(super) fn read(reader: &mut dyn Read) -> io::Result<Packet> {
    let mut length = [0_u8; 4];
    reader.read_exact(&mut length)?;
    let text = std::str::from_utf8(&length).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let Some(length) = text.and_then(|text| usize::from_str_radix(text, 16).ok()) else {
        let shown = String::from_utf8_lossy(&length).into_owned();
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{shown:?} is not the start of a line of git's protocol"),
        ));
    };
    match length {
        0 => Ok(Packet::Flush),
        1 => Ok(Packet::Delimiter),
        2 => Ok(Packet::End),
        3 => Err(io::Error::new(io::ErrorKind::InvalidData, "a line of git's protocol with the length 3")),
        length => {
            let mut bytes = vec![0; length - 4];
            reader.read_exact(&mut bytes)?;
            Ok(Packet::Data(bytes))
        }
    }
}

/// Appends a line.
pub(super) fn data(out: &mut Vec<u8>, bytes: &[u8]) {
    debug_assert!(bytes.len() <= LONGEST, "no line of ours is that long");
    out.extend_from_slice(format!("{:04x}", bytes.len() + 4).as_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a line of text with a newline.
pub(super) fn text(out: &mut Vec<u8>, line: &str) {
    data(out, format!("{line}\n").as_bytes());
}

/// Appends `0000`.
pub(super) fn flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

/// Appends `0001`.
pub(super) fn delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
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
    fn a_length_that_is_none_is_an_error() {
        for bytes in [&b"<htm"[..], b"0003", b"00ff", b"+004", b"\xff\xff\xff\xff"] {
            assert!(read(&mut &bytes[..]).is_err(), "{bytes:?}");
        }
    }
}
