//! The `Authorization` header for each repository of one registry, obtained once however many threads need it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use net::{RetryAfterGate, Url, basic_auth};

use crate::challenge::Challenge;
use crate::context::RequestContext;
use crate::credential::{Credential, StoredCredential};
use crate::error::{ErrorKind, RequestError};
use crate::token::{self, TokenRequest};

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    /// Read.
    Pull,
    /// Read and write.
    Push,
}

impl Access {
    /// The actions of a token's scope (distribution spec, "Token Scope Documentation").
    fn actions(self) -> &'static str {
        match self {
            Access::Pull => "pull",
            Access::Push => "pull,push",
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Access::Pull => "read",
            Access::Push => "write",
        }
    }
}

/// A header and whose credentials it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Authorization {
    /// The `Authorization` header; absent where none is sent.
    pub(crate) header: Option<String>,
    /// Where the credentials are kept; absent where there were none.
    pub(crate) source: Option<String>,
}

/// The registry that authorizations are for.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    /// The name under which credentials are kept.
    pub(crate) name: &'a str,
    /// The host that is accessed.
    pub(crate) host: &'a str,
    /// The URL that is accessed.
    pub(crate) base: &'a Url,
    pub(crate) access: Access,
    pub(crate) gate: &'a RetryAfterGate,
}

/// One slot for each repository; the thread that holds its lock obtains the authorization.
#[derive(Default)]
pub(crate) struct AuthorizationCache(Mutex<BTreeMap<String, Arc<Mutex<Slot>>>>);

type Slot = Option<Result<Authorization, RequestError>>;

impl AuthorizationCache {
    /// Returns the authorization for a repository, from the cache unless it is `stale`, which the registry just refused.
    pub(crate) fn get(
        &self,
        repository: &str,
        stale: Option<&Authorization>,
        obtain: impl FnOnce() -> Result<Authorization, RequestError>,
    ) -> Result<Authorization, RequestError> {
        let slot =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(repository.to_owned()).or_default().clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(Ok(known)) if stale.is_none_or(|stale| stale != known) => return Ok(known.clone()),
            Some(Err(error)) => return Err(error.clone()),
            _ => {}
        }
        let result = obtain();
        *slot = Some(result.clone());
        result
    }
}

/// Obtains the authorization for a repository by the registry's challenge: user and password, or a token.
pub(crate) fn obtain(
    ctx: &RequestContext<'_>,
    authority: Authority<'_>,
    challenge: &Challenge,
    repository: &str,
) -> Result<Authorization, RequestError> {
    let stored = ctx
        .credentials
        .find(authority.name, repository)
        .map_err(|error| RequestError::credentials(authority.host, &error))?;
    let source = stored.as_ref().map(|stored| stored.source.clone());
    let header = match (challenge, stored) {
        (_, Some(StoredCredential { credential: Credential::Access(token), .. })) => Some(format!("Bearer {token}")),
        (Challenge::Bearer(bearer), stored) => {
            let actions = authority.access.actions();
            let request = TokenRequest { bearer, base: authority.base, repository, actions, gate: authority.gate };
            let token = token::fetch(ctx, &request, stored.as_ref().map(|stored| &stored.credential))
                .map_err(|error| with_credentials_hint(error, authority, source.as_deref()))?;
            Some(format!("Bearer {token}"))
        }
        (_, Some(StoredCredential { credential: Credential::Password { user, password }, .. })) => {
            Some(basic_auth(&user, &password))
        }
        (_, _) => None,
    };
    Ok(Authorization { header, source })
}

/// Adds to a refusal where the credentials are kept.
pub(crate) fn with_credentials_hint(
    error: RequestError,
    authority: Authority<'_>,
    source: Option<&str>,
) -> RequestError {
    if error.kind != ErrorKind::Credentials || error.hint.is_some() {
        return error;
    }
    let (name, verb) = (authority.name, authority.access.verb());
    error.hint(match source {
        Some(source) => {
            format!("check what the credentials from {source} may {verb}, or run `docker login {name}` again")
        }
        None => {
            format!("run `docker login {name}`, for which credentials are missing, or check that the repository exists")
        }
    })
}
