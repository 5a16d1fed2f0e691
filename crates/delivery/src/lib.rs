//! The flow: config, units, plan, pipeline, report. Joins the engine, the resolver and the committer.

pub mod bootstrap;
pub mod branches;
pub mod compare;
pub mod config;
pub mod diff;
mod digests;
pub mod disk;
pub mod failure;
pub mod file_set;
pub mod ghcp;
pub mod git_files;
pub mod image_origins;
pub mod image_policy;
pub mod images;
pub mod init;
pub mod kustomize;
pub mod lock_file;
pub mod pin;
pub mod pipeline;
pub mod plan;
pub mod policy;
pub mod promote;
pub mod record;
mod recorded;
pub mod render;
pub mod report;
pub mod rollback;
pub mod schema;
pub mod settings;
pub mod status;
mod table;
pub mod threads;
mod unresolved;
pub mod verify;
pub mod world;

pub use manifest::{Diagnostic, Errors, ImageRef};

/// How registries are asked.
pub mod registries {
    pub use registry::{Options, Platform, Proxies};
}
