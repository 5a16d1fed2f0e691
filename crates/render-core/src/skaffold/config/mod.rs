//! From a `skaffold.yaml` to configs: read documents, check them, upgrade them to the newest version, apply profiles, follow
//! `requires`, and decode the result.

mod absolute;
mod check;
mod decode;
mod decode_build;
mod defaults;
mod document;
pub(super) mod fields;
pub(super) mod load;
mod locate;
mod patch;
mod profile;
mod require;
mod tree_values;
mod upgrade;
mod validate;
