//! The committer: a set of files in, a commit id out.
//!
//! [`deliver`] brings [`Unit`]s to branches of a [`Remote`] without a clone and without a work tree: one look at the refs, the tips' trees,
//! commits built in memory, one push in which every update carries the old id. It knows nothing of Kubernetes.

mod deliver;
pub mod metadata;
mod outcome;
mod remote;
pub mod source;
mod unit;

pub use deliver::{Ancestors, DeliverError, Options, deliver};
pub use metadata::{Record, SourceRecord};
pub use outcome::{Change, ChangeKind, Delivery, Outcome, Refusal};
pub use remote::{Credentials, Remote};
pub use unit::{File, FileSet, Identity, Message, Mode, Previous, Unit, UnitError};
