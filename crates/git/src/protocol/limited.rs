//! Readers with a size limit.

use std::fmt;
use std::io::{self, Read};

/// A response exceeds one of the [limits](crate::limits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LimitExceeded(pub String);

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LimitExceeded {}

/// Returns the error for `what` that is longer than `limit` bytes.
pub(super) fn too_large(what: &str, limit: u64) -> io::Error {
    let limit = match limit {
        limit if limit >= 1 << 30 => format!("{} GiB", limit >> 30),
        limit if limit >= 1 << 20 => format!("{} MiB", limit >> 20),
        limit => format!("{limit} bytes"),
    };
    io::Error::other(LimitExceeded(format!("{what} exceeds the limit of {limit}")))
}

/// Returns the error for more than `limit` of `what`.
pub(super) fn too_many(what: &str, limit: u64) -> io::Error {
    io::Error::other(LimitExceeded(format!("more than {limit} {what}")))
}

/// A reader that fails after `limit` bytes.
pub(super) struct Limited<'a> {
    reader: &'a mut dyn Read,
    left: u64,
    limit: u64,
    what: &'static str,
}

impl<'a> Limited<'a> {
    /// `what` names the data in the error.
    pub(super) fn new(reader: &'a mut dyn Read, limit: u64, what: &'static str) -> Self {
        Self { reader, left: limit, limit, what }
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| too_large(self.what, self.limit))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_can_be_read() {
        let mut bytes = Vec::new();
        Limited::new(&mut &[0; 8][..], 8, "a list").read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 8);
        let error = Limited::new(&mut &[0; 9][..], 8, "a list").read_to_end(&mut bytes).unwrap_err();
        assert_eq!(error.to_string(), "a list exceeds the limit of 8 bytes");
    }
}
