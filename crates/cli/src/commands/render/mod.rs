//! `hydrant render`: the manifests of a skaffold.yaml.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use delivery::Diagnostic;
use delivery::host::disk::{DiskFiles, absolute};
use delivery::host::machine::{Machine, resource_selector, setters};
use delivery::plan::{BuildArtifacts, DigestSource, SkaffoldOptions};
use delivery::verbs::render::render;

use crate::outcome::{Failure, Success};
use crate::output;
use crate::run_context::run_context;

mod digests;
mod flags;
mod units;
mod variables;

pub(crate) use flags::Arguments;
use flags::Skaffold;
pub(crate) use units::without_effect;

/// Renders the manifests, and prints or writes them.
///
/// # Errors
/// The config, the manifests or the arguments are invalid, or a registry does not answer.
pub(crate) fn run(arguments: Arguments) -> Result<Success, Failure> {
    let files = DiskFiles::default();
    let folder = folder(arguments.directory.as_deref())?;
    if arguments.units.is_given() {
        let target = target(arguments.skaffold.output)?;
        let allow_exec = arguments.digests.allow_exec();
        return units::run(arguments.units, &folder, target, allow_exec, arguments.digests.locking(&folder)?);
    }
    let mut ctx = run_context()?;
    let machine = Machine::look(&files, &folder, ctx.variables)?;
    ctx.variables = machine.environment.clone();
    let mut flags = arguments.skaffold;
    variables::fill(&mut flags, &machine.environment)?;
    let idle = arguments.idle.typed();
    if !idle.is_empty() {
        output::note(&format!("ignored, without effect in hydrant: {}", idle.join(", ")));
    }
    let target = target(flags.output.take())?;
    let loud = flags.loud == Some(true);
    let options = skaffold_options(&files, &folder, machine, flags)?;
    let given = options.build_artifacts.is_some() || !options.images.is_empty();
    if options.digest_source == DigestSource::None && !given {
        output::note("--digest-source is none: images are not replaced");
    }
    let rendered = render(arguments.digests.standalone(&files, &folder, options)?, &ctx, &files)?;
    rendered.warnings().iter().for_each(output::warning);
    output::child_stderr(rendered.stderr());
    if loud {
        let builds = rendered.builds().iter();
        builds.for_each(|build| output::note(&format!("{} -> {}", build.image_name, build.tag)));
    }
    let text = rendered.print()?;
    if let Some(lock) = &rendered.lock {
        output::lock_file(&lock.path, &lock.content)?;
    }
    match target {
        None => output::result(&text)?,
        Some(path) => output::result_file(&Path::new(&folder).join(path), &text)?,
    }
    Ok(Success::Done)
}

fn folder(directory: Option<&Path>) -> Result<String, Failure> {
    let directory = directory.unwrap_or(Path::new("."));
    absolute(directory).with_context(|| directory.display().to_string()).map_err(Failure::Input)
}

fn target(output: Option<String>) -> Result<Option<String>, Failure> {
    match output.filter(|path| !path.is_empty()) {
        Some(path) if path.starts_with("gs://") => {
            let found = Diagnostic::new(format!("--output {path}: hydrant does not write to Google Cloud Storage"));
            Err(found.hint("write a file, and copy it with `gcloud storage cp`").into())
        }
        path => Ok(path),
    }
}

/// Returns the options that the arguments describe, with the files that they name.
fn skaffold_options(
    files: &DiskFiles,
    folder: &str,
    machine: Machine,
    flags: Skaffold,
) -> Result<SkaffoldOptions, Failure> {
    if flags.enable_platform_node_affinity == Some(true) {
        let found =
            Diagnostic::new("--enable-platform-node-affinity: hydrant does not look up the platforms of images");
        return Err(found.hint("write the affinity into the manifests").into());
    }
    let given = flags.build_artifacts.is_some() || !flags.images.is_empty();
    let file = flags.filename.unwrap_or_else(|| "skaffold.yaml".to_owned());
    Ok(SkaffoldOptions {
        input: if file == "-" { standard_input()? } else { Vec::new() },
        file,
        profiles: flags.profile,
        optional_profiles: Vec::new(),
        auto_activation: flags.profile_auto_activation != Some(false),
        propagate_profiles: flags.propagate_profiles != Some(false),
        modules: flags.module,
        digest_source: DigestSource::parse(flags.digest_source.as_deref().unwrap_or_default(), given)?,
        tag: flags.tag.unwrap_or_default(),
        default_repo: flags.default_repo.or(machine.default_repo),
        multi_level: machine.multi_level,
        images: flags.images,
        build_artifacts: flags.build_artifacts.map(|path| build_artifacts(folder, path)).transpose()?,
        namespace: flags.namespace.unwrap_or_default(),
        offline: flags.offline == Some(true),
        labels: labels(&flags.label),
        setters: setters(files, folder, &flags.set_value_file.unwrap_or_default(), &flags.set)?,
        selector_rules: resource_selector(files, folder, &flags.resource_selector_rules_file.unwrap_or_default())?,
        kube_context: machine.kube_context,
        helm_semantics: None,
    })
}

/// Parses labels: `NAME=VALUE`, or `NAME` for an empty value. The last one of a name wins.
fn labels(typed: &[String]) -> Vec<(String, String)> {
    let pairs = typed.iter().map(|label| label.split_once('=').unwrap_or((label, "")));
    let labels: BTreeMap<&str, &str> = pairs.collect();
    labels.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn build_artifacts(folder: &str, path: String) -> Result<BuildArtifacts, Failure> {
    if path == "-" {
        return Ok(BuildArtifacts { file: "standard input".to_owned(), bytes: standard_input()? });
    }
    let bytes = delivery::host::read_file(&Path::new(folder).join(&path));
    bytes
        .with_context(|| format!("--build-artifacts {path}"))
        .map(|bytes| BuildArtifacts { file: path, bytes })
        .map_err(Failure::Input)
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    delivery::host::read_stream(&mut std::io::stdin().lock()).context("standard input").map_err(Failure::Input)
}
