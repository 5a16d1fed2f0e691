//! Determines the builds from the configs and the options: the image that replaces each artifact's name.
//!
//! Source of the rules: Skaffold's `runner/build.go` and `cmd/util.go`.

use manifest::{Diagnostic, Errors};

use super::builds::{Build, from_flag, merge, retag};
use super::tag::{Tagging, named, reference};
use super::{builds, default_repo};
use crate::skaffold::model::{Artifact, Config};
use crate::skaffold::options::{DigestSource, SkaffoldOptions};
use crate::skaffold::reference::{ImageReference, sanitize};

/// The builds in the order of Skaffold: those given, or one for each artifact with the tag of its policy. Digests are not
/// looked up: see [`references`] and [`pin`].
///
/// # Errors
/// A tagger that fails, and what cannot be read as a build or an image.
pub fn plan(tagging: &Tagging<'_>) -> Result<Vec<Build>, Errors> {
    let options = tagging.inputs.options;
    if options.build_artifacts.is_some() || !options.images.is_empty() {
        return Ok(given(tagging.configs, options)?);
    }
    if options.digest_source == DigestSource::None {
        return Ok(Vec::new());
    }
    let artifacts =
        tagging.configs.iter().flat_map(|config| config.build.artifacts.iter().map(move |one| (config, one)));
    let mut builds = Vec::new();
    let mut errors = Vec::new();
    for (config, artifact) in artifacts {
        match tagged(tagging, config, artifact, options) {
            Ok(build) => builds.push(build),
            Err(found) => errors.push(found),
        }
    }
    Errors::check(errors)?;
    Ok(builds)
}

fn tagged(
    tagging: &Tagging<'_>,
    config: &Config,
    artifact: &Artifact,
    options: &SkaffoldOptions,
) -> Result<Build, Diagnostic> {
    let locate = |error: Diagnostic| error.in_file(&config.file).at(artifact.image.at).field("build.artifacts.image");
    let tag = match options.tag.as_str() {
        "" => reference(tagging, config, artifact)?,
        tag => named(&artifact.image, tag).map_err(locate)?,
    };
    let tag = moved(options, &tag).map_err(locate)?;
    Ok(Build { image_name: artifact.image.text.clone(), tag })
}

fn moved(options: &SkaffoldOptions, image: &str) -> Result<String, Diagnostic> {
    default_repo::apply(options.default_repo.as_deref(), options.multi_level, image)
        .map_err(|error| Diagnostic::new(error.to_string()))
}

/// `--images` and `--build-artifacts`, `--tag` and `--default-repo` applied to each.
fn given(configs: &[Config], options: &SkaffoldOptions) -> Result<Vec<Build>, Diagnostic> {
    let from_flags = options.images.iter().map(|item| from_flag(item)).collect::<Result<Vec<_>, _>>()?;
    let from_file = match &options.build_artifacts {
        Some(artifacts) => builds::from_json(&artifacts.bytes, &artifacts.file)?,
        None => Vec::new(),
    };
    let mut merged = merge(from_flags, &from_file);
    for build in &mut merged {
        if !options.tag.is_empty() {
            build.tag = retag(&build.tag, &options.tag)?;
        }
        build.tag = moved(options, &build.tag)?;
        build.image_name = artifact_of(configs, options, &build.image_name)?;
    }
    Ok(merged)
}

/// The artifact that a build of this name is for: itself, or the one that --default-repo moves there, since buildx knows only
/// the name it pushed to.
fn artifact_of(configs: &[Config], options: &SkaffoldOptions, name: &str) -> Result<String, Diagnostic> {
    let artifacts =
        || configs.iter().flat_map(|config| &config.build.artifacts).map(|artifact| artifact.image.text.as_str());
    if artifacts().any(|artifact| sanitize(artifact) == sanitize(name)) {
        return Ok(name.to_owned());
    }
    for artifact in artifacts() {
        if moved(options, artifact)? == name {
            return Ok(artifact.to_owned());
        }
    }
    Ok(name.to_owned())
}

/// The references whose digests are needed, in order, each once: `repository:tag`, without a digest that is already known.
/// None unless digests come from the registry. A build with a digest and no tag needs none.
pub fn references(builds: &[Build], options: &SkaffoldOptions) -> Vec<String> {
    let mut references = Vec::new();
    for build in builds.iter().filter(|_| options.digest_source == DigestSource::Remote) {
        let reference = remote_reference(&build.tag);
        references.extend(reference.filter(|reference| !references.contains(reference)));
    }
    references
}

fn remote_reference(tag: &str) -> Option<String> {
    let parsed = ImageReference::parse(tag).ok()?;
    let undigested = parsed.digest.is_none() || parsed.tag.is_some();
    undigested.then(|| ImageReference { digest: None, ..parsed }.to_string())
}

/// Adds the digests that were found to the builds. `found` answers for each of [`references`].
///
/// # Errors
/// A build that was given with another digest than its tag has now.
pub fn pin<'d>(builds: &mut [Build], found: &dyn Fn(&str) -> Option<&'d str>) -> Result<(), Errors> {
    let mut errors = Vec::new();
    for build in builds {
        let Some((reference, digest)) =
            remote_reference(&build.tag).and_then(|reference| Some((reference.clone(), found(&reference)?)))
        else {
            continue;
        };
        match build.tag.split_once('@') {
            Some((_, given)) if given == digest => {}
            Some((_, given)) => errors.push(
                Diagnostic::new(format!("digest mismatch: {reference} is {digest} now, but {given} was given for {}", build.image_name))
                    .hint("build again, use a unique tag for each build, or use --digest-source=tag to deploy the given digest"),
            ),
            None => build.tag = format!("{}@{digest}", build.tag),
        }
    }
    Errors::check(errors)
}
