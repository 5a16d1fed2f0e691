//! What is wrong or risky in Kubernetes objects, before they are delivered. No I/O: objects in, findings out.

mod finding;
pub mod risks;
mod version;

pub use finding::{Finding, Severity};
pub use version::{KubernetesVersion, UnknownVersion};
