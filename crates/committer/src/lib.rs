//! The committer: a set of files in, a commit id out.
//!
//! [`deliver`] brings [`Unit`]s to branches over a [`git::Transport`] without a clone and without a work tree: one look at the refs, the tips' trees,
//! commits built in memory, one push in which every update carries the old id. It knows nothing of Kubernetes.

mod backoff;
pub mod branches;
mod decide;
mod deliver;
pub mod delivery;
mod error;
pub mod message;
pub mod metadata;
mod notes;
mod options;
mod order;
mod outcome;
mod refusal;
mod round;
mod unit;
mod validate;

pub use deliver::deliver;
pub use delivery::{Delivery, Step};
pub use error::DeliverError;
pub use metadata::{Record, SourceRecord};
pub use options::{Ancestors, Options};
pub use outcome::{Outcome, ReviewResult, TopicState, UnitResult};
pub use refusal::Refusal;
pub use unit::{Message, MessageContext, RequestMethod, RequestOptions, RequestOptionsFn, TargetContent, Topic, Unit};
pub use validate::{UnitError, is_valid_branch_name};
