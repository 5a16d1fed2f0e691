//! What is wrong or risky in Kubernetes objects, before they are delivered. No I/O: objects in, findings out.

pub mod risks;
