//! git's wire protocol: packet lines, advertisements, fetches in versions 0 and 2, pushes. Reads and writes bytes; opens no connection.
//!
//! Errors are [`std::io::Error`]s whose kind tells what failed: `Other` is the server's own message, `InvalidData` is not git's protocol,
//! `Unsupported` is a repository that hydrant cannot use, and any other kind is the connection's.

pub(crate) mod advertisement;
pub(crate) mod fetch;
mod message;
mod pkt;
pub(crate) mod push;
mod sideband;

pub(crate) use message::message_lines;
