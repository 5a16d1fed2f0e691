//! Groups of arguments that several verbs share.

pub(crate) mod commit_method;
pub(crate) mod findings;
pub(crate) mod github;
pub(crate) mod images;
pub(crate) mod lock_file;
pub(crate) mod logging;
pub(crate) mod registries;
pub(crate) mod review;
pub(crate) mod search;
pub(crate) mod template;
pub(crate) mod trust;
pub(crate) mod units;
