//! git's wire protocol: packet lines, advertisements, fetches in versions 0 and 2, pushes. Reads and writes bytes; opens no connection.
//!
//! Errors are [`std::io::Error`]s whose kind tells what failed: `Other` is the server's own message or a [`LimitExceeded`], `InvalidData` is not git's protocol,
//! `Unsupported` is a repository with SHA-256 object ids, and any other kind is the connection's.

pub(crate) mod advertisement;
pub(crate) mod fetch;
mod limited;
mod message;
mod pack_check;
mod pack_deltas;
mod pack_entry;
mod pack_file;
mod pack_index;
#[cfg(test)]
mod pack_samples;
mod pkt;
pub(crate) mod push;
mod sideband;

pub(crate) use limited::LimitExceeded;
pub(crate) use message::message_lines;
pub(crate) use pack_check::PackCheck;
