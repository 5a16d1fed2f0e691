//! Image references: parsed once, kept as written.
//!
//! The grammar is that of the distribution project (`distribution/reference`, `reference.go`):
//!
//! ```text
//! reference  [registry "/"] path [":" tag] ["@" digest]
//! registry   host or [IPv6] with an optional ":port"; the first part counts as one only where it has a dot, a colon
//!            or a capital letter, or is `localhost`
//! path       lower-case letters and digits, joined by `.`, `_`, `__` or dashes, in parts joined by `/`
//! tag        1 to 128 letters, digits, `_`, `.`, `-`, not beginning with `.` or `-`
//! digest     sha256, sha384 or sha512, a colon, and as many hexadecimal digits as the algorithm has
//! ```
//!
//! Defaults are never written into a reference: [`ImageRef::registry`], [`ImageRef::repository`] and
//! [`ImageRef::lookup_tag`] return what is requested from a registry, [`ImageRef::as_str`] returns what is in the file.

use std::fmt;
use std::str::FromStr;

use crate::node::Text;

/// Docker Hub, the registry of references without one.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// A parsed image reference, kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageRef {
    text: Text,
    /// Length of the registry in bytes, 0 if there is none.
    registry: usize,
    /// Length of the name in bytes: registry, slash and path.
    name: usize,
    /// Length of name, colon and tag in bytes; the name's without a tag.
    tagged: usize,
}

/// A parsed content digest such as `sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Text);

/// A text that is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid image reference \"{text}\": {reason}")]
pub struct ImageRefError {
    /// The text.
    pub text: String,
    /// The rule that it violates.
    pub reason: Reason,
}

/// The rule of the grammar that a text violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The name is empty.
    #[error("empty")]
    Empty,
    /// The path has an upper-case letter.
    #[error("the repository name must be lower case")]
    Capital,
    /// The registry is not a host name.
    #[error("the registry must be a host name with an optional port")]
    Registry,
    /// The path does not match the grammar.
    #[error(
        "the repository name must have lower-case letters, digits and single separators (`.`, `_`, `__`, `-`) between them, in parts joined by `/`"
    )]
    Path,
    /// The path is longer than 255 characters, an implied `library/` included.
    #[error("the repository name is longer than 255 characters")]
    Long,
    /// The name is 64 hexadecimal digits, which Docker treats as an image ID.
    #[error("64 hexadecimal digits are an image ID, not a name")]
    Id,
    /// The tag does not match the grammar.
    #[error("the tag must have at most 128 letters, digits, `_`, `.` and `-`, and start with a letter, a digit or `_`")]
    Tag,
    /// The digest does not match the grammar.
    #[error("the digest must be `sha256:` and 64 lower-case hexadecimal digits (or sha384 with 96, sha512 with 128)")]
    Digest,
}

impl ImageRef {
    /// Parses a reference.
    ///
    /// # Errors
    /// The first rule of the grammar that the text violates.
    pub fn parse(text: &str) -> Result<Self, ImageRefError> {
        split(text).map_err(|reason| ImageRefError { text: text.to_owned(), reason })
    }

    /// The reference as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Registry and path as written, without tag and digest.
    pub fn name(&self) -> &str {
        &self.text[..self.name]
    }

    /// The tag, if there is one.
    pub fn tag(&self) -> Option<&str> {
        (self.tagged > self.name).then(|| &self.text[self.name + 1..self.tagged])
    }

    /// The digest, if there is one.
    pub fn digest(&self) -> Option<Digest> {
        (self.text.len() > self.tagged).then(|| Digest(self.text[self.tagged + 1..].into()))
    }

    /// Whether the reference has a digest.
    pub fn is_pinned(&self) -> bool {
        self.text.len() > self.tagged
    }

    /// The registry: as written, but `docker.io` if there is none or `index.docker.io`.
    pub fn registry(&self) -> &str {
        match &self.text[..self.registry] {
            "" | "index.docker.io" => DEFAULT_REGISTRY,
            written => written,
        }
    }

    /// The repository within the registry: the path, with `library/` before a single part on Docker Hub.
    pub fn repository(&self) -> String {
        let path = self.path();
        if self.registry() == DEFAULT_REGISTRY && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        }
    }

    /// The tag to resolve: the written one; `latest` where there is neither tag nor digest; none where there is only a digest.
    pub fn lookup_tag(&self) -> Option<&str> {
        self.tag().or(if self.is_pinned() { None } else { Some("latest") })
    }

    /// Registry and repository in full, such as `docker.io/library/nginx`: equal for every spelling of one repository.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.registry(), self.repository())
    }

    /// The reference to resolve, in full and without the digest of a tag: `docker.io/library/nginx:latest` for `nginx`.
    /// Equal for every spelling of one image, so it is the key of pins and locks.
    pub fn lookup(&self) -> String {
        match (self.lookup_tag(), self.digest()) {
            (Some(tag), _) => format!("{}:{tag}", self.full_name()),
            (None, Some(digest)) => format!("{}@{digest}", self.full_name()),
            (None, None) => self.full_name(),
        }
    }

    /// Returns the reference in the same spelling with this digest in place of its own. A missing tag stays missing.
    #[must_use]
    pub fn with_digest(&self, digest: &Digest) -> Self {
        ImageRef { text: format!("{}@{digest}", &self.text[..self.tagged]).into(), ..self.clone() }
    }

    /// Returns the reference without its digest.
    #[must_use]
    pub fn without_digest(&self) -> Self {
        ImageRef { text: self.text[..self.tagged].into(), ..self.clone() }
    }

    fn path(&self) -> &str {
        let name = self.name();
        if self.registry == 0 { name } else { &name[self.registry + 1..] }
    }
}

impl Digest {
    /// Parses a digest.
    ///
    /// # Errors
    /// [`Reason::Digest`] where algorithm or length is wrong.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let (algorithm, hex) = text.split_once(':').ok_or(Reason::Digest)?;
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return Err(Reason::Digest),
        };
        let digits = hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if hex.len() == length && digits { Ok(Digest(text.into())) } else { Err(Reason::Digest) }
    }

    /// The digest, `sha256:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its algorithm, such as `sha256`.
    pub fn algorithm(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

fn split(text: &str) -> Result<ImageRef, Reason> {
    let (tagged, digest) = match text.split_once('@') {
        Some((before, digest)) => (before, Some(digest)),
        None => (text, None),
    };
    let after_slash = tagged.rfind('/').map_or(0, |slash| slash + 1);
    let name = tagged[after_slash..].find(':').map_or(tagged.len(), |colon| after_slash + colon);
    let registry = registry_length(&tagged[..name]);
    check_name(&tagged[..name], registry)?;
    if name < tagged.len() {
        check_tag(&tagged[name + 1..])?;
    }
    digest.map_or(Ok(()), |digest| Digest::parse(digest).map(|_| ()))?;
    Ok(ImageRef { text: text.into(), registry, name, tagged: tagged.len() })
}

/// The length of the registry in a name (`splitDockerDomain` of distribution/reference).
fn registry_length(name: &str) -> usize {
    let Some(slash) = name.find('/') else { return 0 };
    let first = &name[..slash];
    let host =
        first == "localhost" || first.bytes().any(|byte| byte == b'.' || byte == b':' || byte.is_ascii_uppercase());
    if host { slash } else { 0 }
}

fn check_name(name: &str, registry: usize) -> Result<(), Reason> {
    if name.is_empty() {
        return Err(Reason::Empty);
    }
    let path = if registry == 0 { name } else { &name[registry + 1..] };
    if registry > 0 && !is_host(&name[..registry]) {
        return Err(Reason::Registry);
    }
    if !path.split('/').all(is_path_part) {
        let lower = path.to_ascii_lowercase();
        return Err(if lower.split('/').all(is_path_part) { Reason::Capital } else { Reason::Path });
    }
    let hub = matches!(&name[..registry], "" | "index.docker.io" | DEFAULT_REGISTRY) && !path.contains('/');
    if path.len() + if hub { "library/".len() } else { 0 } > 255 {
        return Err(Reason::Long);
    }
    if name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) { Err(Reason::Id) } else { Ok(()) }
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => {
                let port = if after.is_empty() { Some(None) } else { after.strip_prefix(':').map(Some) };
                let good = !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':');
                return good && port.is_some_and(is_port);
            }
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    host.split('.').all(part) && is_port(port)
}

fn is_port(port: Option<&str>) -> bool {
    port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Runs of `[a-z0-9]` with one separator (`.`, `_`, `__`, any number of `-`) between two of them.
fn is_path_part(part: &str) -> bool {
    let is_letter = |byte: char| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends = part.starts_with(is_letter) && part.ends_with(is_letter);
    let separators = part.split(is_letter).filter(|between| !between.is_empty());
    ends && separators.into_iter().all(|one| matches!(one, "." | "_" | "__") || one.bytes().all(|byte| byte == b'-'))
}

fn check_tag(tag: &str) -> Result<(), Reason> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts = tag.bytes().next().is_some_and(is_word);
    let rest = tag.bytes().all(|byte| is_word(byte) || byte == b'.' || byte == b'-');
    if starts && rest && tag.len() <= 128 { Ok(()) } else { Err(Reason::Tag) }
}

impl FromStr for ImageRef {
    type Err = ImageRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ImageRef::parse(text)
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn references_are_parsed_into_their_parts() {
        // text | name | tag | registry | repository | lookup
        let table = [
            "nginx|nginx||docker.io|library/nginx|docker.io/library/nginx:latest",
            "nginx:1.27|nginx|1.27|docker.io|library/nginx|docker.io/library/nginx:1.27",
            "index.docker.io/nginx:1|index.docker.io/nginx|1|docker.io|library/nginx|docker.io/library/nginx:1",
            "grafana/loki:3|grafana/loki|3|docker.io|grafana/loki|docker.io/grafana/loki:3",
            "localhost/a|localhost/a||localhost|a|localhost/a:latest",
            "localhost:5000/a/b:x|localhost:5000/a/b|x|localhost:5000|a/b|localhost:5000/a/b:x",
            "Registry/a:x|Registry/a|x|Registry|a|Registry/a:x",
            "[::1]:5000/a:x|[::1]:5000/a|x|[::1]:5000|a|[::1]:5000/a:x",
            "quay.io/a__b/c--d.e_f:V1|quay.io/a__b/c--d.e_f|V1|quay.io|a__b/c--d.e_f|quay.io/a__b/c--d.e_f:V1",
        ];
        for line in table {
            let want: Vec<&str> = line.split('|').collect();
            let got = ImageRef::parse(want[0]).unwrap();
            let parts = [got.as_str(), got.name(), got.tag().unwrap_or(""), got.registry()];
            assert_eq!(parts, want[..4], "{line}");
            assert_eq!([got.repository(), got.lookup()], want[4..], "{line}");
        }
    }

    #[test]
    fn a_digest_is_added_after_the_tag() {
        let digest = Digest::parse(&format!("sha256:{HEX}")).unwrap();
        for written in ["nginx", "nginx:1.27", "localhost:5000/a"] {
            let pinned = ImageRef::parse(written).unwrap().with_digest(&digest);
            assert_eq!(pinned.as_str(), format!("{written}@sha256:{HEX}"));
            assert_eq!(ImageRef::parse(pinned.as_str()).unwrap(), pinned);
            assert_eq!(pinned.with_digest(&digest), pinned);
            assert_eq!(pinned.without_digest().as_str(), written);
            assert_eq!(pinned.digest(), Some(digest.clone()));
        }
        let only = ImageRef::parse(&format!("nginx@sha256:{HEX}")).unwrap();
        assert_eq!(only.lookup_tag(), None);
        assert_eq!(only.lookup(), format!("docker.io/library/nginx@sha256:{HEX}"));
    }

    #[test]
    fn an_invalid_reference_names_the_rule() {
        let digest_but_short = "a@sha256:abc";
        let table = [
            ("", Reason::Empty),
            (":tag", Reason::Empty),
            ("Nginx", Reason::Capital),
            ("a/Nginx", Reason::Capital),
            ("a..b", Reason::Path),
            ("a___b", Reason::Path),
            ("a//b", Reason::Path),
            ("a/", Reason::Path),
            ("-a", Reason::Path),
            ("a b", Reason::Path),
            ("${IMAGE}", Reason::Path),
            ("http://a.b/c", Reason::Registry),
            ("a.b:port/c", Reason::Registry),
            ("-a.b/c", Reason::Registry),
            ("a:", Reason::Tag),
            ("a:-x", Reason::Tag),
            ("a:b:c", Reason::Tag),
            ("a@sha1:abc", Reason::Digest),
            (digest_but_short, Reason::Digest),
            (HEX, Reason::Id),
        ];
        for (text, reason) in table {
            assert_eq!(ImageRef::parse(text).map_err(|error| error.reason), Err(reason), "{text}");
        }
        assert_eq!(ImageRef::parse(&"a".repeat(248)).map_err(|error| error.reason), Err(Reason::Long));
        assert!(ImageRef::parse(&format!("q.io/{}", "a".repeat(255))).is_ok());
        assert_eq!(ImageRef::parse(&format!("a:{}", "b".repeat(129))).map_err(|error| error.reason), Err(Reason::Tag));
    }
}
