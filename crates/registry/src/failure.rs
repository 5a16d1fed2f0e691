//! Why a reference could not be resolved, in the registry's own words.

use std::fmt;

use manifest::{Diagnostic, ImageRef};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Credentials are missing, wrong, not enough, or could not be had.
    Credentials,
    /// The registry has no such repository.
    MissingRepository,
    /// The repository has no such tag or digest.
    MissingTag,
    /// The index has no image for the platform that was asked for.
    MissingPlatform,
    /// The tag stands for another digest than the one that is written beside it.
    Mismatch,
    /// The tag that is to be written stands for something of another kind.
    TagInUse,
    /// Too many requests.
    RateLimit,
    /// The connection's certificate or protocol was refused.
    Tls,
    /// The host could not be reached, or the connection broke.
    Network,
    /// The registry failed by its own account (5xx).
    Server,
    /// The registry answered with something that is no answer to the question.
    Protocol,
}

impl Kind {
    /// Whether trying again later may help.
    pub fn is_transient(self) -> bool {
        matches!(self, Kind::RateLimit | Kind::Network | Kind::Server)
    }

    /// The kind in words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Credentials => "credentials",
            Kind::MissingRepository => "missing repository",
            Kind::MissingTag => "missing tag",
            Kind::MissingPlatform => "missing platform",
            Kind::Mismatch => "digest mismatch",
            Kind::TagInUse => "tag in use",
            Kind::RateLimit => "rate limit",
            Kind::Tls => "TLS",
            Kind::Network => "network",
            Kind::Server => "registry failure",
            Kind::Protocol => "not a registry's answer",
        }
    }
}

/// A failure that does not know its reference yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    /// The host that was asked.
    pub(crate) host: String,
    /// What was asked and answered, in one line.
    pub(crate) words: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: Kind, host: &str, words: impl Into<String>) -> Self {
        Failure { kind, host: host.to_owned(), words: words.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn missing_repository(mut self) -> Self {
        self.kind = Kind::MissingRepository;
        self
    }
}

/// One reference that could not be resolved. Prints as `REFERENCE: KIND: WORDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveError {
    /// The reference as it was written.
    pub image: ImageRef,
    /// What kind of failure it was.
    pub kind: Kind,
    /// The host that was asked.
    pub host: String,
    /// What was asked and what was answered, in one line.
    pub words: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl ResolveError {
    pub(crate) fn new(image: &ImageRef, failure: Failure) -> Self {
        let Failure { kind, host, words, hint } = failure;
        ResolveError { image: image.clone(), kind, host, words, hint }
    }

    /// The failure as a finding; the caller adds file and field.
    pub fn diagnostic(&self) -> Diagnostic {
        let finding = Diagnostic::new(self.to_string());
        self.hint.iter().fold(finding, |finding, hint| finding.hint(hint.clone()))
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.image, self.kind.words(), self.words)
    }
}

/// Every reference that could not be resolved, in the order they were given; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveErrors(Vec<ResolveError>);

impl ResolveErrors {
    pub(crate) fn check(found: Vec<ResolveError>) -> Result<(), ResolveErrors> {
        if found.is_empty() { Ok(()) } else { Err(ResolveErrors(found)) }
    }

    /// The failures, at least one.
    pub fn all(&self) -> &[ResolveError] {
        &self.0
    }

    /// Whether each of them may be gone at the next try.
    pub fn are_transient(&self) -> bool {
        self.0.iter().all(|one| one.kind.is_transient())
    }
}

impl fmt::Display for ResolveErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            let lead = if index > 0 { "\n" } else { "" };
            write!(f, "{lead}{}", one.diagnostic())?;
        }
        Ok(())
    }
}

impl std::error::Error for ResolveError {}
impl std::error::Error for ResolveErrors {}

/// What a registry said in an error's body: its codes and messages, or the start of its text, in one line. The body is
/// the registry's, so control characters are taken out and the length is bounded.
pub(crate) fn words_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let told = serde_json::from_slice::<serde_json::Value>(body).ok().and_then(|json| told_by(&json));
    one_line(&told.unwrap_or_else(|| text.into_owned()))
}

/// `errors[].{code,message}` of the distribution spec; `error_description`, `error`, `details` or `message` of token servers.
fn told_by(json: &serde_json::Value) -> Option<String> {
    let text = |value: &serde_json::Value, key: &str| value.get(key).and_then(|text| text.as_str()).map(str::to_owned);
    if let Some(errors) = json.get("errors").and_then(|errors| errors.as_array()) {
        let one = |error: &serde_json::Value| match (text(error, "code"), text(error, "message")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.or(message),
        };
        let all: Vec<String> = errors.iter().filter_map(one).collect();
        return (!all.is_empty()).then(|| all.join("; "));
    }
    ["error_description", "details", "message", "error"].iter().find_map(|key| text(json, key))
}

/// The text with runs of blanks and control characters made one blank, cut after 300 characters.
pub(crate) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(4096).collect();
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn a_body_is_told_in_one_line() {
        let table = [
            (r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository\nname"}]}"#, "NAME_UNKNOWN: repository name"),
            (r#"{"errors":[{"code":"DENIED"},{"message":"no"}]}"#, "DENIED; no"),
            (r#"{"details":"incorrect username or password"}"#, "incorrect username or password"),
            (r#"{"errors":[]}"#, r#"{"errors":[]}"#),
            ("<html>\n\u{1b}[31m <body>x", "<html> [31m <body>x"),
            ("", ""),
        ];
        for (body, want) in table {
            assert_eq!(words_of(body.as_bytes()), want);
        }
        assert_eq!(words_of("é".repeat(1000).as_bytes()).chars().count(), 301);
    }
}
