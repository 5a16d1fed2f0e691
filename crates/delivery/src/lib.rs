//! The flow: config, units, plan, pipeline, report. Joins the engine, the resolver and the committer.

pub mod config;
pub mod diff;
pub mod disk;
pub mod git_files;
pub mod kustomize;
pub mod plan;
pub mod render;
pub mod schema;
pub mod settings;
mod table;
pub mod world;

pub use manifest::{Diagnostic, Errors};
