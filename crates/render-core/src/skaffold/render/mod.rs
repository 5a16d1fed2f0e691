//! From configs and builds to objects, in Skaffold's order.
//!
//! Source of the order: Skaffold's `runner/renderer.go` and `render/renderer/render_mux.go`.

mod helm;
mod hooks;
mod images;
mod kustomize_paths;
mod labels;
mod namespace;
mod parallel;
mod raw_yaml;
mod selector;
mod setter_files;
mod setters;
mod transform;

use manifest::{Diagnostic, Errors, Node};

use self::images::ImageReplacer;
use self::parallel::each;
use self::selector::Selector;
use self::setter_files::SetterFiles;
use self::setters::{FROM_PARAM, Marks};
use self::transform::Functions;
use crate::skaffold::build::builds::Build;
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::{Config, Helm, ResourceSelector};
use crate::skaffold::remote_files::RemoteFiles;

/// The result of a rendering.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The objects of each config that has any, in the order they are printed.
    pub configs: Vec<RenderedConfig>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// The output of hooks, for stderr.
    pub hook_output: Vec<u8>,
}

/// The objects of one config.
#[derive(Clone, Debug, Default)]
pub struct RenderedConfig {
    /// `metadata.name`, empty if the config has none.
    pub name: String,
    /// The objects, in the order they are printed.
    pub objects: Vec<Node>,
}

impl Rendered {
    /// All objects, in the order they are printed.
    pub fn objects(&self) -> impl Iterator<Item = &Node> {
        self.configs.iter().flat_map(|config| &config.objects)
    }

    /// The objects as Skaffold prints them: `---` between two, one newline at the end.
    ///
    /// # Errors
    /// Returns an error for objects that cannot be printed.
    pub fn print(&self) -> Result<String, Diagnostic> {
        let mut text = String::new();
        for object in self.objects() {
            if !text.is_empty() {
                text.push_str("---\n");
            }
            manifest::yaml::write_skaffold(object, &mut text)?;
        }
        Ok(text)
    }
}

/// The objects of one renderer, and the warnings of replacing their images.
#[derive(Default)]
struct Part {
    objects: Vec<Node>,
    warnings: Vec<Diagnostic>,
    errors: Vec<Diagnostic>,
    unused: Option<Vec<String>>,
}

/// Renders the configs: hooks before, then raw, kustomize and helm of each config, then the releases of `deploy.helm`, then
/// hooks after. A config's objects stay together.
///
/// # Errors
/// Returns the errors of all steps, and an error for `kpt` and `remoteManifests`, which are not supported.
pub fn render(inputs: &Inputs<'_>, configs: &[Config], builds: &[Build]) -> Result<Rendered, Errors> {
    Errors::check(configs.iter().flat_map(refused).collect())?;
    let mut rendered = Rendered::default();
    for config in configs {
        hooks::before(inputs, config, &mut rendered.hook_output)?;
    }
    let layers = layers(inputs, configs);
    let render = |config: &Config| {
        let remote = remote_files(inputs, config);
        render_config(&with_files(inputs, remote.as_ref()), config, builds, &layers)
    };
    let mut parts = vec![each(configs, render)?];
    if configs.iter().any(|config| config.deploy.helm.is_some()) {
        let render = |config: &Config| {
            let remote = remote_files(inputs, config);
            render_legacy_helm(&with_files(inputs, remote.as_ref()), config, builds, &layers)
        };
        parts.push(each(configs, render)?);
    }
    let joined = join(configs, parts, builds, &mut rendered)?;
    for (config, objects) in joined {
        let objects = hooks::after(inputs, config, objects, &mut rendered.hook_output)?;
        rendered.configs.push(RenderedConfig { name: config.name.clone(), objects });
    }
    Ok(rendered)
}

/// The files that a config of a remote repository may name; `None` for a config of the source.
fn remote_files<'a>(inputs: &Inputs<'a>, config: &Config) -> Option<RemoteFiles<'a>> {
    inputs.host.repository_root(&config.folder).map(|_| RemoteFiles::new(inputs.files, inputs.host))
}

fn with_files<'a>(inputs: &Inputs<'a>, remote: Option<&'a RemoteFiles<'a>>) -> Inputs<'a> {
    Inputs { files: remote.map_or(inputs.files, |remote| remote), ..*inputs }
}

/// Puts each config's objects together, in the order in which configs first had any.
fn join<'c>(
    configs: &'c [Config],
    parts: Vec<Vec<Part>>,
    builds: &[Build],
    rendered: &mut Rendered,
) -> Result<Vec<(&'c Config, Vec<Node>)>, Errors> {
    let mut joined: Vec<(usize, Vec<Node>)> = Vec::new();
    let mut errors = Vec::new();
    let mut unused: Option<Vec<String>> = None;
    for (index, part) in parts.into_iter().flat_map(|round| round.into_iter().enumerate()) {
        rendered.warnings.extend(part.warnings);
        errors.extend(part.errors);
        if let Some(names) = part.unused {
            unused =
                Some(unused.map_or(names.clone(), |all| all.into_iter().filter(|name| names.contains(name)).collect()));
        }
        match joined.iter_mut().find(|(known, _)| *known == index) {
            Some((_, objects)) => objects.extend(part.objects),
            None if part.objects.is_empty() => {}
            None => joined.push((index, part.objects)),
        }
    }
    Errors::check(errors)?;
    let all = || builds.iter().map(|build| crate::skaffold::reference::sanitize(&build.image_name)).collect();
    rendered.warnings.extend(unused.unwrap_or_else(all).iter().map(|name| unused_artifact(configs, name)));
    Ok(joined.into_iter().map(|(index, objects)| (&configs[index], objects)).collect())
}

fn unused_artifact(configs: &[Config], name: &str) -> Diagnostic {
    let found = Diagnostic::new(format!("image {name} is not used in any manifest"))
        .hint("use the name of `build.artifacts[].image` in a manifest, without the registry of --default-repo and without a digest");
    let artifacts =
        configs.iter().flat_map(|config| config.build.artifacts.iter().map(move |artifact| (config, artifact)));
    match artifacts.into_iter().find(|(_, artifact)| crate::skaffold::reference::sanitize(&artifact.image) == name) {
        Some((config, artifact)) => found.in_file(&config.file).at(artifact.image.at).field("build.artifacts.image"),
        None => found,
    }
}

/// Returns an error for each setting that is not supported because it needs another program.
fn refused(config: &Config) -> Vec<Diagnostic> {
    let kpt = config.manifests.kpt.iter().map(|kpt| {
        config
            .diagnostic(kpt.at, "manifests.kpt", "kpt packages are not supported")
            .hint("render the package with kpt, commit the result, and list it under `manifests.rawYaml`")
    });
    let remote = config.manifests.remote_manifests.iter().map(|remote| {
        config
            .diagnostic(
                remote.manifest.at,
                "manifests.remoteManifests",
                "remote manifests are not supported: hydrant does not connect to clusters",
            )
            .hint("save it with `kubectl get -o yaml`, and list the file under `manifests.rawYaml`")
    });
    let validate = config.manifests.validate.iter().filter(|_| !config.manifests.raw_yaml.is_empty()).map(|function| {
        config
            .diagnostic(
                function.name.at,
                "manifests.validate",
                format!("container functions are not supported: {}", function.name.text),
            )
            .hint("validate the output in a separate step")
    });
    kpt.chain(remote).chain(validate).collect()
}

fn layers<'a>(inputs: &Inputs<'a>, configs: &'a [Config]) -> Vec<&'a ResourceSelector> {
    configs.iter().map(|config| &config.resource_selector).chain([&inputs.options.selector_rules]).collect()
}

fn render_config(
    inputs: &Inputs<'_>,
    config: &Config,
    builds: &[Build],
    layers: &[&ResourceSelector],
) -> Result<Part, Errors> {
    let functions = Functions::new(config)?;
    let mut part = Part::default();
    let mut objects = Vec::new();
    let mut files = Vec::new();
    for mut source in raw_sources(inputs, config, &functions)? {
        if source.objects.is_empty() {
            part.warnings.push(Diagnostic::new("no objects in the file").in_file(&source.name));
        }
        files.extend(std::iter::repeat_n(source.name, source.objects.len()));
        objects.append(&mut source.objects);
    }
    functions.apply(&mut objects)?;
    if let Some(kustomize) = &config.manifests.kustomize {
        let setters = inputs.options.setters.as_slice();
        let edited = SetterFiles { files: inputs.files, functions: &functions, setters };
        let plain = functions.is_empty() && setters.is_empty();
        let built = kustomize_paths::render(inputs, config, kustomize, if plain { inputs.files } else { &edited })?;
        objects.extend(kustomize_paths::objects(built, &mut part.warnings));
    }
    finish(inputs, &mut objects, &files, builds, &Selector::new(layers), &mut part)?;
    part.objects = objects;
    if let Some(helm) = &config.manifests.helm {
        render_helm(inputs, config, helm, "manifests.helm", builds, layers, &mut part)?;
    }
    Ok(part)
}

fn raw_sources(inputs: &Inputs<'_>, config: &Config, functions: &Functions) -> Result<Vec<raw_yaml::Source>, Errors> {
    let mut sources = raw_yaml::read(inputs, config)?;
    if !inputs.options.setters.is_empty() {
        for source in &mut sources {
            let marks = Marks::read(&source.text, FROM_PARAM);
            let set = |object| setters::apply(object, &marks, &inputs.options.setters);
            source.objects.iter_mut().try_for_each(set).map_err(|error| error.in_file(&source.name))?;
        }
    }
    for source in &mut sources {
        let applied = functions.apply_setters(&mut source.objects, &source.text);
        applied.map_err(|error| error.in_file(&source.name))?;
    }
    raw_yaml::unwrap_list(&mut sources);
    for source in &mut sources {
        source.objects.retain(|object| object.as_map().is_none_or(|map| !map.is_empty()));
    }
    Ok(sources)
}

/// Images, labels and namespace of raw and kustomize manifests. `files` says where the first objects were read.
fn finish(
    inputs: &Inputs<'_>,
    objects: &mut [Node],
    files: &[String],
    builds: &[Build],
    selector: &Selector,
    part: &mut Part,
) -> Result<(), Errors> {
    let mut images = ImageReplacer::new(builds, selector);
    let options = inputs.options;
    for (index, object) in objects.iter_mut().enumerate() {
        let file = files.get(index).map(String::as_str);
        images.replace(object, file);
        labels::add(object, &options.labels, selector);
        if !options.offline && !options.namespace.is_empty() {
            let locate = |error: Diagnostic| Diagnostic { file: file.map(str::to_owned), ..error };
            let warning = namespace::set(object, &options.namespace, selector).map_err(locate)?;
            part.warnings.extend(warning.map(locate));
        }
    }
    note(images, part);
    Ok(())
}

fn note(images: ImageReplacer<'_>, part: &mut Part) {
    let (errors, unused) = images.finish();
    part.errors.extend(errors);
    part.unused = Some(match part.unused.take() {
        Some(before) => before.into_iter().filter(|name| unused.contains(name)).collect(),
        None => unused,
    });
}

fn render_helm(
    inputs: &Inputs<'_>,
    config: &Config,
    helm: &Helm,
    section: &str,
    builds: &[Build],
    layers: &[&ResourceSelector],
    part: &mut Part,
) -> Result<(), Errors> {
    let rendered = helm::render(inputs, config, helm, section, builds, &mut part.warnings)?;
    let mut objects: Vec<Node> = rendered.into_iter().flatten().collect();
    let schema = &layers[..layers.len() - 1];
    let selector = Selector::for_helm(schema);
    if !builds.is_empty() {
        let mut images = ImageReplacer::new(builds, &selector);
        for object in &mut objects {
            helm::after_post_renderer(object);
            labels::add(object, &inputs.options.labels, &selector);
            images.replace(object, None);
        }
        note(images, part);
    }
    let selector = Selector::new(layers);
    objects.iter_mut().for_each(|object| labels::add(object, &inputs.options.labels, &selector));
    part.objects.append(&mut objects);
    Ok(())
}

/// The releases of `deploy.helm` whose names `manifests.helm` does not have.
fn render_legacy_helm(
    inputs: &Inputs<'_>,
    config: &Config,
    builds: &[Build],
    layers: &[&ResourceSelector],
) -> Result<Part, Errors> {
    let mut part = Part::default();
    let Some(helm) = &config.deploy.helm else { return Ok(part) };
    let known = config.manifests.helm.iter().flat_map(|helm| &helm.releases);
    let known: Vec<&str> = known.map(|release| release.name.text.as_str()).collect();
    let mut legacy = Helm { flags: Default::default(), releases: helm.releases.clone() };
    legacy.releases.retain(|release| !known.contains(&release.name.text.as_str()));
    if !legacy.releases.is_empty() {
        render_helm(inputs, config, &legacy, "deploy.helm", builds, layers, &mut part)?;
    }
    Ok(part)
}
