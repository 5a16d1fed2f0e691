//! git without the program git: remotes, credentials, the smart protocol, packs, an object store, source repositories, signing.

pub mod access;
mod file;
mod message;
mod object_store;
mod pack;
mod remote;
mod signing;
pub mod snapshot;
pub mod source;
mod transport;

pub use file::{Change, ChangeKind, File, FileSet, Identity, Mode};
pub use message::normal;
pub use object_store::{Edit, ObjectStore, filemode, own};
pub use pack::{Contents, Pack, PackReader};
pub use remote::{Credentials, Remote};
pub use signing::{Format, Signing, SigningError};
pub use transport::wording::{fell_with_others, lost_race};
pub use transport::{Line, PushOptions, PushReport, RemoteRef, Transport, TransportError, Update, open};
