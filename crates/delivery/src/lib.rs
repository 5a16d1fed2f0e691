//! The flow: config, units, plan, pipeline, report. Joins the engine, the resolver and the committer.

pub mod disk;
pub mod kustomize;
pub mod world;

pub use manifest::{Diagnostic, Errors};
