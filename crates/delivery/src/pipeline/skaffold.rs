//! `skaffold render` of one folder: load, tags, digests, objects. Two steps, so that the digests of many folders can be
//! looked up at once between them: see [`prepare`] and [`finish`].

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::{Diagnostic, Errors, ImageRef, Pins};
use render_core::files::{Files, join};
use render_core::host::Host;
use render_core::kustomize::BaseCache;
pub use render_core::skaffold::{Build, DigestSource, Now, PlanOptions, RenderOptions, Rendered};
use render_core::skaffold::{Inputs, LoadOptions, Tagging, load, model, pin, plan, references};

use crate::images::digests::{ImageLocation, ImageRequest};

pub use crate::host::dotenv::parse as parse_dotenv;
pub use crate::host::git_facts::GitFacts;
pub use crate::host::machine::{Machine, resource_selector, setters};

/// Everything that one rendering depends on besides files: decided, nothing left to look up.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder that the run takes place in, absolute. Paths of the root config are relative to it.
    pub working_dir: String,
    /// `--filename`: relative to the folder, a URL, or `-` for `input`.
    pub file: String,
    /// What `-` stands for.
    pub input: Vec<u8>,
    /// `--profile`
    pub profiles: Vec<String>,
    /// Profiles that are applied where a config has them.
    pub optional_profiles: Vec<String>,
    /// `--profile-auto-activation`
    pub auto_activation: bool,
    /// `--propagate-profiles`
    pub propagate_profiles: bool,
    /// `--module`
    pub modules: Vec<String>,
    /// The environment's variables.
    pub environment: BTreeMap<String, String>,
    /// The time that `dateTime` tags tell.
    pub now: Now,
    /// Tags and digests.
    pub images: PlanOptions,
    /// What is put into the manifests.
    pub render: RenderOptions,
    /// What tags are told of git; shared by the requests of one run, so that nothing is asked twice.
    pub git: Arc<GitFacts>,
    /// What the kustomizations of several requests have in common; absent where there is one request alone.
    pub base_cache: Option<Arc<BaseCache>>,
}

impl Request {
    /// A request with Skaffold's defaults for a folder.
    pub fn new(working_dir: &str, environment: BTreeMap<String, String>) -> Self {
        Request {
            working_dir: working_dir.to_owned(),
            file: "skaffold.yaml".to_owned(),
            input: Vec::new(),
            profiles: Vec::new(),
            optional_profiles: Vec::new(),
            auto_activation: true,
            propagate_profiles: true,
            modules: Vec::new(),
            environment,
            now: Now::default(),
            images: PlanOptions::default(),
            render: RenderOptions::default(),
            git: Arc::default(),
            base_cache: None,
        }
    }

    fn inputs<'a>(&'a self, files: &'a dyn Files, host: &'a dyn Host) -> Inputs<'a> {
        Inputs {
            files,
            host,
            working_dir: &self.working_dir,
            environment: &self.environment,
            options: &self.render,
            base_cache: self.base_cache.as_deref(),
        }
    }
}

/// A rendering up to the point where digests are wanted.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    /// The configs, what is required first.
    pub configs: Vec<model::Config>,
    /// The image for each artifact, without digests from a registry.
    pub builds: Vec<Build>,
    /// The references whose digests are wanted, each once.
    pub references: Vec<ImageRef>,
    /// What is worth saying.
    pub warnings: Vec<Diagnostic>,
}

impl Prepared {
    /// The references with the artifacts that they are made for. Files are named as seen from `folder`, or as they were given
    /// where that is empty.
    pub fn wanted(&self, folder: &str) -> Vec<ImageRequest> {
        let wanted = self.references.iter().map(|image| {
            let build = self.builds.iter().find(|build| {
                ImageRef::parse(&build.tag).is_ok_and(|made| made.without_digest() == image.without_digest())
            });
            let place = build.and_then(|build| self.artifact(&build.image_name, folder)).unwrap_or_default();
            ImageRequest { image: image.clone(), place }
        });
        wanted.collect()
    }

    fn artifact(&self, name: &str, folder: &str) -> Option<ImageLocation> {
        self.configs.iter().find_map(|config| {
            let index = config.build.artifacts.iter().position(|artifact| artifact.image.text == name)?;
            let file = if folder.is_empty() { config.file.clone() } else { join(folder, &config.file) };
            let field = format!("build.artifacts[{index}].image");
            Some(ImageLocation { file, at: config.build.artifacts[index].image.at, field, object: String::new() })
        })
    }
}

/// Loads the configs and tells the tags. No registry is asked.
///
/// # Errors
/// What is wrong with a config, and a tag that cannot be told.
pub fn prepare(request: &Request, files: &dyn Files, host: &dyn Host) -> Result<Prepared, Errors> {
    let loaded = load(
        files,
        host,
        &LoadOptions {
            file: &request.file,
            input: &request.input,
            working_dir: &request.working_dir,
            profiles: &request.profiles,
            optional_profiles: &request.optional_profiles,
            auto_activation: request.auto_activation,
            propagate_profiles: request.propagate_profiles,
            modules: &request.modules,
            environment: &request.environment,
            kube_context: &request.render.kube_context,
            command: "render",
        },
    )?;
    let tagging = Tagging {
        inputs: request.inputs(files, host),
        git: request.git.as_ref(),
        now: request.now,
        configs: &loaded.configs,
    };
    let builds = plan(&tagging, &request.images)?;
    let wanted = references(&builds, &request.images);
    let wanted = wanted.iter().map(|text| ImageRef::parse(text));
    let references = wanted.collect::<Result<_, _>>().map_err(|error| Diagnostic::new(error.to_string()))?;
    Ok(Prepared { configs: loaded.configs, builds, references, warnings: loaded.warnings })
}

/// Puts the digests in and renders. `pins` answers for each of [`Prepared::references`].
///
/// # Errors
/// A reference without a pin, a given digest that is no longer its tag's, and what rendering refuses.
pub fn finish(
    request: &Request,
    prepared: Prepared,
    pins: &Pins,
    files: &dyn Files,
    host: &dyn Host,
) -> Result<Rendered, Errors> {
    let Prepared { configs, mut builds, references, mut warnings } = prepared;
    let mut digests = BTreeMap::new();
    let mut missing = Vec::new();
    for reference in &references {
        match pins.digest(reference) {
            Some(digest) => _ = digests.insert(reference.as_str(), digest),
            None => missing.push(
                Diagnostic::new(format!("no digest is known for {reference}"))
                    .hint("Push the image first, or say --digest-source=tag to render without digests."),
            ),
        }
    }
    Errors::check(missing)?;
    pin(&mut builds, &|reference| digests.get(reference).map(|digest| digest.as_str()))?;
    let own = BaseCache::default();
    let mut inputs = request.inputs(files, host);
    let kustomizations = configs.iter().filter_map(|config| config.manifests.kustomize.as_ref());
    if kustomizations.map(|kustomize| kustomize.paths.len()).sum::<usize>() > 1 {
        inputs.base_cache = inputs.base_cache.or(Some(&own));
    }
    let mut rendered = render_core::skaffold::render(&inputs, &configs, &builds)?;
    warnings.append(&mut rendered.warnings);
    rendered.warnings = warnings;
    Ok(rendered)
}
