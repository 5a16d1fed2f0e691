//! Deliveries from end to end: config, units, rendering, pinning, checks, branches and reports. This crate joins the engine
//! (`render-core`), the resolver (`registry`) and the committer, and is the only one that reads the disk.
//!
//! # Modules
//!
//! Each module uses only those above it in this table.
//!
//! | module | contents |
//! | --- | --- |
//! | [`error`] | [`error::Failure`], and the conversion of other crates' errors into findings |
//! | [`config`] | `hydrant.yaml` as it is written |
//! | [`lock`] | `hydrant.lock`, and how a run uses it |
//! | [`host`] | disk, git, remotes, GitHub, environment variables, progress; [`host::RunContext`] |
//! | [`images`] | search rules, digests, origins, policy |
//! | [`plan`] | flags and config combined into [`plan::PlannedUnit`]s |
//! | [`report`] | text, JSON, Markdown and HTML of the results |
//! | [`review`] | topic branches and pull requests |
//! | [`pipeline`] | the stages that every verb goes through |
//! | [`verbs`] | one file or folder for each verb of the program |
//!
//! # Data flow
//!
//! ```text
//! flags + environment + hydrant.yaml ──plan──▶ PlannedUnit ──load──▶ LoadedUnit ──render, assign──▶ RenderedUnit
//!     ──pin──▶ PinnedUnit ──check──▶ CheckedUnit ──print──▶ PrintedUnit ──deliver──▶ UnitReport
//! ```

pub mod config;
pub mod error;
pub mod host;
pub mod images;
pub mod lock;
pub mod pipeline;
pub mod plan;
pub mod report;
pub mod review;
pub mod verbs;

pub use manifest::{Diagnostic, Errors, ImageRef, escape};
