//! The committer: a set of files in, a commit id out.
//!
//! [`deliver`] brings [`Unit`]s to branches of a [`Remote`] without a clone and without a work tree: one look at the refs, the tips' trees,
//! commits built in memory, one push in which every update carries the old id. It knows nothing of Kubernetes.

pub mod access;
mod backoff;
pub mod branches;
mod decide;
mod deliver;
pub mod github;
pub mod message;
pub mod metadata;
mod notes;
mod outcome;
mod pack;
mod refusal;
mod remote;
mod round;
mod signing;
pub mod snapshot;
pub mod source;
mod transport;
mod unit;
mod workshop;

pub use deliver::{Ancestors, DeliverError, Options, deliver};
pub use metadata::{Record, SourceRecord};
pub use outcome::{Change, ChangeKind, Outcome, ReviewResult, TopicState, UnitResult};
pub use refusal::Refusal;
pub use remote::{Credentials, Remote};
pub use signing::{Format, Signing, SigningError};
pub use transport::TransportError;
pub use unit::{
    File, FileSet, Identity, Message, MessageContext, Mode, RequestMethod, RequestOptions, RequestOptionsFn,
    TargetContent, Topic, Unit, UnitError, is_valid_branch_name,
};
