//! git without the git program: repositories are read and written through their protocols and through libgit2.
//!
//! | module | content |
//! | --- | --- |
//! | [`open`], `connection` | connections over smart HTTP, `ssh` and to local repositories, as a [`Transport`] |
//! | `transport` | the interface [`Transport`]: list refs, fetch, push |
//! | `protocol` | git's wire protocol: packet lines, fetches, pushes |
//! | `remote`, `config`, `credentials` | [`Remote`]: URL, credentials, proxy; what git's configuration says about it; credential helpers |
//! | `object_store`, `pack` | [`ObjectStore`]: a temporary repository in which commits are built; [`Pack`]: the objects of a push |
//! | [`source`] | the source repository: commits, files of a revision, history |
//! | [`bases`] | remote bases: the objects of a revision of a foreign repository, checked and kept |
//! | `discover` | opens repositories, none of whose files may be a pipe |
//! | `format` | formats of repositories that are not supported |
//! | `signing` | signatures of commits |
//! | `limits` | how long a server may take and how much it may send |
//! | `rejection` | the messages with which servers reject a push |
//!
//! No module knows a host's API; a host's crate implements [`Transport`] and [`source::HistoryService`].

pub mod bases;
mod blob;
mod config;
mod connection;
mod credentials;
mod discover;
mod error;
mod file;
mod format;
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod limits;
mod message;
mod object_store;
mod pack;
mod protocol;
mod rejection;
mod remote;
mod signing;
pub mod source;
mod transport;
mod tree;
mod url;

pub use config::GitConfig;
pub use connection::open;
pub use credentials::{CredentialError, CredentialHelpers, CredentialSource, Credentials};
pub use error::TransportError;
pub use file::{Change, ChangeKind, File, FileSet, Mode};
pub use format::UnsupportedFormat;
pub use identity::{Identity, Moment};
pub use message::normalize_message;
pub use object_store::{Edit, ObjectStore, filemode};
pub use pack::{Contents, Pack, PackReader};
pub use rejection::{Rejection, is_atomic_failure, lock_file, push_limit};
pub use remote::Remote;
pub use signing::{Signing, SigningError, SigningFormat};
pub use transport::{HistoryFetch, PushOptions, PushReport, RefStatus, RefUpdate, RemoteRef, Transport};
pub use tree::{Tree, TreeEntry, invalid_name};
pub use url::{RemoteUrl, same_repository, without_credentials};
