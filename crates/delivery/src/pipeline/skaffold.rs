//! The stages of a unit that Skaffold renders: load configs and tags, then render with the digests of what is built.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use render_core::files::join;
use render_core::host::Host;
use render_core::kustomize::BaseCache;
use render_core::skaffold::model::Config;
use render_core::skaffold::{
    Build, DigestSource, Inputs, Now, SkaffoldOptions, Tagging, default_repo, load as load_configs, pin, plan,
    references,
};

use super::output::Output;
use crate::host::RunContext;
use crate::host::git_facts::GitFacts;
use crate::host::machine;
use crate::host::recorded_files::RecordedFiles;
use crate::images::digests::{ImageLocation, ImageRequest};
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
    /// The references whose digests are needed, each once.
    references: Vec<ImageRef>,
    /// Findings that do not stop the run.
    warnings: Vec<Diagnostic>,
}

impl LoadedSkaffold {
    /// The images whose digests are needed, with the artifacts that they are built for.
    pub(crate) fn image_requests(&self, unit: &PlannedUnit) -> Vec<ImageRequest> {
        let requests = self.references.iter().map(|image| {
            let build = self.builds.iter().find(|build| {
                ImageRef::parse(&build.tag).is_ok_and(|built| built.without_digest() == image.without_digest())
            });
            let location = build.and_then(|build| self.artifact(&build.image_name, unit)).unwrap_or_default();
            ImageRequest { image: image.clone(), location }
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
    let builds = plan(&tagging)?;
    let references = references(&builds, inputs.options);
    let references = references.iter().map(|text| ImageRef::parse(text)).collect::<Result<_, _>>();
    let references = references.map_err(|error| Diagnostic::new(error.to_string()))?;
    let (configs, warnings) = (loaded.configs, loaded.warnings);
    Ok(LoadedSkaffold { options: options.clone(), environment, configs, builds, references, warnings })
}

/// Adds the digests and renders. `pins` has an entry for each of [`LoadedSkaffold::image_requests`].
///
/// # Errors
/// A reference without a digest, a given digest that is no longer its tag's, and what rendering refuses.
pub(super) fn render(run: &Run<'_>, loaded: LoadedSkaffold, pins: &Pins) -> Result<Output, Errors> {
    let LoadedSkaffold { options, environment, configs, mut builds, references, mut warnings } = loaded;
    pin_builds(&mut builds, &references, pins)?;
    let own = BaseCache::default();
    let mut inputs = inputs(run, &environment, &options);
    let kustomizations = configs.iter().filter_map(|config| config.manifests.kustomize.as_ref());
    if kustomizations.map(|kustomize| kustomize.paths.len()).sum::<usize>() > 1 {
        inputs.base_cache = inputs.base_cache.or(Some(&own));
    }
    let rendered = render_core::skaffold::render(&inputs, &configs, &builds)?;
    warnings.extend(rendered.warnings);
    let objects = rendered.configs.into_iter().flat_map(|config| config.objects).collect();
    Ok(Output { builds, stderr: rendered.hook_output, ..Output::of_objects(objects, Style::Skaffold, warnings) })
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
        if let Some(image) = pinned.images.iter().find(|image| image.full_name() == name.full_name()) {
            options.images.push(format!("{artifact}={image}"));
        }
    }
    if !options.images.is_empty() {
        options.digest_source = DigestSource::Tag;
    }
    Ok(options)
}
