//! One file per verb. Each turns its arguments into a call of `delivery` and prints the result.

pub(crate) mod artifact;
pub(crate) mod bootstrap;
pub(crate) mod commit;
pub(crate) mod completions;
pub(crate) mod deliver;
pub(crate) mod diff;
pub(crate) mod empty_commit;
pub(crate) mod fork_commit;
pub(crate) mod helm;
pub(crate) mod hold;
pub(crate) mod images;
pub(crate) mod init;
pub(crate) mod kustomize;
pub(crate) mod man;
pub(crate) mod pin;
pub(crate) mod plan;
pub(crate) mod promote;
pub(crate) mod pull_request;
pub(crate) mod release;
pub(crate) mod render;
pub(crate) mod retire;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod status;
pub(crate) mod update;
pub(crate) mod verify;
