//! The flow: config, units, plan, pipeline, report. Joins the engine, the resolver and the committer.

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

pub use manifest::{Diagnostic, Errors, ImageRef};
