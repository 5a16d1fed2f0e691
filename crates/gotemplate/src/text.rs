//! Byte strings, which is what Go's strings are.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::allowance;

/// The bytes that a string takes besides its text.
const OVERHEAD: usize = 32;

/// An immutable, cheaply cloned string of bytes, as Go's `string`: mostly UTF-8, but a function may cut inside a character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str(Arc<[u8]>);

impl Str {
    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether both refer to the same bytes in memory.
    pub(crate) fn same(&self, other: &Str) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the text, with U+FFFD for every byte that is not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Returns the text if all of it is UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl Deref for Str {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::from("")
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_text(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Str::from(text.as_bytes())
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        allowance::take(bytes.len() + OVERHEAD);
        Str(Arc::from(bytes))
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Str::from(text.into_bytes())
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        allowance::take(bytes.len() + OVERHEAD);
        Str(Arc::from(bytes))
    }
}

/// Shares the bytes.
impl From<Arc<[u8]>> for Str {
    fn from(bytes: Arc<[u8]>) -> Self {
        Str(bytes)
    }
}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == *other.as_bytes()
    }
}

/// Decodes the first character as Go does: a byte that begins no character counts as U+FFFD of one byte.
///
/// Returns U+FFFD and 0 for no bytes.
#[must_use]
#[inline]
pub fn decode_char(bytes: &[u8]) -> (char, usize) {
    match bytes.first() {
        Some(byte) if byte.is_ascii() => (char::from(*byte), 1),
        _ => decode_wide(bytes),
    }
}

/// Decodes a character beyond ASCII.
fn decode_wide(bytes: &[u8]) -> (char, usize) {
    if bytes.is_empty() {
        return ('\u{fffd}', 0);
    }
    let head = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next().map_or(('\u{fffd}', 1), |c| (c, c.len_utf8()))
}

/// Iterates over the characters of a byte string with the length in bytes of each, as Go's `range` over a string.
pub fn chars(bytes: &[u8]) -> impl Iterator<Item = (char, usize)> + '_ {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (c, length) = decode_char(rest);
        rest = &rest[length..];
        Some((c, length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_decoded_as_go_does() {
        let found: Vec<_> = chars(b"a\xc3\xa9\xff\xe6\x97").collect();
        assert_eq!(found, [('a', 1), ('é', 2), ('\u{fffd}', 1), ('\u{fffd}', 1), ('\u{fffd}', 1)]);
        assert_eq!(decode_char(b""), ('\u{fffd}', 0));
        assert_eq!(Str::from(&b"x\xff"[..]).to_string(), "x\u{fffd}");
    }
}
