//! One file or folder for each verb of the program.

pub mod artifact;
pub mod bootstrap;
pub mod diff;
pub mod ghcp;
pub mod init;
pub mod kustomize;
pub mod pin;
pub mod promote;
pub mod render;
pub mod rollback;
pub mod schema;
pub mod status;
pub mod verify;
