//! Argo CD: `Application`, and `ApplicationSet` with generators that the repository decides.

use render_core::files::{FileKind, join};
use serde_json::{Map, Value};

use super::documents::{Document, Documents, text};
use super::found::{FoundChart, FoundRelease, merge};
use super::{Releases, Repository, environment_of};
use crate::config::glob::Glob;
use crate::verbs::init::environment_names::is_environment;
use crate::verbs::init::layout::LeftOut;

/// The maximum number of applications of an `ApplicationSet`.
const MOST: usize = 200;

/// Adds the releases of all applications.
pub(super) fn find(documents: &Documents, repository: &Repository<'_>, releases: &mut Releases) {
    for document in &documents.0 {
        let applications = match document.kind.as_str() {
            "Application" => Ok(vec![Application::of(document)]),
            "ApplicationSet" => from_set(document, repository),
            _ => continue,
        };
        let found = applications.map(|all| all.iter().map(|one| one.release(repository)).collect::<Vec<_>>());
        for release in found.unwrap_or_else(|reason| vec![Err(reason)]) {
            match release {
                Ok(Some(release)) => releases.found.push(release),
                Ok(None) => {}
                Err(reason) => releases.left_out.push(LeftOut { folder: document.file.clone(), reason }),
            }
        }
    }
}

/// An application.
struct Application {
    file: String,
    name: String,
    spec: Value,
}

impl Application {
    fn of(document: &Document) -> Application {
        let spec = document.json.get("spec").cloned().unwrap_or_default();
        Application { file: document.file.clone(), name: document.name.clone(), spec }
    }

    fn sources(&self) -> Vec<&Value> {
        let several = self.spec.get("sources").and_then(Value::as_array).into_iter().flatten();
        self.spec.get("source").into_iter().chain(several).collect()
    }

    /// The release of the application's chart; none if it has no chart.
    fn release(&self, repository: &Repository<'_>) -> Result<Option<FoundRelease>, String> {
        let mut charts = Vec::new();
        for source in self.sources() {
            if let Some(chart) = self.chart(source, repository)? {
                charts.push((source, chart));
            }
        }
        let (source, chart) = match charts.as_slice() {
            [] => return Ok(None),
            [(source, chart)] => (*source, chart.clone()),
            _ => return Err("an Application with several charts".to_owned()),
        };
        let helm = source.get("helm").cloned().unwrap_or_default();
        let mut found = FoundRelease { file: self.file.clone(), chart, ..FoundRelease::default() };
        found.version = version(source).filter(|_| !matches!(found.chart, FoundChart::Folder(_)));
        found.namespace = field(&self.spec, "destination/namespace").or_else(|| field(&helm, "namespace"));
        self.values(source, &helm, repository, &mut found);
        self.names(&helm, &mut found);
        found.skips_crds = helm.get("skipCrds").and_then(Value::as_bool).unwrap_or_default();
        let is_variable = |text: &String| text.contains("{{") || text.contains("$ARGOCD");
        if is_variable(&self.name) || found.namespace.as_ref().is_some_and(is_variable) {
            return Err("an Application with variables in its names".to_owned());
        }
        Ok(Some(found))
    }

    /// The chart of a source; none if it is something else.
    fn chart(&self, source: &Value, repository: &Repository<'_>) -> Result<Option<FoundChart>, String> {
        let url = field(source, "repoURL").unwrap_or_default();
        if source.get("plugin").is_some() {
            return Err("an Application that a plugin renders".to_owned());
        }
        if let Some(name) = field(source, "chart") {
            // A registry has no scheme there.
            let repository = if url.contains("://") { url } else { format!("oci://{url}") };
            return Ok(Some(FoundChart::Named { repository: repository.trim_end_matches('/').to_owned(), name }));
        }
        let path = field(source, "path").unwrap_or_default();
        let path = path.trim_start_matches("./").trim_matches('/').to_owned();
        if repository.charts.contains(&path) {
            return Ok(Some(FoundChart::Folder(path)));
        }
        match source.get("helm") {
            Some(_) if !path.is_empty() => Err("an Application with a chart of another git repository".to_owned()),
            _ => Ok(None),
        }
    }

    fn values(&self, source: &Value, helm: &Value, repository: &Repository<'_>, found: &mut FoundRelease) {
        let list = |key: &str| helm.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let folder = match &found.chart {
            FoundChart::Folder(folder) => Some(folder.clone()),
            FoundChart::Named { .. } | FoundChart::At(_) => None,
        };
        for file in list("valueFiles").iter().filter_map(Value::as_str) {
            // `$values/path`: a file of another source, by its `ref`.
            let path = match (file.strip_prefix('$').and_then(|rest| rest.split_once('/')), &folder) {
                (Some((_, path)), _) => path.to_owned(),
                (None, Some(folder)) => join(&format!("/{folder}"), file).trim_start_matches('/').to_owned(),
                (None, None) => String::new(),
            };
            let is_there =
                !path.is_empty() && { repository.files.kind(&join(repository.root, &path)) == Ok(FileKind::File) };
            match is_there {
                true => found.values_files.push(path),
                false => found.notes.push(format!("the file of values {file} is not in this repository")),
            }
        }
        if let Some(text) = helm.get("values").and_then(Value::as_str) {
            match inline(text) {
                Some(values) => merge(&mut found.values, &values),
                None => found.notes.push("its `values` are not a mapping, and not taken over".to_owned()),
            }
        }
        if let Some(values) = helm.get("valuesObject").and_then(Value::as_object) {
            merge(&mut found.values, values);
        }
        for parameter in list("parameters") {
            let (name, value) = (field(&parameter, "name"), field(&parameter, "value").unwrap_or_default());
            let is_string = parameter.get("forceString").and_then(Value::as_bool).unwrap_or_default();
            match name {
                Some(name) if !is_string && !value.contains("{{") => {
                    found.set.push(format!("{name}={}", escaped(&value)));
                }
                Some(name) => found.notes.push(format!("the parameter {name} is not taken over")),
                None => {}
            }
        }
        if !list("fileParameters").is_empty() {
            found.notes.push("its fileParameters are not taken over".to_owned());
        }
        if source.get("kustomize").is_some() {
            found.notes.push("its kustomize options are not taken over".to_owned());
        }
    }

    /// Tells the service from the environment.
    fn names(&self, helm: &Value, found: &mut FoundRelease) {
        let release = field(helm, "releaseName").unwrap_or_else(|| self.name.clone());
        let (service, in_name) = split_name(&self.name);
        let in_values = || found.values_files.iter().rev().find_map(|file| environment_of(file));
        let in_values_name = || {
            let stem = found.values_files.last()?.rsplit('/').next()?.rsplit_once('.')?.0.to_owned();
            stem.split_once(['-', '.']).map(|(_, rest)| rest.to_owned()).filter(|name| is_environment(name))
        };
        let environment = in_name.or_else(|| environment_of(&self.file)).or_else(in_values).or_else(in_values_name);
        found.service = service;
        found.environments = environment.into_iter().collect();
        found.release = Some(release).filter(|release| *release != found.service);
    }
}

/// A text for `--set`.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,")
}

fn field(value: &Value, path: &str) -> Option<String> {
    text(value.pointer(&format!("/{path}"))?)
}

/// The version of a chart; none where the newest is meant.
fn version(source: &Value) -> Option<String> {
    field(source, "targetRevision").filter(|version| !matches!(version.as_str(), "*" | "HEAD" | "latest"))
}

fn inline(text: &str) -> Option<Map<String, Value>> {
    let documents = manifest::yaml::read_stream(text.as_bytes()).ok()?;
    let Some(first) = documents.first() else { return Some(Map::new()) };
    manifest::yaml::to_json(first, manifest::yaml::Rules::V3).ok()?.as_object().cloned()
}

/// A name without the environment at its end or start, and that environment.
fn split_name(name: &str) -> (String, Option<String>) {
    let at_end = name.match_indices('-').map(|(at, _)| (&name[..at], &name[at + 1..]));
    let at_start = name.match_indices('-').map(|(at, _)| (&name[at + 1..], &name[..at]));
    let found = at_end.chain(at_start).find(|(service, stage)| !service.is_empty() && is_environment(stage));
    found.map_or_else(|| (name.to_owned(), None), |(service, stage)| (service.to_owned(), Some(stage.to_owned())))
}

/// The applications of an `ApplicationSet`; none if they have no chart.
fn from_set(document: &Document, repository: &Repository<'_>) -> Result<Vec<Application>, String> {
    let template = document.json.pointer("/spec/template").cloned().unwrap_or_default();
    let uses_charts = template.to_string().contains("\"chart\"") || template.pointer("/spec/source/helm").is_some();
    if !uses_charts {
        return Ok(Vec::new());
    }
    let generators = document.json.pointer("/spec/generators").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut applications = Vec::new();
    for generator in &generators {
        for parameters in parameters(generator, repository)? {
            let filled = parameters.iter().fold(template.to_string(), |text, (name, value)| fill(&text, name, value));
            let filled: Value = serde_json::from_str(&filled).unwrap_or_default();
            let name = field(&filled, "metadata/name").unwrap_or_else(|| document.name.clone());
            let spec = filled.get("spec").cloned().unwrap_or_default();
            applications.push(Application { file: document.file.clone(), name, spec });
        }
    }
    if applications.len() > MOST {
        return Err(format!("an ApplicationSet with more than {MOST} applications"));
    }
    Ok(applications)
}

/// The parameters of each application that a generator makes, by their names in templates.
fn parameters(generator: &Value, repository: &Repository<'_>) -> Result<Vec<Vec<(String, String)>>, String> {
    if let Some(elements) = generator.pointer("/list/elements").and_then(Value::as_array) {
        let of = |element: &Value| {
            let fields = element.as_object().into_iter().flatten();
            fields.filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect()
        };
        return Ok(elements.iter().map(of).collect());
    }
    if let Some(directories) = generator.pointer("/git/directories").and_then(Value::as_array) {
        return Ok(directories_of(directories, repository));
    }
    let kind = generator.as_object().and_then(|map| map.keys().next().cloned()).unwrap_or_default();
    Err(format!("an ApplicationSet with the generator `{kind}`"))
}

fn directories_of(directories: &[Value], repository: &Repository<'_>) -> Vec<Vec<(String, String)>> {
    let matched = |folder: &str, excluded: bool| {
        directories.iter().any(|one| {
            let is_excluded = one.get("exclude").and_then(Value::as_bool).unwrap_or_default();
            let glob = field(one, "path").and_then(|path| Glob::new(&path, true).ok());
            is_excluded == excluded && glob.is_some_and(|glob| glob.is_match(folder))
        })
    };
    let known = repository.folders.iter().flat_map(|(above, names)| {
        names.iter().map(move |name| if above.is_empty() { name.clone() } else { format!("{above}/{name}") })
    });
    let mut found: Vec<String> = known.filter(|folder| matched(folder, false) && !matched(folder, true)).collect();
    found.sort_unstable();
    let of = |folder: String| {
        let base = folder.rsplit('/').next().unwrap_or_default().to_owned();
        [("path.basename", base), ("path.path", folder.clone()), ("path", folder)]
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec()
    };
    found.into_iter().map(of).collect()
}

/// Replaces `{{name}}` and `{{.name}}` in the text of a template.
fn fill(text: &str, name: &str, value: &str) -> String {
    let quoted = Value::from(value).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    ["{{name}}", "{{ name }}", "{{.name}}", "{{ .name }}"]
        .iter()
        .fold(text.to_owned(), |text, form| text.replace(&form.replace("name", name), inner))
}
