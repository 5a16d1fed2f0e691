//! One file or folder for each verb of the program. A verb plans, runs the stages of [`crate::pipeline`] that it needs, and reports.

pub mod artifact;
pub mod bootstrap;
pub mod diff;
pub mod ghcp;
pub mod helm;
pub mod init;
pub mod kustomize;
pub mod pin;
pub mod promote;
pub mod render;
pub mod rollback;
pub mod schema;
pub mod status;
pub mod verify;
