//! PEM blocks, as Go's `encoding/pem` reads and writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &str = "-----";
const COLUMNS: usize = 64;

/// A decoded block.
pub(super) struct Block {
    /// The text after `BEGIN`.
    pub(super) kind: String,
    /// The decoded content.
    pub(super) bytes: Vec<u8>,
}

/// Encodes a block.
pub(super) fn encode(kind: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {kind}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {kind}-----\n"));
    out
}

/// Returns the first valid block of a text.
pub(super) fn decode(text: &[u8]) -> Option<Block> {
    let mut from = 0;
    loop {
        let start = memchr::memmem::find(&text[from..], BEGIN)? + from;
        from = start + BEGIN.len();
        if start > 0 && text[start - 1] != b'\n' {
            continue;
        }
        if let Some(block) = block_at(&text[from..]) {
            return Some(block);
        }
    }
}

/// Reads what follows `-----BEGIN `.
fn block_at(text: &[u8]) -> Option<Block> {
    let text = std::str::from_utf8(text.get(..text.len().min(1 << 20))?).ok()?;
    let (first, mut rest) = text.split_once('\n')?;
    let kind = first.trim_end_matches([' ', '\t', '\r']).strip_suffix(DASHES)?;
    // Headers: lines with a colon.
    while let Some((line, after)) = rest.split_once('\n') {
        if !line.contains(':') {
            break;
        }
        rest = after;
    }
    let end = format!("-----END {kind}-----");
    let body = match rest.strip_prefix(end.as_str()) {
        Some(_) => "",
        None => &rest[..rest.find(&format!("\n{end}"))?],
    };
    let body: String = body.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    let bytes = STANDARD.decode(body).ok()?;
    Some(Block { kind: kind.to_owned(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_as_they_were_written() {
        let written = encode("EC PRIVATE KEY", &[1; 100]);
        assert!(written.lines().all(|line| line.len() <= 64));
        let read = decode(format!("text\n{written}text").as_bytes()).unwrap();
        assert_eq!((read.kind.as_str(), read.bytes), ("EC PRIVATE KEY", vec![1; 100]));
        for text in ["", "bad", "-----BEGIN A-----\nAAAA", " -----BEGIN A-----\nAAAA\n-----END A-----"] {
            assert!(decode(text.as_bytes()).is_none(), "{text:?}");
        }
    }
}
