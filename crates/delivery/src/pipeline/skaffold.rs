//! The stages of a unit that Skaffold renders: load configs and tags, then render with the digests of what is built.

use std::collections::{BTreeMap, BTreeSet};

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use render_core::files::join;
use render_core::host::Host;
use render_core::kustomize::BaseCache;
use render_core::skaffold::model::{Config, Helm};
use render_core::skaffold::{
    Build, DigestSource, Inputs, Now, SkaffoldOptions, Tagging, default_repo, load as load_configs, pin, plan,
    references,
};

use super::output::{BuildSource, Output};
use crate::config::GivenDigests;
use crate::host::RunContext;
use crate::host::git_facts::GitFacts;
use crate::host::machine;
use crate::host::recorded_files::RecordedFiles;
use crate::images::assign::{AssignmentOrigin, PromotedImages, UnitAssignment};
use crate::images::digests::{ImageLocation, ImageRequest};
use crate::images::given::GivenImage;
use crate::images::source::{SourceImages, full_name};
use crate::pipeline::file_set::Style;
use crate::plan::{PinnedInputs, PlannedUnit};

/// What a stage of one unit works with.
pub(super) struct Run<'a> {
    pub(super) unit: &'a PlannedUnit,
    pub(super) files: &'a RecordedFiles<'a>,
    pub(super) host: &'a dyn Host,
    pub(super) ctx: &'a RunContext,
    pub(super) git: &'a GitFacts,
    pub(super) base_cache: Option<&'a BaseCache>,
    /// The images that the command was given.
    pub(super) given: &'a [GivenImage],
}

/// A Skaffold unit up to the point where digests are needed.
#[derive(Debug)]
pub(crate) struct LoadedSkaffold {
    /// The options.
    options: SkaffoldOptions,
    /// The environment's variables, those of `skaffold.env` added.
    environment: BTreeMap<String, String>,
    /// The configs, what is required first.
    configs: Vec<Config>,
    /// The image for each artifact, without digests from a registry.
    pub(crate) builds: Vec<Build>,
    /// The images of the source, and what replaces them.
    sources: Vec<BuildSource>,
    /// The references whose digests are needed, each once.
    references: Vec<ImageRef>,
    /// Where the images were given that a command gave, by their references without digests.
    given: BTreeMap<ImageRef, ImageLocation>,
    /// Findings that do not stop the run.
    warnings: Vec<Diagnostic>,
}

impl LoadedSkaffold {
    /// Returns whether a config has releases of helm, or kustomizations with charts.
    pub(super) fn has_charts(&self) -> bool {
        let any = |helm: Option<&Helm>| helm.is_some_and(|helm| !helm.releases.is_empty());
        self.configs.iter().any(|config| {
            let kustomize = config.manifests.kustomize.iter().flat_map(|kustomize| &kustomize.build_args);
            any(config.manifests.helm.as_ref())
                || any(config.deploy.helm.as_ref())
                || kustomize.into_iter().any(|argument| argument.text.contains("--enable-helm"))
        })
    }

    /// The images whose digests are needed, with the artifacts that they are built for.
    pub(crate) fn image_requests(&self, unit: &PlannedUnit) -> Vec<ImageRequest> {
        let requests = self.references.iter().map(|image| {
            let build = self.builds.iter().find(|build| {
                ImageRef::parse(&build.tag).is_ok_and(|built| built.without_digest() == image.without_digest())
            });
            let artifact = || build.and_then(|build| self.artifact(&build.image_name, unit));
            let location = self.given.get(&image.without_digest()).cloned().or_else(artifact);
            ImageRequest { image: image.clone(), location: location.unwrap_or_default() }
        });
        requests.collect()
    }

    fn artifact(&self, name: &str, unit: &PlannedUnit) -> Option<ImageLocation> {
        self.configs.iter().find_map(|config| {
            let index = config.build.artifacts.iter().position(|artifact| artifact.image.text == name)?;
            let file = if unit.is_standalone() { config.file.clone() } else { join(&unit.folder, &config.file) };
            let field = format!("build.artifacts[{index}].image");
            Some(ImageLocation { file, at: config.build.artifacts[index].image.at, field, object: String::new() })
        })
    }

    /// The registries that the configs allow to be reached without TLS.
    pub(super) fn insecure_registries(&self) -> impl Iterator<Item = String> + '_ {
        self.configs.iter().flat_map(|config| &config.build.insecure_registries).cloned()
    }
}

/// Loads the configs and computes the tags. No registry is queried.
///
/// # Errors
/// What is wrong with a config, and a tag that cannot be computed.
pub(super) fn load(run: &Run<'_>, options: &SkaffoldOptions) -> Result<LoadedSkaffold, Errors> {
    let variables = if run.ctx.trust.is_untrusted() { BTreeMap::new() } else { run.ctx.variables.clone() };
    let environment = machine::environment(run.files, &run.unit.folder, variables)?;
    let pinned = run.unit.pinned_inputs.as_ref();
    let pinned = pinned.map(|pinned| with_pinned_inputs(run, &environment, options, pinned)).transpose()?;
    let inputs = inputs(run, &environment, pinned.as_ref().unwrap_or(options));
    let loaded = load_configs(&inputs)?;
    let now = run.ctx.now.map(|now| Now { seconds: now.seconds, nanoseconds: run.ctx.nanoseconds });
    let tagging = Tagging { inputs, git: run.git, now: now.unwrap_or_default(), configs: &loaded.configs };
    let Assigned { builds, sources, decided, given } = assign(run, inputs.options, &loaded.configs, plan(&tagging))?;
    let references = references(&builds, inputs.options);
    let references = references.iter().map(|text| ImageRef::parse(text)).collect::<Result<Vec<_>, _>>();
    let mut references = references.map_err(|error| Diagnostic::new(error.to_string()))?;
    // What was decided earlier is not checked again: its tag may have moved since.
    references.retain(|reference| !decided.contains(reference));
    let (configs, warnings) = (loaded.configs, loaded.warnings);
    Ok(LoadedSkaffold { options: options.clone(), environment, configs, builds, sources, references, given, warnings })
}

/// Adds the digests and renders. `pins` has an entry for each of [`LoadedSkaffold::image_requests`].
///
/// # Errors
/// A reference without a digest, a given digest that is no longer its tag's, and what rendering refuses.
pub(super) fn render(run: &Run<'_>, loaded: &LoadedSkaffold, pins: &Pins) -> Result<Output, Errors> {
    let LoadedSkaffold { options, environment, configs, builds, sources, references, warnings, .. } = loaded;
    let (mut builds, mut warnings) = (builds.clone(), warnings.clone());
    pin_builds(&mut builds, references, pins)?;
    let own = BaseCache::default();
    let mut inputs = inputs(run, environment, options);
    let kustomizations = configs.iter().filter_map(|config| config.manifests.kustomize.as_ref());
    if kustomizations.map(|kustomize| kustomize.paths.len()).sum::<usize>() > 1 {
        inputs.base_cache = inputs.base_cache.or(Some(&own));
    }
    let rendered = render_core::skaffold::render(&inputs, configs, &builds)?;
    warnings.extend(rendered.warnings);
    let objects = rendered.configs.into_iter().flat_map(|config| config.objects).collect();
    let output = Output::of_objects(objects, Style::Skaffold, warnings);
    Ok(Output { builds, build_sources: sources.clone(), stderr: rendered.hook_output, ..output })
}

fn pin_builds(builds: &mut [Build], references: &[ImageRef], pins: &Pins) -> Result<(), Errors> {
    let mut digests = BTreeMap::new();
    let mut missing = Vec::new();
    for reference in references {
        match pins.digest(reference) {
            Some(digest) => _ = digests.insert(reference.as_str(), digest),
            None => missing.push(
                Diagnostic::new(format!("no digest is known for {reference}"))
                    .hint("push the image first, or give --digest-source=tag to render without digests"),
            ),
        }
    }
    Errors::check(missing)?;
    pin(builds, &|reference| digests.get(reference).map(|digest| digest.as_str()))
}

/// The builds with their assigned images.
struct Assigned {
    builds: Vec<Build>,
    sources: Vec<BuildSource>,
    /// The references, without digests, of images whose digests are not checked: they were decided by an earlier delivery or by a promotion,
    /// or given with a digest that is kept.
    decided: BTreeSet<ImageRef>,
    /// Where images were given, by their references without digests.
    given: BTreeMap<ImageRef, ImageLocation>,
}

/// Replaces the images of builds by those that are assigned, so that no registry is asked for an image that is not delivered. If the tags
/// cannot be computed, that is an error only for a build that has no other image.
fn assign(
    run: &Run<'_>,
    options: &SkaffoldOptions,
    configs: &[Config],
    planned: Result<Vec<Build>, Errors>,
) -> Result<Assigned, Errors> {
    let inputs = &run.unit.image_inputs;
    let (mut builds, failed) = match planned {
        Ok(builds) => (builds, None),
        Err(errors) if run.unit.pinned_inputs.is_none() => (without_tags(options, configs)?, Some(errors)),
        Err(errors) => return Err(errors),
    };
    let mut assigned =
        Assigned { builds: Vec::new(), sources: Vec::new(), decided: BTreeSet::new(), given: BTreeMap::new() };
    let mut images = SourceImages::new();
    for build in &builds {
        // An artifact of ko (`ko://github.com/acme/app`) has no image reference until it is built, so none can be assigned.
        let source = match (ImageRef::parse(&build.tag), &failed) {
            (Ok(source), _) => source,
            (Err(_), None) => continue,
            (Err(_), Some(errors)) => return Err(errors.clone()),
        };
        let promoted = inputs.promoted.as_ref();
        let promoted_name = promoted.map(|promoted| promoted_name(promoted, &build.image_name)).transpose()?;
        let image = images.entry(source.full_name()).or_default();
        source.name().clone_into(&mut image.name);
        image.aliases.insert(build.image_name.clone());
        image.promoted_name.clone_from(&promoted_name);
        if failed.is_none() {
            image.references.insert(build.tag.clone());
        }
        let becomes = source.clone();
        let artifact = build.image_name.clone();
        assigned.sources.push(BuildSource { artifact, source, has_tag: failed.is_none(), becomes, promoted_name });
    }
    let (unit, origin) = (run.unit.name(), AssignmentOrigin::default());
    let decision = UnitAssignment { unit: &unit, inputs, given: run.given, origin: &origin };
    let replaced = decision.builds(&images)?;
    for source in &mut assigned.sources {
        let Some(build) = builds.iter_mut().find(|build| build.image_name == source.artifact) else { continue };
        let Some(image) = replaced.get(&source.source.full_name()) else {
            match &failed {
                Some(errors) => return Err(errors.clone()),
                None => continue,
            }
        };
        image.reference.as_str().clone_into(&mut build.tag);
        source.becomes = image.reference.clone();
        let plain = image.reference.without_digest();
        if let Some(given) = run.given.iter().find(|given| given.reference.as_ref() == Some(&image.reference)) {
            assigned.given.insert(plain.clone(), given.location.of_unit(&unit));
        }
        let is_kept = image.is_decided || run.unit.digests == GivenDigests::Kept;
        if is_kept && image.reference.is_pinned() {
            assigned.decided.insert(plain);
        }
    }
    assigned.builds = builds;
    Ok(assigned)
}

/// The builds of all artifacts with their names in place of references.
fn without_tags(options: &SkaffoldOptions, configs: &[Config]) -> Result<Vec<Build>, Errors> {
    let artifacts = configs.iter().flat_map(|config| &config.build.artifacts);
    let build = |name: &str| {
        let moved = default_repo::apply(options.default_repo.as_deref(), options.multi_level, name);
        let tag = moved.map_err(|error| Diagnostic::new(error.to_string()))?;
        Ok(Build { image_name: name.to_owned(), tag })
    };
    artifacts.map(|artifact| build(&artifact.image.text)).collect()
}

/// The name of an artifact's image in the environment that is promoted, in full.
fn promoted_name(promoted: &PromotedImages, artifact: &str) -> Result<String, Diagnostic> {
    let moved = default_repo::apply(promoted.default_repo.as_deref(), false, artifact);
    let moved = moved.map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(full_name(&moved))
}

fn inputs<'a>(run: &Run<'a>, environment: &'a BTreeMap<String, String>, options: &'a SkaffoldOptions) -> Inputs<'a> {
    Inputs {
        files: run.files,
        host: run.host,
        working_dir: &run.unit.folder,
        environment,
        hides_environment: run.ctx.trust.is_untrusted(),
        options,
        base_cache: run.base_cache,
    }
}

/// The options with the image of each artifact given, so that no tag is computed and no registry is queried.
fn with_pinned_inputs(
    run: &Run<'_>,
    environment: &BTreeMap<String, String>,
    options: &SkaffoldOptions,
    pinned: &PinnedInputs,
) -> Result<SkaffoldOptions, Errors> {
    let mut options = SkaffoldOptions {
        digest_source: DigestSource::None,
        tag: String::new(),
        // The pinned images have their final names.
        default_repo: None,
        multi_level: false,
        images: Vec::new(),
        build_artifacts: None,
        ..options.clone()
    };
    let configs = load_configs(&inputs(run, environment, &options))?.configs;
    let artifacts = configs.iter().flat_map(|config| &config.build.artifacts);
    let invalid = |error: &dyn std::fmt::Display| Diagnostic::new(error.to_string());
    for artifact in artifacts.map(|artifact| artifact.image.text.as_str()) {
        let moved = default_repo::apply(pinned.default_repo.as_deref(), false, artifact);
        let name = ImageRef::parse(&moved.map_err(|error| invalid(&error))?).map_err(|error| invalid(&error))?;
        let own = default_repo::apply(run.unit.default_repo(), false, artifact).map_err(|error| invalid(&error))?;
        let assignments = &run.unit.image_inputs.recorded.assignments;
        let assigned = assignments.iter().find(|one| full_name(&one.image) == full_name(&own));
        let image = pinned.images.iter().find(|image| image.full_name() == name.full_name()).map(ImageRef::as_str);
        // An assignment may have another name.
        if let Some(image) = assigned.map(|one| one.reference.as_str()).or(image) {
            options.images.push(format!("{artifact}={image}"));
        }
    }
    if !options.images.is_empty() {
        options.digest_source = DigestSource::Tag;
    }
    Ok(options)
}
