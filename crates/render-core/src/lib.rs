//! The engine: files in, resources out. No I/O of its own.
//!
//! `kustomize` and `skaffold` stand side by side; both read through [`files::Files`] and ask the world through
//! [`host::Host`]. No clock, no environment, no disk, no network: what they need of those is handed in.

pub mod files;
pub mod host;
pub mod kustomize;

pub mod skaffold;
