//! What is wrong or risky in Kubernetes objects, before they are delivered. No I/O: objects in, findings out.

mod cel;
mod finding;
mod quantity;
pub mod risks;
mod rules;
mod schemas;
mod version;

pub use finding::{Finding, Severity};
pub use schemas::{CheckedObjects, CustomTypes, DefinitionProblem, Schemas};
pub use version::{KubernetesVersion, UnknownVersion};
