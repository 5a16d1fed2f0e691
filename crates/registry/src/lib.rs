//! The resolver: image reference in, digest out; and the other way, an artifact in, its digest out.
//!
//! [`Resolver`] asks registries and writes to them, [`Credentials`] says who asks.

mod challenge;
pub mod credentials;
pub mod failure;
mod helper;
mod http;
mod index;
mod lookup;
pub mod options;
pub mod origins;
mod place;
pub mod platform;
pub mod push;
pub mod resolve;
mod retry;
mod session;
mod token;
mod trust;

pub use credentials::Credentials;
pub use failure::{Kind, ResolveError, ResolveErrors};
pub use options::{Options, Proxies};
pub use origins::Origin;
pub use platform::Platform;
pub use push::{Artifact, Parcel, Pushed, Writing};
pub use resolve::{Resolution, Resolved, Resolver};
