//! Where the images of a delivery come from, by their own words: for the commit, the report and the pull request.

use std::collections::BTreeMap;

use manifest::{Diagnostic, ImageRef};
use registry::Origin;

use crate::digests::Pinner;
use crate::failure::Failure;

/// An image that says where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageOrigin {
    /// The image as it is delivered.
    pub image: String,
    /// Its source and revision, at least one of them there.
    pub origin: Origin,
}

impl ImageOrigin {
    /// `NAME:TAG SOURCE REVISION`, what is not known left out: the value of a trailer.
    pub fn words(&self) -> String {
        let name = self.image.split('@').next().unwrap_or_default();
        let parts = [Some(name), self.origin.source.as_deref(), self.origin.revision.as_deref()];
        // The words are the builder's; a trailer is one line.
        let all = parts.into_iter().flatten().flat_map(str::split_whitespace);
        all.collect::<Vec<_>>().join(" ")
    }

    /// The page of the source commit, where the source is a repository of a host that is known by its name.
    pub fn link(&self) -> Option<String> {
        let (source, revision) = (self.origin.source.as_deref()?, self.origin.revision.as_deref()?);
        let source = source.trim_end_matches('/').trim_end_matches(".git");
        let host = source.strip_prefix("https://")?.split('/').next()?;
        let hex = revision.len() >= 7 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
        let plain = source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte));
        let folder = match host {
            _ if host.contains("github") => "commit",
            _ if host.contains("gitlab") => "-/commit",
            _ if host.contains("bitbucket") => "commits",
            _ => return None,
        };
        (hex && plain).then(|| format!("{source}/{folder}/{revision}"))
    }
}

/// What the images say of their sources, by image, and a warning for each that could not be asked. Images that do not say are
/// left out, and so are those without a digest.
///
/// # Errors
/// Where no registry may be asked.
pub(crate) fn ask<'a>(
    pinner: &mut Pinner<'_>,
    images: impl Iterator<Item = &'a String>,
) -> Result<(BTreeMap<String, ImageOrigin>, Vec<Diagnostic>), Failure> {
    let mut wanted: Vec<_> = images
        .filter_map(|text| ImageRef::parse(text).ok())
        .filter_map(|image| Some((image.clone(), image.digest()?)))
        .collect();
    wanted.sort();
    wanted.dedup();
    let (mut found, mut warnings) = (BTreeMap::new(), Vec::new());
    for (image, answer) in pinner.origins(&wanted)? {
        let image = image.as_str().to_owned();
        match answer {
            Ok(origin) if origin == Origin::default() => {}
            Ok(origin) => drop(found.insert(image.clone(), ImageOrigin { image, origin })),
            Err(error) => {
                warnings.push(error.diagnostic().hint("The image is delivered; only its source is not known."));
            }
        }
    }
    Ok((found, warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_known_hosts_alone() {
        let link = |source: &str, revision: &str| {
            let origin = Origin { source: Some(source.to_owned()), revision: Some(revision.to_owned()) };
            ImageOrigin { image: "a:1@sha256:0".to_owned(), origin }.link()
        };
        let table = [
            ("https://github.com/acme/app.git", "0123abc", Some("https://github.com/acme/app/commit/0123abc")),
            ("https://gitlab.example/acme/app/", "0123abc", Some("https://gitlab.example/acme/app/-/commit/0123abc")),
            ("https://github.com/acme/app", "main", None),
            ("https://github.com/acme/app) [x", "0123abc", None),
            ("http://github.com/acme/app", "0123abc", None),
            ("https://git.example/app", "0123abc", None),
        ];
        for (source, revision, want) in table {
            assert_eq!(link(source, revision).as_deref(), want, "{source}");
        }
    }
}
