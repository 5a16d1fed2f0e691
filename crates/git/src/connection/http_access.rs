//! What a request carries for one host only: credentials and headers of git's configuration.

use net::{Url, basic_auth};

use crate::credentials::{CredentialHelpers, CredentialSource, Credentials, FoundCredentials};
use crate::error::TransportError;
use crate::remote::Remote;
use crate::url::percent_decode;

/// The credentials and headers for the host of the remote's URL. A redirect to another host takes none of them along.
#[derive(Default)]
pub(super) struct HostAccess {
    authorization: Option<String>,
    /// Where `authorization` comes from.
    source: CredentialSource,
    /// Headers of git's configuration.
    headers: Vec<(String, String)>,
    /// Asked when the server requires credentials.
    helpers: Option<CredentialHelpers>,
    /// The user name in a URL without a password. Tried with an empty password if no helper knows the password, since some hosts take a
    /// token as the user name.
    username: Option<String>,
    /// The credentials of the helpers, until the helpers are notified whether these were accepted.
    from_helpers: Option<Credentials>,
}

impl HostAccess {
    /// The access of a remote; none in an untrusted run. `url` is its URL with the credentials in it.
    pub(super) fn new(remote: &Remote, url: &Url) -> Self {
        if remote.trust.is_untrusted() {
            return Self::default();
        }
        let username = Some(percent_decode(url.username())).filter(|name| !name.is_empty());
        let password = url.password().map(percent_decode);
        let (given, source) = match (&remote.credentials, &username, password) {
            (Some(given), ..) => (Some(given.clone()), CredentialSource::Named(remote.credentials_name.clone())),
            (None, username, Some(password)) => {
                let username = username.clone().unwrap_or_default();
                (Some(Credentials { username, password }), CredentialSource::Url)
            }
            (None, ..) => (None, CredentialSource::Absent),
        };
        let authorization = given.map(|given| basic_auth(&given.username, &given.password));
        let headers = remote.headers.iter().filter(|(name, _)| authorization.is_none() || !is_authorization(name));
        let headers: Vec<_> = headers.cloned().collect();
        let in_header = headers.iter().any(|(name, _)| is_authorization(name));
        Self {
            source: if in_header { CredentialSource::Header } else { source },
            helpers: remote.helpers.clone().filter(|_| authorization.is_none()),
            username: username.filter(|_| authorization.is_none()),
            authorization,
            headers,
            from_helpers: None,
        }
    }

    /// The access to another host, which a redirect leads to: none.
    pub(super) fn withheld(to: &Url) -> Self {
        let source = CredentialSource::Withheld(to.host_str().unwrap_or_default().to_owned());
        Self { source, ..Self::default() }
    }

    /// Adds the headers to a request.
    pub(super) fn apply<'a>(&self, mut request: net::Request<'a>) -> net::Request<'a> {
        for (name, value) in &self.headers {
            if self.authorization.is_none() || !is_authorization(name) {
                request = request.private_header(name, value);
            }
        }
        match &self.authorization {
            Some(authorization) => request.authorization(authorization),
            None => request,
        }
    }

    /// Where the credentials of the requests come from.
    pub(super) fn source(&self) -> CredentialSource {
        self.source.clone()
    }

    /// Whether a request that the server refuses for its credentials can be sent again with others.
    pub(super) fn can_ask(&self) -> bool {
        self.authorization.is_none() && (self.helpers.is_some() || self.username.is_some())
    }

    /// Asks for credentials, at most once. `false` if there are none. `url` is for errors.
    pub(super) fn ask(&mut self, url: &str) -> Result<bool, TransportError> {
        if !self.can_ask() {
            return Ok(false);
        }
        let failed = |source| TransportError::Credentials { url: url.to_owned(), source };
        let found = self.helpers.as_ref().map(CredentialHelpers::get).transpose().map_err(failed)?.flatten();
        match (found, self.username.take()) {
            (Some(FoundCredentials { credentials, source }), _) => {
                self.authorization = Some(basic_auth(&credentials.username, &credentials.password));
                self.source = source;
                self.from_helpers = Some(credentials);
            }
            (None, Some(username)) => {
                self.authorization = Some(basic_auth(&username, ""));
                self.source = CredentialSource::Url;
                self.helpers = None;
            }
            (None, None) => return Ok(false),
        }
        Ok(true)
    }

    /// Tells the helpers, once, whether their credentials were accepted.
    pub(super) fn report(&mut self, accepted: bool) {
        if let Some(credentials) = &self.from_helpers
            && let Some(helpers) = self.helpers.take()
        {
            helpers.report(credentials, accepted);
        }
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}
