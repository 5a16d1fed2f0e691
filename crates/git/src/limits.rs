//! The limits of connections to repositories. What a server sends beyond them is an error that names the limit.
//!
//! The sizes keep a process below 512 MB, whatever a server sends; `docs/security.md` lists them for users.

use std::time::Duration;

/// The time without data after which a request fails. It is long because a server sends nothing while its hooks run.
pub(crate) const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// The time for connecting, TLS included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The time for an advertisement, from the first attempt to the last byte.
pub(crate) const ADVERTISEMENT_TIMEOUT: Duration = Duration::from_secs(600);
/// The time for a request to `git-upload-pack`, from the first attempt to the last byte.
pub(crate) const FETCH_TIMEOUT: Duration = Duration::from_secs(1800);
/// The time for a push with the hooks of the server.
pub(crate) const PUSH_TIMEOUT: Duration = Duration::from_secs(3600);

/// The bytes of an advertisement, or of a list of refs.
pub(crate) const MAX_REFS_BYTES: u64 = 128 << 20;
/// The refs of an advertisement, or of a list of refs.
pub(crate) const MAX_REFS: usize = 500_000;
/// The bytes of all capabilities together.
pub(crate) const MAX_CAPABILITIES_BYTES: usize = 1 << 20;
/// The bytes of a response besides the pack: acknowledgements, shallow commits, section names.
pub(crate) const MAX_NEGOTIATION_BYTES: u64 = 64 << 20;
/// The bytes of the report of a push.
pub(crate) const MAX_REPORT_BYTES: u64 = 16 << 20;
/// The bytes of progress messages and empty packets within a pack or report.
pub(crate) const MAX_PROGRESS_BYTES: usize = 16 << 20;
/// The bytes of progress messages that are kept for the user.
pub(crate) const MAX_KEPT_MESSAGES: usize = 256 << 10;
/// The bytes of an error message of a server that are shown.
pub(crate) const MAX_ERROR_BYTES: usize = 4000;

/// The bytes of a pack.
pub(crate) const MAX_PACK_BYTES: u64 = 256 << 20;
/// The objects of a pack.
pub(crate) const MAX_PACK_OBJECTS: u32 = 2_000_000;
/// The bytes of one object, uncompressed. Resolving a delta needs three times as much memory.
pub(crate) const MAX_OBJECT_BYTES: u64 = 100 << 20;
/// The bytes of a file of a branch that is read; the output of a build is not larger.
pub(crate) const MAX_BLOB_BYTES: u64 = 128 << 20;
/// The bytes of all objects of a pack, uncompressed.
pub(crate) const MAX_UNPACKED_BYTES: u64 = 2 << 30;
/// The deltas between an object and the one that is stored whole. git itself writes at most 4095.
pub(crate) const MAX_DELTA_DEPTH: u16 = 4095;
