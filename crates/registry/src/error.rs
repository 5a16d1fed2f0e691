//! Why a registry did not do what was asked.

use std::error::Error;
use std::fmt;

use manifest::{Cause, Diagnostic, ImageRef};
use net::{HttpError, HttpErrorKind};

/// What kind of error it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// Credentials are missing, wrong, insufficient, or could not be obtained.
    Credentials,
    /// The registry has no such repository.
    MissingRepository,
    /// The repository has no such tag or digest.
    MissingTag,
    /// The index has no image for the requested platform.
    MissingPlatform,
    /// The tag has another digest than the one that is written with it.
    Mismatch,
    /// The tag to be written refers to something of another kind.
    TagInUse,
    /// Too many requests.
    RateLimit,
    /// The connection's certificate or protocol was refused.
    Tls,
    /// The host could not be reached, or the connection broke.
    Network,
    /// The registry reported an error of its own (5xx).
    Server,
    /// The response is not valid for the request.
    Protocol,
}

impl ErrorKind {
    /// Whether trying again later may help.
    pub fn is_transient(self) -> bool {
        matches!(self, ErrorKind::RateLimit | ErrorKind::Network | ErrorKind::Server)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Credentials => "authentication failed",
            ErrorKind::MissingRepository => "repository not found",
            ErrorKind::MissingTag => "tag not found",
            ErrorKind::MissingPlatform => "platform not found",
            ErrorKind::Mismatch => "digest mismatch",
            ErrorKind::TagInUse => "tag in use",
            ErrorKind::RateLimit => "rate limit exceeded",
            ErrorKind::Tls => "TLS error",
            ErrorKind::Network => "network error",
            ErrorKind::Server => "registry error",
            ErrorKind::Protocol => "unexpected response",
        })
    }
}

/// An error before it is known for which image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestError {
    pub(crate) kind: ErrorKind,
    /// The registry's `host` or `host:port`.
    pub(crate) host: String,
    /// What was requested and what came back, in one line.
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) source: Option<Cause>,
}

impl RequestError {
    pub(crate) fn new(kind: ErrorKind, host: &str, message: impl Into<String>) -> Self {
        RequestError { kind, host: host.to_owned(), message: message.into(), hint: None, source: None }
    }

    /// An error of [`ErrorKind::Protocol`].
    pub(crate) fn protocol(host: &str, message: impl Into<String>) -> Self {
        RequestError::new(ErrorKind::Protocol, host, message)
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn missing_repository(mut self) -> Self {
        self.kind = ErrorKind::MissingRepository;
        self
    }

    /// A missing tag as a missing repository: what was requested names no tag.
    #[must_use]
    pub(crate) fn missing_repository_if_unknown(self) -> Self {
        if self.kind == ErrorKind::MissingTag { self.missing_repository() } else { self }
    }

    /// An error of the credentials' store.
    pub(crate) fn credentials(host: &str, error: &Diagnostic) -> Self {
        let file = error.file.iter().map(|file| format!("{file}: ")).collect::<String>();
        let mut failed = RequestError::new(ErrorKind::Credentials, host, format!("{file}{}", error.message));
        failed.hint = error.hints.first().cloned();
        failed.source = error.source.clone();
        failed
    }
}

impl From<HttpError> for RequestError {
    fn from(error: HttpError) -> Self {
        let kind = match &error.kind {
            HttpErrorKind::Tls(_) => ErrorKind::Tls,
            HttpErrorKind::Protocol(_)
            | HttpErrorKind::InvalidRequest(_)
            | HttpErrorKind::InvalidRedirect { .. }
            | HttpErrorKind::InsecureRedirect(_)
            | HttpErrorKind::PlainHttp(_)
            | HttpErrorKind::TooManyRedirects(_)
            | HttpErrorKind::TooLarge(_) => ErrorKind::Protocol,
            _ => ErrorKind::Network,
        };
        let hint = match kind {
            ErrorKind::Tls => {
                Some(format!("if {} uses a private certificate authority, name it with `--registry-ca`", error.host))
            }
            _ => error.hint(),
        };
        let (host, message) = (error.host.clone(), error.to_string());
        RequestError { kind, host, message, hint, source: Some(Cause::new(error)) }
    }
}

/// One image that could not be resolved or pushed. Prints as `REFERENCE: KIND: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryError {
    /// The reference as it was written.
    pub image: ImageRef,
    /// What kind of error it was.
    pub kind: ErrorKind,
    /// The registry's `host` or `host:port`.
    pub host: String,
    /// What was requested and what came back, in one line.
    pub message: String,
    hint: Option<String>,
    source: Option<Cause>,
}

impl RegistryError {
    pub(crate) fn new(image: &ImageRef, error: RequestError) -> Self {
        let RequestError { kind, host, message, hint, source } = error;
        RegistryError { image: image.clone(), kind, host, message, hint, source }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// Returns the error as a diagnostic, without file and field.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            hints: self.hint.iter().cloned().collect(),
            source: self.source.clone(),
            ..Diagnostic::new(self.to_string())
        }
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.image, self.kind, self.message)
    }
}

impl Error for RegistryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(cause) => Some(cause.error()),
            None => None,
        }
    }
}

/// Every reference that could not be resolved, in the order they were given; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryErrors(Vec<RegistryError>);

impl RegistryErrors {
    /// The errors as a result.
    ///
    /// # Errors
    /// These errors, if there is one.
    pub fn check(errors: Vec<RegistryError>) -> Result<(), RegistryErrors> {
        if errors.is_empty() { Ok(()) } else { Err(RegistryErrors(errors)) }
    }

    /// The errors, at least one.
    pub fn all(&self) -> &[RegistryError] {
        &self.0
    }

    /// Whether trying again later may help with each of them.
    pub fn are_transient(&self) -> bool {
        self.0.iter().all(|error| error.kind.is_transient())
    }
}

impl fmt::Display for RegistryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{}", error.diagnostic())?;
        }
        Ok(())
    }
}

impl Error for RegistryErrors {}
