//! `manifests.helm` and `deploy.helm`: releases rendered as `helm template` renders them, several at once.
//!
//! Source of the rules: Skaffold's `render/renderer/helm` and `pkg/skaffold/helm/args.go`. Images are put in by us, not by a
//! post-renderer, so a post-renderer of the user's own works.

use std::collections::{BTreeMap, BTreeSet};

use manifest::yaml::{Rules, Value, read_objects, read_stream, resolve, write_skaffold};
use manifest::{Data, Diagnostic, Errors, Node};

use super::parallel::each;
use super::setters::{FROM_PARAM, Marks, apply};
use crate::files::{FileError, Files, join};
use crate::helm::{FileDependencies, run_program};
use crate::host::{Program, ProgramKind, ProgramOutput};
use crate::skaffold::build::builds::Build;
use crate::skaffold::inputs::{Inputs, UNSET};
use crate::skaffold::model::{Config, Helm, HelmRelease, LocatedText};
use crate::skaffold::reference::ImageReference;
use crate::skaffold::template::Missing;

/// A release, ready to be rendered.
struct Ready<'a> {
    release: &'a HelmRelease,
    field: String,
    name: String,
    chart: String,
    template: Program,
}

/// Renders the releases and returns the objects of each, in the config's order.
///
/// # Errors
/// A template that cannot be filled in, a `helm` that is not installed or fails, and output that is not YAML.
pub(super) fn render(
    inputs: &Inputs<'_>,
    config: &Config,
    helm: &Helm,
    section: &str,
    builds: &[Build],
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<Vec<Node>>, Errors> {
    let image_values = image_values(builds);
    let mut ready = Vec::new();
    for (index, release) in helm.releases.iter().enumerate() {
        let field = format!("{section}.releases[{index}]");
        let one = prepare(inputs, config, helm, release, &field, &image_values)?;
        warnings.extend(unset(config, &one));
        ready.push(one);
    }
    build_dependencies(inputs, config, helm, &ready)?;
    // Skaffold's post-renderer sets the marked fields; it is used if there are builds.
    let setters =
        if builds.is_empty() || section != "manifests.helm" { &[] } else { inputs.options.setters.as_slice() };
    each(&ready, |ready| run_template(inputs, config, ready, setters))
}

fn prepare<'a>(
    inputs: &Inputs<'_>,
    config: &Config,
    helm: &Helm,
    release: &'a HelmRelease,
    field: &str,
    image_values: &BTreeMap<String, String>,
) -> Result<Ready<'a>, Errors> {
    let expand =
        |name: &str, text: &LocatedText| inputs.expand(config, &format!("{field}.{name}"), text, Missing::Error);
    let name = expand("name", &release.name)?;
    let chart = expand("chartPath", &release.chart_path)?;
    let namespace = match inputs.options.namespace.as_str() {
        "" => expand("namespace", &release.namespace)?,
        given => given.to_owned(),
    };
    if release.remote_chart.is_empty() {
        let there = inputs.files.kind(&join(inputs.working_dir, &chart));
        if let Err(error) = there {
            let found = config.diagnostic(
                release.chart_path.at,
                format!("{field}.chartPath"),
                format!("cannot read chart {chart:?}: {error}"),
            );
            return Err(inputs.missing_path(config, &chart, found));
        }
    }
    if inputs.host.repository_root(&config.folder).is_some() {
        check_remote_release(inputs, config, helm, release, field)?;
    }
    let mut arguments = vec!["template".to_owned(), name.clone(), source(release, &chart).to_owned()];
    arguments.extend(helm.flags.template.iter().cloned());
    arguments.extend(values(inputs, config, release, field, image_values)?);
    let overrides = release.overrides.as_ref().filter(|node| node.as_map().is_some_and(|map| !map.is_empty()));
    let mut input = String::new();
    if let Some(overrides) = overrides {
        write_skaffold(overrides, &mut input)?;
        arguments.extend(["-f".to_owned(), "-".to_owned()]);
    }
    arguments.extend(last_flags(release, &namespace));
    let template = program(inputs, helm, release.use_helm_secrets, arguments, input.into_bytes());
    Ok(Ready { release, field: field.to_owned(), name, chart, template })
}

fn source<'a>(release: &'a HelmRelease, chart: &'a str) -> &'a str {
    if release.remote_chart.is_empty() { chart } else { &release.remote_chart }
}

/// The flags after the values.
fn last_flags(release: &HelmRelease, namespace: &str) -> Vec<String> {
    let version = if !release.packaged { release.version.text.as_str() } else { "" };
    let flags = [("--version", version), ("--namespace", namespace), ("--repo", &release.repo)];
    let given = flags.into_iter().filter(|(_, value)| !value.is_empty());
    let mut arguments: Vec<String> = given.flat_map(|(flag, value)| [flag.to_owned(), value.to_owned()]).collect();
    arguments.extend(release.skip_tests.then(|| "--skip-tests".to_owned()));
    arguments
}

/// `--set`, `--set-file` and `-f` in Skaffold's order.
fn values(
    inputs: &Inputs<'_>,
    config: &Config,
    release: &HelmRelease,
    field: &str,
    image_values: &BTreeMap<String, String>,
) -> Result<Vec<String>, Diagnostic> {
    let mut arguments = Vec::new();
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    let expand = |name: &str, text: &str, at| {
        let expanded = inputs.templates().expand(text, image_values, Missing::NoValue);
        expanded.map_err(|error| error.in_file(&config.file).at(at).field(format!("{field}.{name}")))
    };
    for (key, value) in &release.set_values {
        add("--set", format!("{key}={}", value.text));
    }
    for (key, file) in &release.set_files {
        let path = home(inputs, file);
        let path = if path.contains([' ', '\t']) || path.is_empty() { format!("\"{path}\"") } else { path };
        add("--set-file", format!("{key}={path}"));
    }
    for (key, template) in &release.set_value_templates {
        let value = expand(&format!("setValueTemplates.{key}"), template, template.at)?;
        let key = expand("setValueTemplates", key, template.at)?;
        // A chart of the `imageStrategy` of old joins tag and digest with `@`; without a digest the sign is left over.
        add("--set", format!("{key}={}", value.strip_suffix('@').unwrap_or(&value)));
    }
    for (index, file) in release.values_files.iter().enumerate() {
        let name = format!("valuesFiles[{index}]");
        if file.starts_with("gs://") {
            let found = format!("cannot read {}: Google Cloud Storage is not supported", file.text);
            let found = config.diagnostic(file.at, format!("{field}.{name}"), found);
            return Err(found.hint("copy the file into the repository"));
        }
        add("-f", expand(&name, &home(inputs, file), file.at)?);
    }
    // Skaffold leaves them out for the releases of `deploy.helm`.
    for (key, value) in inputs.options.setters.iter().filter(|_| field.starts_with("manifests.")) {
        add("--set", format!("{key}={value}"));
    }
    Ok(arguments)
}

/// helm's flags that name files of the machine.
const FILE_FLAGS: &[&str] = &[
    "-f",
    "--values",
    "--set-file",
    "--post-renderer",
    "--kubeconfig",
    "--ca-file",
    "--cert-file",
    "--key-file",
    "--keyring",
    "--output-dir",
    "--registry-config",
    "--repository-",
];

/// Refuses a release of a remote config that names files outside of remote repositories, since helm would read them.
fn check_remote_release(
    inputs: &Inputs<'_>,
    config: &Config,
    helm: &Helm,
    release: &HelmRelease,
    field: &str,
) -> Result<(), Diagnostic> {
    let flags = helm.flags.global.iter().chain(&helm.flags.template).chain(&helm.flags.dep_build);
    if let Some(flag) = flags.into_iter().find(|flag| FILE_FLAGS.iter().any(|name| flag.trim_start().starts_with(name)))
    {
        let found = format!("a remote config must not name files of this machine: {flag}");
        return Err(config.diagnostic(release.chart_path.at, field, found));
    }
    let files = release.values_files.iter().map(|file| file.text.as_str());
    for file in files.chain(release.set_files.values().map(|file| file.text.as_str())) {
        let remote = file.starts_with("https://") || file.starts_with("http://");
        if !remote
            && let Err(error @ (FileError::NotRegular | FileError::Other(_))) =
                inputs.files.kind(&join(inputs.working_dir, &home(inputs, file)))
        {
            let found = format!("cannot read {file}: {error}");
            return Err(config.diagnostic(release.chart_path.at, field, found));
        }
    }
    Ok(())
}

/// A path with a leading `~` as the user's home.
fn home(inputs: &Inputs<'_>, path: &str) -> String {
    match (path.strip_prefix('~'), inputs.environment.get("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => format!("{home}{rest}"),
        _ => path.to_owned(),
    }
}

fn program(inputs: &Inputs<'_>, helm: &Helm, secrets: bool, arguments: Vec<String>, input: Vec<u8>) -> Program {
    let mut all = vec!["helm".to_owned()];
    if secrets {
        all.push("secrets".to_owned());
    }
    if !inputs.options.kube_context.is_empty() {
        all.extend(["--kube-context".to_owned(), inputs.options.kube_context.clone()]);
    }
    all.extend(arguments);
    all.extend(helm.flags.global.iter().cloned());
    Program {
        arguments: all,
        folder: inputs.working_dir.to_owned(),
        variables: Vec::new(),
        input,
        kind: ProgramKind::Helm,
    }
}

/// Values in which a variable was not set: Skaffold hands them to helm as they are.
fn unset(config: &Config, ready: &Ready<'_>) -> Option<Diagnostic> {
    let given = ready.template.arguments.iter().find(|argument| argument.contains("<no value>"))?;
    let name = given.split('=').next().unwrap_or_default();
    let found = format!("`{name}` is `<no value>`: a variable of its template is not set");
    Some(config.diagnostic(ready.release.at, &ready.field, found).hint(UNSET))
}

/// `helm dep build`, once for each chart folder that names dependencies.
fn build_dependencies(inputs: &Inputs<'_>, config: &Config, helm: &Helm, ready: &[Ready<'_>]) -> Result<(), Errors> {
    let mut seen = BTreeSet::new();
    let pending: Vec<&Ready<'_>> = ready
        .iter()
        .filter(|ready| !ready.release.skip_build_dependencies && !ready.chart.is_empty())
        .filter(|ready| has_dependencies(inputs, &ready.chart) && seen.insert(&ready.chart))
        .filter(|_| inputs.host.charts().program.is_some())
        .collect();
    each(&pending, |ready| {
        let mut arguments = vec!["dep".to_owned(), "build".to_owned(), ready.chart.clone()];
        arguments.extend(helm.flags.dep_build.iter().cloned());
        let program = program(inputs, helm, false, arguments, Vec::new());
        finish(inputs, config, ready, &program)
    })
    .map(|_| ())
}

/// Whether `helm dep build` would change anything. Errors of reading are ignored: helm reports them.
fn has_dependencies(inputs: &Inputs<'_>, chart: &str) -> bool {
    let folder = join(inputs.working_dir, chart);
    if inputs.files.kind(&join(&folder, "requirements.yaml")).is_ok() {
        return true;
    }
    let Ok(text) = inputs.files.read(&join(&folder, "Chart.yaml")) else { return true };
    let Ok(documents) = read_stream(&text) else { return true };
    let listed = documents.first().and_then(|chart| chart.get("dependencies")).and_then(Node::as_seq);
    listed.is_some_and(|listed| !listed.is_empty())
}

/// Returns whether the dependencies of a release's chart are built, as Skaffold does by default.
fn dependencies(inputs: &Inputs<'_>, ready: &Ready<'_>) -> bool {
    !ready.release.skip_build_dependencies && !ready.chart.is_empty() && has_dependencies(inputs, &ready.chart)
}

fn run_template(
    inputs: &Inputs<'_>,
    config: &Config,
    ready: &Ready<'_>,
    setters: &[(String, String)],
) -> Result<Vec<Node>, Errors> {
    let finished = finish(inputs, config, ready, &ready.template)?;
    let locate = |error: Diagnostic| {
        let message = format!("helm's output for {}, line {}: {}", ready.name, error.at.line, error.message);
        config.diagnostic(ready.release.at, &ready.field, message)
    };
    let mut objects = read_objects(&finished.stdout).map_err(locate)?;
    if !setters.is_empty() {
        let marks = Marks::read(&finished.stdout, FROM_PARAM);
        objects.iter_mut().try_for_each(|object| apply(object, &marks, setters)).map_err(locate)?;
    }
    Ok(objects)
}

/// Changes an object as a post-renderer run does: helm (since v4) marks each one with an annotation, takes it off
/// afterwards, and an empty `metadata.annotations` with it. Skaffold uses a post-renderer where there are builds.
pub(super) fn after_post_renderer(object: &mut Node) {
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) else { return };
    let is_empty = |node: &Node| match &node.data {
        Data::Map(map) => map.is_empty(),
        Data::Scalar(scalar) => resolve(scalar, Rules::V3) == Value::Null,
        Data::Seq(_) => false,
    };
    if metadata.get("annotations").is_some_and(is_empty) {
        metadata.remove("annotations");
    }
}

fn finish(inputs: &Inputs<'_>, config: &Config, ready: &Ready<'_>, program: &Program) -> Result<ProgramOutput, Errors> {
    let locate = |error: Diagnostic| error.in_file(&config.file).at(ready.release.at).field(&ready.field);
    let folder = join(inputs.working_dir, &ready.chart);
    let mut dependencies =
        dependencies(inputs, ready).then(|| FileDependencies::find(inputs.files, &folder).ok()).flatten();
    if let Some(dependencies) = dependencies.as_mut().filter(|_| inputs.host.charts().program.is_none()) {
        dependencies.fetch(inputs.host)?;
    }
    let files: &dyn Files = match &dependencies {
        Some(dependencies) => dependencies,
        None => inputs.files,
    };
    let finished = run_program(program, files, inputs.host).map_err(locate)?;
    if finished.status == Some(0) {
        return Ok(finished);
    }
    let stderr = String::from_utf8_lossy(&finished.stderr);
    // The values of --set may be secret, so only the start of the command is printed.
    let command =
        program.arguments.iter().take_while(|word| !word.starts_with('-')).cloned().collect::<Vec<_>>().join(" ");
    let found = config.diagnostic(ready.release.at, &ready.field, format!("{command} failed: {}", stderr.trim()));
    Err(found.hint(format!("run helm by hand in {}", inputs.working_dir)).into())
}

/// Returns the variables of the builds for templates of a release: `IMAGE_TAG_name` for each, and without a name for the first,
/// with `2`, `3`, … for the next.
fn image_values(builds: &[Build]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (index, build) in builds.iter().enumerate() {
        let number = if index == 0 { String::new() } else { (index + 1).to_string() };
        let name: String =
            build.image_name.chars().map(|c| if matches!(c, '.' | '-' | '/' | ':') { '_' } else { c }).collect();
        for (key, value) in values_of(build) {
            values.insert(format!("{key}{number}"), value.clone());
            values.insert(format!("{key}_{name}"), value);
        }
    }
    values
}

fn values_of(build: &Build) -> Vec<(&'static str, String)> {
    let tag = &build.tag;
    let mut values = vec![("IMAGE_NAME", build.image_name.clone()), ("DIGEST", tag.clone())];
    if let Ok(parsed) = ImageReference::parse(tag) {
        let domain = format!("{}/", parsed.domain);
        let bare = parsed.name.strip_prefix(&domain).unwrap_or(&parsed.name).to_owned();
        values.push(("IMAGE_REPO", parsed.name));
        values.push(("IMAGE_TAG", parsed.tag.unwrap_or_default()));
        values.push(("IMAGE_DIGEST", parsed.digest.unwrap_or_default()));
        values.push(("IMAGE_DOMAIN", parsed.domain));
        values.push(("IMAGE_REPO_NO_DOMAIN", bare));
    }
    // Skaffold sets these for compatibility only, according to its own comment.
    match tag.split_once(':') {
        Some((before, after)) => {
            values.push(("DIGEST_ALGO", before.to_owned()));
            values.push(("DIGEST_HEX", after.to_owned()));
        }
        None => values.push(("DIGEST_HEX", tag.clone())),
    }
    values.push(("IMAGE_FULLY_QUALIFIED", tag.clone()));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_told_by_number_and_by_name() {
        let build = |name: &str, tag: &str| Build { image_name: name.to_owned(), tag: tag.to_owned() };
        let values = image_values(&[build("my-app", "r.io/team/my-app:v1"), build("gcr.io/db", "gcr.io/db:v2")]);
        let of = |key: &str| values.get(key).map(String::as_str);
        assert_eq!(of("IMAGE_REPO"), Some("r.io/team/my-app"));
        assert_eq!(of("IMAGE_TAG2"), Some("v2"));
        assert_eq!(of("IMAGE_DOMAIN_my_app"), Some("r.io"));
        assert_eq!(of("IMAGE_REPO_NO_DOMAIN_my_app"), Some("team/my-app"));
        assert_eq!(of("IMAGE_FULLY_QUALIFIED_gcr_io_db"), Some("gcr.io/db:v2"));
        assert_eq!(of("IMAGE_DIGEST"), Some(""));
    }
}
