//! The conversation with one place: opened once, a token for each repository, every request persistent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use base64::Engine;
use url::Url;

use crate::challenge::Challenge;
use crate::credentials::{Credential, Credentials, Found};
use crate::failure::{Failure, Kind, words_of};
use crate::http::{Answer, Body, Call, Http, Trouble};
use crate::place::Place;
use crate::retry::{Quiet, persist, retry_after};
use crate::token;

/// How much of an error's body is read.
const WORDS: usize = 64 * 1024;

/// What a session needs of the run it is part of.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) http: &'a Http,
    pub(crate) credentials: &'a Credentials,
    pub(crate) deadline: Instant,
}

/// The conversation with one place, shared by all threads.
pub(crate) struct Session {
    pub(crate) place: Place,
    rights: Rights,
    opened: OnceLock<Result<Opened, Failure>>,
    /// One slot a repository; whoever holds its lock is the one who asks for the token.
    tokens: Mutex<BTreeMap<String, Arc<Mutex<Slot>>>>,
    quiet: Quiet,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rights {
    /// Asking.
    Pull,
    /// Asking and writing.
    Push,
}

impl Rights {
    /// The actions of a token's scope (distribution spec, "Token Scope Documentation").
    fn actions(self) -> &'static str {
        match self {
            Rights::Pull => "pull",
            Rights::Push => "pull,push",
        }
    }
}

struct Opened {
    base: Url,
    challenge: RwLock<Challenge>,
}

type Slot = Option<Result<Grant, Failure>>;

/// What is sent along, and whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The `Authorization` header; nothing where none is sent.
    pub(crate) header: Option<String>,
    /// Where the credentials came from; nothing where none were known.
    pub(crate) source: Option<String>,
}

/// A question about one repository.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) method: &'a str,
    pub(crate) repository: &'a str,
    /// What follows the repository's name, such as `manifests/latest`.
    pub(crate) tail: &'a str,
    pub(crate) accept: Option<&'a str>,
    pub(crate) body: Option<Body<'a>>,
    pub(crate) limit: usize,
    /// Whether to try again where that may help.
    pub(crate) patient: bool,
}

/// An answer, and who it was given to.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    grant: Grant,
}

impl Session {
    pub(crate) fn new(place: Place, rights: Rights) -> Self {
        Session { place, rights, opened: OnceLock::new(), tokens: Mutex::default(), quiet: Quiet::default() }
    }

    /// The host that is asked.
    pub(crate) fn host(&self) -> String {
        let base = match self.opened.get() {
            Some(Ok(opened)) => &opened.base,
            _ => &self.place.bases[0],
        };
        host_of(base)
    }

    /// Asks a question and returns the answer, whatever its status. A refusal is tried once more with a fresh token.
    pub(crate) fn ask(&self, run: &Run<'_>, question: &Question<'_>) -> Result<Reply, Failure> {
        let opened = self.opened(run)?;
        let url = self.url(opened, &format!("v2/{}{}/{}", self.place.prefix, question.repository, question.tail))?;
        self.converse(run, opened, &url, question)
    }

    /// Asks a question where the registry has said to, by a `Location` that may be relative or on another host. `pairs` are
    /// added to its query. Another host is not told who asks.
    pub(crate) fn ask_at(
        &self,
        run: &Run<'_>,
        question: &Question<'_>,
        location: &str,
        pairs: &[(&str, &str)],
    ) -> Result<Reply, Failure> {
        let opened = self.opened(run)?;
        let mut url = self.url(opened, location)?;
        if !run.http.options().may_ask(&url) {
            let place = url.origin().ascii_serialization();
            return Err(Failure::new(Kind::Protocol, &self.host(), format!("sent to {place}, which is not https")));
        }
        url.query_pairs_mut().extend_pairs(pairs);
        self.converse(run, opened, &url, question)
    }

    fn opened(&self, run: &Run<'_>) -> Result<&Opened, Failure> {
        self.opened.get_or_init(|| self.open(run)).as_ref().map_err(Clone::clone)
    }

    fn converse(&self, run: &Run<'_>, opened: &Opened, url: &Url, question: &Question<'_>) -> Result<Reply, Failure> {
        let repository = format!("{}{}", self.place.prefix, question.repository);
        let own = url.origin() == opened.base.origin();
        let mut grant = if own { self.grant(run, opened, &repository, None)? } else { Grant::default() };
        let mut renewed = !own;
        loop {
            let call = Call {
                method: question.method,
                url,
                authorization: grant.header.as_deref(),
                accept: question.accept,
                body: question.body,
                limit: question.limit,
                patient: question.patient,
            };
            let answer =
                persist(run.http, &call, run.deadline, &self.quiet).map_err(|trouble| self.lost(&call, &trouble))?;
            if answer.status != 401 || renewed {
                return Ok(Reply { answer, grant });
            }
            renewed = true;
            if let Some(fresh) = Challenge::of(&answer.headers) {
                *opened.challenge.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            let next = self.grant(run, opened, &repository, Some(&grant))?;
            if next == grant {
                return Ok(Reply { answer, grant });
            }
            grant = next;
        }
    }

    fn url(&self, opened: &Opened, path: &str) -> Result<Url, Failure> {
        opened.base.join(path).map_err(|error| Failure::new(Kind::Protocol, &self.host(), format!("{path}: {error}")))
    }

    /// The first request: which scheme is spoken, and how does the registry want to be told who asks?
    fn open(&self, run: &Run<'_>) -> Result<Opened, Failure> {
        let mut failed: Option<Failure> = None;
        for base in &self.place.bases {
            let failure = match self.knock(run, base) {
                Ok(opened) => return Ok(opened),
                Err(failure) => failure,
            };
            // Only a host that answers, but not in this scheme, is asked in the next one.
            let other_scheme = matches!(failure.kind, Kind::Protocol | Kind::Tls);
            failed = Some(failed.filter(|first| first.kind == Kind::Tls).unwrap_or(failure));
            if !other_scheme {
                break;
            }
        }
        Err(failed.unwrap_or_else(|| Failure::new(Kind::Network, &self.place.name, "there is no address to ask")))
    }

    fn knock(&self, run: &Run<'_>, base: &Url) -> Result<Opened, Failure> {
        let host = host_of(base);
        let url = base.join("v2/").map_err(|error| Failure::new(Kind::Protocol, &host, error.to_string()))?;
        let call = Call {
            method: "GET",
            url: &url,
            authorization: None,
            accept: None,
            body: None,
            limit: WORDS,
            patient: true,
        };
        let answer =
            persist(run.http, &call, run.deadline, &self.quiet).map_err(|trouble| self.lost(&call, &trouble))?;
        let challenge = match answer.status {
            // A few registries do not have the endpoint but answer for manifests.
            200 | 404 => Challenge::Open,
            401 | 403 => Challenge::of(&answer.headers).ok_or_else(|| {
                let words = format!("GET {url}: {} without a challenge that hydrant knows", answer.status);
                Failure::new(Kind::Protocol, &host, words)
            })?,
            _ => return Err(self.refused(&call, &answer, &Grant::default())),
        };
        Ok(Opened { base: base.clone(), challenge: RwLock::new(challenge) })
    }

    /// What to send along for a repository. `stale` is what was just refused.
    fn grant(&self, run: &Run<'_>, opened: &Opened, repository: &str, stale: Option<&Grant>) -> Result<Grant, Failure> {
        let challenge = opened.challenge.read().unwrap_or_else(PoisonError::into_inner).clone();
        if challenge == Challenge::Open {
            return Ok(Grant::default());
        }
        let slot = self
            .tokens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(repository.to_owned())
            .or_default()
            .clone();
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_ref() {
            Some(Ok(grant)) if stale.is_none_or(|stale| stale != grant) => return Ok(grant.clone()),
            Some(Err(failure)) => return Err(failure.clone()),
            _ => {}
        }
        let fresh = self.fresh(run, &challenge, repository);
        *slot = Some(fresh.clone());
        fresh
    }

    fn fresh(&self, run: &Run<'_>, challenge: &Challenge, repository: &str) -> Result<Grant, Failure> {
        let found = run.credentials.find(&self.place.name, repository).map_err(|error| {
            let place = error.file.iter().map(|file| format!("{file}: ")).collect::<String>();
            let failure = Failure::new(Kind::Credentials, &self.host(), format!("{place}{}", error.message));
            error.hints.iter().fold(failure, |failure, hint| failure.hint(hint.clone()))
        })?;
        let source = found.as_ref().map(|found| found.source.clone());
        let header = match (challenge, found) {
            (_, Some(Found { credential: Credential::Access(token), .. })) => Some(format!("Bearer {token}")),
            (Challenge::Bearer(bearer), found) => {
                let wanted = token::Wanted { bearer, repository, actions: self.rights.actions(), quiet: &self.quiet };
                let token = token::fetch(run, &wanted, found.as_ref())
                    .map_err(|failure| self.blame(failure, source.as_deref()))?;
                Some(format!("Bearer {token}"))
            }
            (_, Some(Found { credential: Credential::Password { user, password }, .. })) => {
                Some(basic(&user, &password))
            }
            (_, _) => None,
        };
        Ok(Grant { header, source })
    }

    /// The failure that an answer other than 200 means.
    pub(crate) fn refusal(&self, question: &Question<'_>, reply: &Reply) -> Failure {
        let url = self.opened.get().and_then(|opened| opened.as_ref().ok());
        let path = format!("v2/{}{}/{}", self.place.prefix, question.repository, question.tail);
        let url = url.and_then(|opened| opened.base.join(&path).ok()).unwrap_or_else(|| self.place.bases[0].clone());
        let call = Call {
            method: question.method,
            url: &url,
            authorization: None,
            accept: None,
            body: None,
            limit: 0,
            patient: true,
        };
        self.refused(&call, &reply.answer, &reply.grant)
    }

    fn refused(&self, call: &Call<'_>, answer: &Answer, grant: &Grant) -> Failure {
        let words = format!("{} {}: {}", call.method, call.url, status_and_words(answer));
        let kind = match answer.status {
            401 | 403 | 407 => Kind::Credentials,
            404 if words.contains("NAME_UNKNOWN") => Kind::MissingRepository,
            404 => Kind::MissingTag,
            429 => Kind::RateLimit,
            500..=599 => Kind::Server,
            _ => Kind::Protocol,
        };
        let failure = Failure::new(kind, &host_of(call.url), words);
        match kind {
            Kind::Credentials => self.blame(failure, grant.source.as_deref()),
            Kind::RateLimit => failure.hint(patience(answer)),
            _ => failure,
        }
    }

    /// Says whose credentials were refused.
    fn blame(&self, failure: Failure, source: Option<&str>) -> Failure {
        if failure.kind != Kind::Credentials || failure.hint.is_some() {
            return failure;
        }
        let name = &self.place.name;
        failure.hint(match source {
            Some(source) => {
                let verb = if self.rights == Rights::Push { "write" } else { "read" };
                format!("The credentials from {source} were refused; check what they may {verb}, or run `docker login {name}` again.")
            }
            None => format!("No credentials for {name} are known; run `docker login {name}`, or check that the repository exists."),
        })
    }

    fn lost(&self, call: &Call<'_>, trouble: &Trouble) -> Failure {
        let host = host_of(call.url);
        let failure = Failure::new(trouble.kind, &host, format!("{} {}: {}", call.method, call.url, trouble.words));
        match trouble.kind {
            Kind::Tls => {
                failure.hint(format!("If {host} has a certificate of a private authority, name it with --registry-ca."))
            }
            Kind::Network => failure.hint(format!("Check the name, the network and the proxy settings for {host}.")),
            _ => failure,
        }
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// `404 NAME_UNKNOWN: repository name not known to registry`.
pub(crate) fn status_and_words(answer: &Answer) -> String {
    let words = words_of(&answer.body);
    let kind = answer.header("content-type").filter(|kind| kind.contains("html"));
    match kind {
        Some(_) => format!("{} with an HTML page: {words}", answer.status),
        None if words.is_empty() => answer.status.to_string(),
        None => format!("{} {words}", answer.status),
    }
}

fn patience(answer: &Answer) -> String {
    match retry_after(answer) {
        Some(wait) => format!("The registry asks to be left alone for {} s.", wait.as_secs()),
        None => "Log in for a higher limit, use a mirror, or try again later.".to_owned(),
    }
}

/// `host` or `host:port` of a URL.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
