//! Objects against their schemas: those of Kubernetes, and those of custom resources.

mod builtin;
mod check;
mod defaults;
mod definition;
mod formats;
mod lists;
mod model;
mod path;
mod removed;
mod suggest;
mod validate;
mod values;

pub use check::{CheckedObjects, Schemas};
pub use definition::{CustomTypes, DefinitionProblem};
