//! One HTTP client for registries, git servers, GitHub and downloads.
//!
//! A [`Client`] has the certificate authorities, proxies, timeouts and user agent of one purpose and keeps its connections. It sends
//! a [`Request`] once ([`Client::send`]), or again while that may help ([`Client::send_with_retry`], [`Client::fetch`]).
//!
//! - Credentials go to the host of the request's URL and to no other, whatever the redirects.
//! - Credentials are sent over https, and over plain http to loopback only.
//! - A client of an untrusted run connects to public addresses only ([`Addresses`]).
//! - Plain http is refused except to loopback and to hosts that are listed ([`PlainHttp`]); https is redirected to http only for listed hosts.
//! - Every wait has a time limit ([`Timeouts`]) and every body that is kept in memory a size limit.
//! - A URL in an error, a log line or a trace is redacted ([`redact`]).
//!
//! ```no_run
//! use net::{Client, ClientOptions, Request, Retry};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(ClientOptions::standard("example/1.0"))?;
//! let request = Request::get("https://example.com/file".parse()?);
//! let response = client.fetch(request, 1 << 20, &Retry::standard())?;
//! println!("{} {} bytes", response.status(), response.body().len());
//! # Ok(())
//! # }
//! ```
//!
//! [`child`] creates child processes, which get no credential in their environment. [`bounded`] reads files and streams up to a size.
//!
//! Modules: [`client`] and its [`options`] · [`request`], [`response`], [`error`] · [`retry`] · [`proxy`], [`trust`], [`host`], [`addresses`] ·
//! [`input_trust`], [`child`], [`bounded`] ·
//! [`redact`] · [`worker_pool`]. The crate has no knowledge of its callers' protocols and depends on no other crate of the workspace.

pub mod addresses;
pub mod bounded;
pub mod child;
pub mod client;
pub mod error;
pub mod host;
pub mod input_trust;
pub mod options;
pub mod proxy;
pub mod redact;
pub mod request;
pub mod response;
pub mod retry;
pub mod trust;
pub mod worker_pool;

pub use addresses::Addresses;
pub use client::Client;
pub use error::{HttpError, HttpErrorKind};
pub use input_trust::{InputTrust, ProgramRefused};
pub use options::{ClientOptions, PlainHttp, Timeouts};
pub use proxy::Proxies;
pub use request::{Body, BodySource, Request, basic_auth};
pub use response::{BodyReader, BufferedResponse, Response};
pub use retry::{Retry, RetryAfterGate, RetryPolicy};
pub use trust::AuthorityError;
pub use ureq::http;
pub use url::Url;
