//! Texts that a server writes for people, and errors.

use std::io;

use crate::limits::MAX_ERROR_BYTES;

/// Returns the lines of a server's message, without the padding and escape sequences that overwrite a line of a terminal.
pub(crate) fn message_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(|line| line.trim_end().replace("\u{1b}[K", ""));
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// An error for a response that does not follow git's protocol.
pub(super) fn protocol_error(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

/// An error with a server's message, of which the first [`MAX_ERROR_BYTES`] are kept.
pub(super) fn server_error(message: &str) -> io::Error {
    let message = message.trim();
    io::Error::other(message[..message.floor_char_boundary(MAX_ERROR_BYTES)].to_owned())
}

/// Returns the line, or the server's message as an error if it is an `ERR` line.
pub(super) fn check_err(line: String) -> io::Result<String> {
    match line.strip_prefix("ERR ") {
        Some(message) => Err(server_error(message)),
        None => Ok(line),
    }
}
