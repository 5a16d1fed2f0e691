//! `build.tagPolicy`: the tag of each artifact.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag`. Where a tagger of Skaffold's fails, it silently takes `latest`; here
//! that is an error: see `docs/compatibility.md`.

mod custom_template;
mod date_time;
mod docker_ignore;
mod dockerfile;
mod env_template;
mod git_commit;
mod input_digest;
mod source_files;
mod tagging;

use manifest::{At, Diagnostic};

use crate::skaffold::model::{Artifact, Config, TagPolicy};
use crate::skaffold::reference::ImageReference;

pub use self::tagging::{SourceGit, Tagging};

/// The artifact's full reference: its name and the tag that the config's policy gives it; the name alone where the policy
/// leaves the tag that is in it.
///
/// # Errors
/// Returns an error if the tag cannot be determined, or is invalid: with the position of the policy, or of the artifact.
pub(crate) fn reference(tagging: &Tagging<'_>, config: &Config, artifact: &Artifact) -> Result<String, Diagnostic> {
    let policy = &config.build.tag_policy;
    let locate = |error: Diagnostic| {
        let at =
            if config.build.tag_policy_at == At::default() { artifact.image.at } else { config.build.tag_policy_at };
        error.in_file(&config.file).at(at).field("build.tagPolicy")
    };
    let tag = tag(tagging, policy, artifact).map_err(|error| {
        let message = format!("cannot determine the tag of {}: {}", artifact.image.text, error.message);
        locate(Diagnostic { message, ..error })
    })?;
    named(&artifact.image, &tag).map_err(locate)
}

/// `IMAGE:TAG`, checked; `IMAGE` where the tag is empty.
///
/// # Errors
/// Returns an error if the result is not an image reference.
pub(crate) fn named(image: &str, tag: &str) -> Result<String, Diagnostic> {
    let full = if tag.is_empty() { image.to_owned() } else { format!("{image}:{tag}") };
    match ImageReference::parse(&full) {
        Ok(_) => Ok(full),
        Err(error) => Err(Diagnostic::new(error.to_string())
            .hint("use another tagPolicy, or set the tag with --tag (Skaffold uses `latest` here)")),
    }
}

fn tag(tagging: &Tagging<'_>, policy: &TagPolicy, artifact: &Artifact) -> Result<String, Diagnostic> {
    match policy {
        TagPolicy::GitCommit { variant, prefix, ignore_changes } => {
            git_commit::tag(tagging, artifact, variant, prefix, *ignore_changes)
        }
        TagPolicy::Sha256 => sha256(artifact),
        TagPolicy::EnvTemplate { template } => env_template::tag(tagging, artifact, template),
        TagPolicy::DateTime { format, timezone } => date_time::tag(tagging, format, timezone),
        TagPolicy::CustomTemplate { template, components } => {
            custom_template::tag(tagging.inputs.templates(), template, components, |policy| {
                tag(tagging, policy, artifact)
            })
        }
        TagPolicy::InputDigest => input_digest::tag(tagging, artifact),
    }
}

/// `latest`, or nothing where the name of the image has a tag.
fn sha256(artifact: &Artifact) -> Result<String, Diagnostic> {
    let parsed = ImageReference::parse(&artifact.image).map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(if parsed.tag.is_none() { "latest".to_owned() } else { String::new() })
}
