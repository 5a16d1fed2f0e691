//! The committer: a set of files in, a commit id out. It uses git and is independent of Kubernetes.
//!
//! [`deliver`] brings [`Unit`]s to branches over a [`git::Transport`], without a clone and without a work tree. A delivery goes in rounds:
//!
//! 1. **read**: one listing of the refs; the commits, trees, records and notes that are missing.
//! 2. **plan** (pure): each unit is decided (a commit, a note, nothing, or a refusal), and commits are built in memory.
//! 3. **push**: every ref update carries the commit that was read as its condition. Nothing is forced.
//! 4. **settle** (pure): the answer for each ref becomes an outcome. Units whose branch changed meanwhile go into the next round.
//!
//! # Modules
//!
//! | module | content |
//! | --- | --- |
//! | `deliver` | the loop over the steps of a delivery: attempts, back-off, lost connections |
//! | [`delivery`] | a delivery that is driven one step at a time |
//! | `round/` | read, plan, push and settle of one round; `round/topic` plans reviewed units |
//! | `decide` | what a delivery changes on a branch |
//! | `retire` | what the removal of a unit changes on a branch |
//! | `order` | which of two source commits may replace the other |
//! | `branch_record` | the record in the root of a branch that units share |
//! | `unit`, `validate`, `options` | the input and its checks |
//! | `outcome`, `refusal`, `error` | the results |
//! | [`metadata`], `notes` | the record in the branch, and the git note for unchanged output |
//! | [`branches`] | reading of delivered branches |
//! | [`message`], `backoff` | commit messages; the pause after a lost race |
//!
//! Each module uses only those below it; `round` is the only one that writes to a remote.

mod backoff;
mod branch_record;
pub mod branches;
mod decide;
mod deliver;
pub mod delivery;
mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod message;
pub mod metadata;
mod notes;
mod options;
mod order;
mod order_ref;
mod outcome;
mod refusal;
mod retire;
mod round;
mod unit;
mod validate;

pub use deliver::deliver;
pub use delivery::{Delivery, Step};
pub use error::DeliverError;
pub use message::{Message, MessageContext};
pub use metadata::{AppliedTo, AssignedBy, Assignment, ImageSignature, OutsideFolder, Record, SourceRecord};
pub use notes::NOTES;
pub use options::{Ancestors, Options};
pub use outcome::{Outcome, ReviewResult, TopicState, UnitResult};
pub use refusal::{LeftAsIs, Refusal};
pub use unit::{
    ChangeCheck, ChangeCheckFn, ChangeVerdict, KeptDelivery, RequestMethod, RequestOptions, RequestOptionsFn,
    Retirement, TargetContent, Topic, Unit,
};
pub use validate::{UnitError, is_valid_branch_name};
