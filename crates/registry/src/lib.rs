//! OCI registries: image references in, digests out; artifacts in, digests out, and back.
//!
//! [`RegistryClient`] asks registries and writes to them, [`Credentials`] has what docker and podman know of them. HTTP is `net`'s.
//!
//! Modules, from the bottom up: [`error`], [`platform`], [`options`] · `endpoint` (which URLs answer for a registry) · `credential`,
//! `docker_config`, `helper`, [`credentials`] · `challenge`, `token`, `authorization` (one token for each repository) · `session` (one
//! registry: scheme, challenge, requests), `refusal` (what a status means) · `document` (manifests and indexes), `lookup` (one
//! reference) · [`client`], [`resolve`], [`origins`], [`push`], [`pull`], [`signatures`].

mod authorization;
mod challenge;
pub mod client;
mod context;
pub mod credential;
pub mod credentials;
mod docker_config;
mod document;
mod endpoint;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
mod helper;
mod lookup;
pub mod options;
pub mod origins;
pub mod platform;
pub mod pull;
pub mod push;
mod refusal;
pub mod resolve;
mod session;
pub mod signatures;
mod token;

pub use client::RegistryClient;
pub use credential::{Credential, StoredCredential};
pub use credentials::Credentials;
pub use error::{ErrorKind, RegistryError, RegistryErrors};
pub use net::Proxies;
pub use options::RegistryOptions;
pub use origins::Origin;
pub use platform::Platform;
pub use pull::{ArtifactLayer, ArtifactManifest, PulledManifest};
pub use push::{Artifact, ArtifactPush, PushOptions, PushResult};
pub use resolve::{Resolution, ResolvedImage};
