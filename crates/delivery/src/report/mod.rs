//! Output formats: the report of a delivery, comparisons, plans, the status board, tables.

pub mod attest;
pub mod board;
mod delivery;
pub mod diff;
pub mod findings;
pub mod format;
mod page;
pub mod plan;
mod request;
pub(crate) mod table;

pub use delivery::{FailedUnit, Report, UnitReport};
pub use request::{RequestAction, RequestFailure, RequestReport};
