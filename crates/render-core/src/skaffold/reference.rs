//! An image name as Skaffold parses it: Docker's grammar, lower-cased, without `ko://`, and without default registry or tag.
//!
//! `docker.io/library/app` and `app` are two names here, because Skaffold compares names as they are written.

use manifest::{ImageRef, ImageRefError};
use std::fmt;

/// A parsed image name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ImageReference {
    /// The name with its registry, without tag and digest.
    pub name: String,
    /// The part before the first slash if it has the form of a host name; it may be `team` in `team/app`. Otherwise empty.
    pub domain: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest, `sha256:…`.
    pub digest: Option<String>,
}

impl ImageReference {
    /// Parses an image name (Skaffold's `docker.ParseReference`).
    ///
    /// # Errors
    /// The rule of the grammar that the name breaks.
    pub(super) fn parse(image: &str) -> Result<Self, ImageRefError> {
        let parsed = ImageRef::parse(&sanitize(image))?;
        let name = parsed.name().to_owned();
        let domain = name.split_once('/').map(|(first, _)| first).filter(|first| is_domain(first));
        Ok(ImageReference {
            domain: domain.unwrap_or_default().to_owned(),
            tag: parsed.tag().map(str::to_owned),
            digest: parsed.digest().map(|digest| digest.to_string()),
            name,
        })
    }

    /// Returns the part of the name before its last slash; empty if there is none.
    pub(super) fn repository(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(before, _)| before)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.tag.iter().try_for_each(|tag| write!(f, ":{tag}"))?;
        self.digest.iter().try_for_each(|digest| write!(f, "@{digest}"))
    }
}

/// The name as Skaffold keys its artifacts: without `ko://`, the part before tag and digest in lower case.
pub(super) fn sanitize(image: &str) -> String {
    let bare = image.strip_prefix("ko://").unwrap_or(image);
    let tagged = bare.find('@').unwrap_or(bare.len());
    let after_slash = bare[..tagged].rfind('/').map_or(0, |slash| slash + 1);
    let end = bare[after_slash..tagged].find(':').map_or(tagged, |colon| after_slash + colon);
    format!("{}{}", bare[..end].to_ascii_lowercase(), &bare[end..])
}

/// Whether the text reads as a host with an optional port, dots or not.
pub(super) fn is_domain(text: &str) -> bool {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => text,
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if let Some(address) = bracketed {
        return !address.is_empty() && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    }
    host.split('.').all(|part| {
        let inside = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        !part.is_empty() && inside && !part.starts_with('-') && !part.ends_with('-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(image: &str) -> String {
        match ImageReference::parse(image) {
            Ok(parsed) => format!("{} | {} | {:?} | {:?}", parsed.domain, parsed.name, parsed.tag, parsed.digest),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn names_split_as_skaffold_splits_them() {
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(shown("app"), " | app | None | None");
        assert_eq!(
            shown("ko://Example.com/cmd/App:v1.X"),
            r#"example.com | example.com/cmd/app | Some("v1.X") | None"#
        );
        assert_eq!(shown("localhost:5000/app"), "localhost:5000 | localhost:5000/app | None | None");
        assert_eq!(shown("localhost:5000"), r#" | localhost | Some("5000") | None"#);
        assert_eq!(shown("team/app"), "team | team/app | None | None");
        assert_eq!(shown("my_team/app"), " | my_team/app | None | None");
        assert_eq!(shown(&format!("app:v1@{digest}")), format!(r#" | app | Some("v1") | Some("{digest}")"#));
    }

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        for image in ["", "app:", "app@sha256:12", "a//b", "-a", "a_", "a...b", "{{.Values.image}}", "a b"] {
            assert!(ImageReference::parse(image).is_err(), "{image}");
        }
    }
}
