//! `skaffold render`: a `skaffold.yaml` in, objects out.

mod load;
pub mod model;
pub mod template;

pub use load::{LoadOptions, Loaded, load};
