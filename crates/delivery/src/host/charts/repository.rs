//! Chart repositories over https: an `index.yaml` and archives.
//!
//! Credentials go to the repository's own scheme, host and port, unless helm's `repositories.yaml` says `pass_credentials_all`; a redirect to another
//! host never gets them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use manifest::Diagnostic;
use net::{BufferedResponse, Client, ClientOptions, PlainHttp, Proxies, Request, Retry, Url, basic_auth};
use render_core::helm::versions;

use super::helm_config::{self, KnownRepository};
use super::index::{Index, IndexEntry};
use super::{ARCHIVE_LIMIT, ChartAccess};
use crate::error::IntoDiagnostic as _;
use crate::host::download::shown;
use crate::host::remotes::{Answer, once};

/// The largest index in bytes, decompressed.
const INDEX_LIMIT: usize = 128 << 20;

/// How long all attempts for one file may take together, to the last byte.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The repositories of a run. Each index is fetched once.
#[derive(Default)]
pub(super) struct Repositories {
    indexes: Mutex<BTreeMap<String, Answer<Arc<Index>>>>,
    clients: Mutex<BTreeMap<Option<PathBuf>, Answer<Arc<Client>>>>,
    known: std::sync::OnceLock<Result<Vec<KnownRepository>, Diagnostic>>,
}

/// A version that a repository has.
#[derive(Clone, Debug)]
pub(super) struct FoundArchive {
    pub(super) version: String,
    /// `sha256:…` as the index says; absent where it does not.
    pub(super) digest: Option<String>,
    url: Url,
}

impl Repositories {
    /// The URL of a repository that is named as `@NAME` or `alias:NAME`; another one as it is.
    ///
    /// # Errors
    /// A name that helm's `repositories.yaml` does not have.
    pub(super) fn url(&self, access: &ChartAccess, repository: &str) -> Result<String, Diagnostic> {
        let Some(name) = repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:")) else {
            return Ok(repository.to_owned());
        };
        let found = self.known(access)?.iter().find(|one| one.name == name);
        found.map(|one| one.url.trim_end_matches('/').to_owned()).ok_or_else(|| {
            let hint = format!("run `helm repo add {name} URL`, or write the URL of the repository");
            Diagnostic::new(format!("repository \"{name}\" not found in helm's repositories.yaml")).hint(hint)
        })
    }

    /// Finds the archive of the version that a range chooses, or of exactly the `locked` one.
    ///
    /// # Errors
    /// An index that cannot be fetched, a chart or version that it does not have.
    pub(super) fn find(
        &self,
        access: &ChartAccess,
        request: &super::Request,
        locked: Option<&str>,
    ) -> Result<FoundArchive, Diagnostic> {
        let index = once(&self.indexes, &request.repository, || self.index(access, &request.repository))?;
        let place = shown(&request.repository);
        let entries = index.versions(&request.name).map_err(|why| invalid_index(&place, &why))?;
        let entries = entries.ok_or_else(|| missing_chart(&place, &request.name, &index.names()))?;
        let texts: Vec<&str> = entries.iter().map(|entry| entry.version.as_str()).collect();
        let chosen = match locked {
            Some(version) => texts
                .iter()
                .position(|text| *text == version)
                .ok_or_else(|| request.vanished(version, &versions::matching(request.range(), &texts)))?,
            None => versions::choose(request.range(), &texts).map_err(|why| request.no_version(&why))?,
        };
        archive_of(&request.repository, &entries[chosen])
    }

    /// Downloads an archive.
    ///
    /// # Errors
    /// Where it cannot be downloaded.
    pub(super) fn archive(
        &self,
        access: &ChartAccess,
        repository: &str,
        archive: &FoundArchive,
    ) -> Result<Vec<u8>, Diagnostic> {
        self.get(access, repository, archive.url.clone(), ARCHIVE_LIMIT)
    }

    /// Downloads the archive at a URL.
    ///
    /// # Errors
    /// Where it cannot be downloaded.
    pub(super) fn archive_at(&self, access: &ChartAccess, url: &str) -> Result<Vec<u8>, Diagnostic> {
        self.get(access, url, parse(url)?, ARCHIVE_LIMIT)
    }

    fn index(&self, access: &ChartAccess, repository: &str) -> Result<Arc<Index>, Diagnostic> {
        let url = below(repository, "index.yaml")?;
        let body = self.get(access, repository, url, INDEX_LIMIT).map_err(|error| {
            let message = format!("cannot read chart repository {}: {}", shown(repository), error.message);
            Diagnostic { message, ..error }
        })?;
        Index::read(body).map(Arc::new).map_err(|why| invalid_index(&shown(repository), &why))
    }

    /// Fetches a URL that a repository names.
    fn get(&self, access: &ChartAccess, repository: &str, url: Url, limit: usize) -> Result<Vec<u8>, Diagnostic> {
        let known = if access.trust.is_untrusted() { &[][..] } else { self.known(access)? };
        let known = helm_config::by_url(known, repository);
        known.map_or(Ok(()), KnownRepository::check)?;
        let client = self.client(access, known)?;
        let shown = shown(url.as_str());
        let repository = parse(repository)?;
        let to_all = known.is_some_and(|known| known.pass_credentials_all);
        let sends = !access.trust.is_untrusted() && (repository.origin() == url.origin() || to_all);
        let authorization = authorization(known).filter(|_| sends);
        let own = Some(&repository).filter(|_| sends && authorization.is_none());
        let url = with_credentials_of(url, own);
        let authorized = authorization.is_some() || !url.username().is_empty() || url.password().is_some();
        let request = Request::get(url);
        let request = match &authorization {
            Some(value) => request.authorization(value),
            None => request,
        };
        let retry = Retry::standard().until(Instant::now() + TIMEOUT);
        let response = client.fetch(request, limit, &retry).map_err(|error| error.into_diagnostic())?;
        check(&shown, &response, limit, authorized)?;
        Ok(response.into_body())
    }

    fn known(&self, access: &ChartAccess) -> Result<&[KnownRepository], Diagnostic> {
        if access.trust.is_untrusted() {
            return Ok(&[]);
        }
        let known = self.known.get_or_init(|| helm_config::repositories(&access.variables));
        known.as_deref().map_err(Clone::clone)
    }

    fn client(&self, access: &ChartAccess, known: Option<&KnownRepository>) -> Result<Arc<Client>, Diagnostic> {
        let authority = known.and_then(KnownRepository::authority).map(PathBuf::from);
        once(&self.clients, &authority, || {
            let variable = |name: &str| access.variables.get(name).filter(|text| !text.is_empty()).cloned();
            let options = ClientOptions {
                proxies: Proxies::from_variables(variable),
                addresses: access.trust.addresses(),
                authorities: access.registries.authorities.iter().cloned().chain(authority.clone()).collect(),
                plain_http: PlainHttp::LoopbackAnd(access.registries.insecure.clone()),
                ..ClientOptions::standard(concat!("hydrant/", env!("CARGO_PKG_VERSION")))
            };
            let client = Client::new(options);
            client.map(Arc::new).map_err(|error| Diagnostic::new(error.to_string()).caused_by(error))
        })
    }
}

/// The `Authorization` header that helm's `repositories.yaml` has for a repository.
fn authorization(known: Option<&KnownRepository>) -> Option<String> {
    let known = known.filter(|known| !known.username.is_empty() || !known.password.is_empty())?;
    Some(basic_auth(&known.username, &known.password))
}

/// Gives a URL the credentials of a repository's URL, or none.
fn with_credentials_of(mut url: Url, repository: Option<&Url>) -> Url {
    // Both fail only for URLs that cannot have credentials.
    let _ = url.set_username(repository.map_or("", Url::username));
    let _ = url.set_password(repository.and_then(Url::password));
    url
}

fn parse(url: &str) -> Result<Url, Diagnostic> {
    Url::parse(url).map_err(|source| Diagnostic::new(format!("invalid URL {}: {source}", shown(url))).caused_by(source))
}

/// A URL relative to a repository, whose query is kept (`helm pkg/repo/v1`, `ResolveReferenceURL`).
fn below(repository: &str, reference: &str) -> Result<Url, Diagnostic> {
    let mut base = parse(repository)?;
    let query = base.query().map(str::to_owned);
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    let is_absolute = Url::parse(reference).is_ok();
    let mut url = base.join(reference).map_err(|source| {
        let reference = net::redact::one_line(&net::redact::text(reference));
        Diagnostic::new(format!("invalid URL \"{reference}\" in {}: {source}", shown(repository)))
    })?;
    if !is_absolute && url.query().is_none() {
        url.set_query(query.as_deref());
    }
    Ok(url)
}

fn archive_of(repository: &str, entry: &IndexEntry) -> Result<FoundArchive, Diagnostic> {
    let IndexEntry { version, digest, urls } = entry;
    let place = || shown(repository);
    let Some(url) = urls.first() else {
        return Err(Diagnostic::new(format!("version {version} has no URL in the index of {}", place())));
    };
    let url = below(repository, url)?;
    if url.scheme() == "oci" {
        let message = format!("version {version} is at {}, which an index cannot name", shown(url.as_str()));
        return Err(Diagnostic::new(message).hint("write that `oci://` address as `chart`"));
    }
    let digest = digest.as_deref().filter(|digest| !digest.is_empty());
    let digest = digest.map(|digest| format!("sha256:{}", digest.trim_start_matches("sha256:").to_lowercase()));
    if let Some(digest) = digest.as_ref().filter(|digest| manifest::Digest::parse(digest).is_err()) {
        let digest = net::redact::one_line(digest);
        return Err(Diagnostic::new(format!("invalid digest \"{digest}\" of {version} in the index of {}", place())));
    }
    Ok(FoundArchive { version: version.clone(), digest, url })
}

fn check(shown: &str, response: &BufferedResponse, limit: usize, authorized: bool) -> Result<(), Diagnostic> {
    if response.is_truncated() {
        return Err(Diagnostic::new(format!("{shown}: larger than {limit} bytes")));
    }
    let status = response.status();
    if status == net::http::StatusCode::OK {
        return Ok(());
    }
    let found = Diagnostic::new(format!("{shown}: HTTP status {status}"));
    Err(match (status.as_u16(), authorized) {
        (401 | 403, true) => found.hint("correct the user and password of the repository in helm's repositories.yaml"),
        (401 | 403, false) => {
            found.hint("add the repository with `helm repo add NAME URL --username USER --password-stdin`")
        }
        _ => found.hint("check the URL of the repository"),
    })
}

fn invalid_index(repository: &str, why: &str) -> Diagnostic {
    Diagnostic::new(format!("invalid index.yaml of {repository}: {why}"))
        .hint("check that the URL is that of a chart repository; a registry has the scheme oci://")
}

fn missing_chart(repository: &str, name: &str, names: &[&str]) -> Diagnostic {
    let found = Diagnostic::new(format!("chart {name} not found in {repository}"));
    let similar = |known: &&&str| known.contains(name) || name.contains(**known);
    let mut similar: Vec<&str> = names.iter().filter(similar).copied().collect();
    similar.sort_by_key(|known| known.len().abs_diff(name.len()));
    match (similar.first(), names) {
        (Some(similar), _) => found.hint(format!("use {}", net::redact::one_line(similar))),
        (None, []) => found.hint("check the URL: the repository has no charts"),
        (None, names) => {
            let some: Vec<String> = names.iter().take(10).map(|name| net::redact::one_line(name)).collect();
            found.hint(format!("use one of its {} charts, such as {}", names.len(), some.join(", ")))
        }
    }
}
