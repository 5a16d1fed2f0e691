//! One file or folder for each verb of the program. A verb plans, runs the stages of [`crate::pipeline`] that it needs, and reports.

pub mod artifact;
pub mod bootstrap;
pub mod check;
pub mod diff;
pub mod explain;
pub mod ghcp;
pub mod helm;
pub mod hold;
pub mod init;
pub mod kustomize;
pub mod names;
pub mod pin;
pub mod promote;
mod recommit;
pub mod render;
pub mod render_twice;
pub mod render_units;
pub mod retire;
pub mod rollback;
pub mod schema;
pub mod status;
pub mod update;
pub mod verify;
