//! `Chart.lock`: which versions of its dependencies a chart is built with.
//!
//! Source of the rules: `helm internal/resolver/resolver.go` (`HashReq`, `HashV2Req`).

use manifest::Diagnostic;
use sha2::{Digest as _, Sha256};

use super::metadata::{self, Dependency, ImportValue, Metadata};
use crate::files::{Files, join};
use crate::host::Host;

/// A locked dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LockedDependency {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) repository: String,
}

/// Returns the locked dependencies of the chart in a folder; `None` where it has no lock file.
///
/// # Errors
/// A file that is invalid, and a lock file of other dependencies than the chart's.
pub(super) fn locked(
    files: &dyn Files,
    chart: &str,
    host: &dyn Host,
) -> Result<Option<Vec<LockedDependency>>, Diagnostic> {
    let read = |name: &str| files.read(&join(chart, name)).ok();
    let old = read("requirements.yaml");
    let names = if old.is_some() { ("requirements.lock", "requirements.yaml") } else { ("Chart.lock", "Chart.yaml") };
    let Some(lock) = read(names.0) else { return Ok(None) };
    let invalid =
        |name: &str, error: String| Diagnostic::new(format!("cannot load {name}: {error}")).in_file(join(chart, name));
    let lock = metadata::read_lock(&lock).map_err(|error| invalid(names.0, error))?;
    let mut metadata = Metadata::default();
    for (name, text) in [("Chart.yaml", read("Chart.yaml")), ("requirements.yaml", old)] {
        if let Some(text) = text {
            metadata.read(&text).map_err(|error| invalid(name, error))?;
        }
    }
    let required: Vec<Dependency> = metadata.dependencies.unwrap_or_default().into_iter().flatten().collect();
    let mut resolved = required.clone();
    for dependency in &mut resolved {
        let alias = dependency.repository.strip_prefix('@').or_else(|| dependency.repository.strip_prefix("alias:"));
        if let Some(name) = alias {
            dependency.repository = host.chart_repository(name)?;
        }
    }
    let is_v1 = metadata.api_version != "v2";
    if lock.digest != digest(&resolved, &lock.dependencies) && !(is_v1 && lock.digest == helm_2_digest(&required)) {
        let how = if is_v1 { "" } else { " with \'helm dependency update\'" };
        let message = format!(
            "the lock file ({}) is out of sync with the dependencies file ({}). Please update the dependencies{how}",
            names.0, names.1
        );
        return Err(Diagnostic::new(message).hint("run `helm dependency update` and commit the lock file"));
    }
    let entry = |Dependency { name, version, repository, .. }| LockedDependency { name, version, repository };
    Ok(Some(lock.dependencies.into_iter().map(entry).collect()))
}

/// The digest of the required and locked dependencies.
fn digest(required: &[Dependency], locked: &[Dependency]) -> String {
    hash(&format!("[{},{}]", list(required), list(locked)))
}

/// The digest of Helm 2.
fn helm_2_digest(required: &[Dependency]) -> String {
    hash(&format!("{{\"dependencies\":{}}}", list(required)))
}

fn hash(text: &str) -> String {
    let digits: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

/// Dependencies as Go prints them in JSON.
fn list(dependencies: &[Dependency]) -> String {
    if dependencies.is_empty() {
        return "null".to_owned();
    }
    let all: Vec<String> = dependencies.iter().map(object).collect();
    format!("[{}]", all.join(","))
}

fn object(dependency: &Dependency) -> String {
    let Dependency { name, version, repository, condition, tags, enabled, import_values, alias, .. } = dependency;
    let mut fields = vec![format!("\"name\":{}", string(name))];
    let mut text = |key: &str, value: &str, always: bool| {
        if always || !value.is_empty() {
            fields.push(format!("\"{key}\":{}", string(value)));
        }
    };
    text("version", version, false);
    text("repository", repository, true);
    text("condition", condition, false);
    if !tags.is_empty() {
        let tags: Vec<String> = tags.iter().map(|tag| string(tag)).collect();
        fields.push(format!("\"tags\":[{}]", tags.join(",")));
    }
    if *enabled {
        fields.push("\"enabled\":true".to_owned());
    }
    if !import_values.is_empty() {
        let values = import_values.iter().map(|value| match value {
            ImportValue::Export(name) => string(name),
            ImportValue::Table { child, parent } => {
                format!("{{\"child\":{},\"parent\":{}}}", string(child), string(parent))
            }
        });
        fields.push(format!("\"import-values\":[{}]", values.collect::<Vec<_>>().join(",")));
    }
    if !alias.is_empty() {
        fields.push(format!("\"alias\":{}", string(alias)));
    }
    format!("{{{}}}", fields.join(","))
}

/// A string in JSON with the characters of HTML escaped, as Go prints it.
fn string(text: &str) -> String {
    let mut json = serde_json::Value::from(text).to_string();
    for (from, to) in
        [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u{2028}", "\\u2028"), ("\u{2029}", "\\u2029")]
    {
        json = json.replace(from, to);
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;
    use crate::host::NoHost;

    const CHART: &str = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- name: d1\n  version: \">=1.0 <2\"\n  \
        repository: file://../d1\n  condition: d1.on\n  tags: [t]\n  import-values: [data, {child: a, parent: b}]\n  alias: z\n";

    fn lock(digest: &str) -> String {
        format!(
            "dependencies:\n- name: d1\n  version: 1.2.3\n  repository: file://../d1\ndigest: sha256:{digest}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
        )
    }

    /// The digest that helm 4.3.1 writes.
    #[test]
    fn the_digest_is_helms() {
        let mut files = MemoryFiles::default();
        files.insert("/c/Chart.yaml", CHART.as_bytes());
        assert_eq!(locked(&files, "/c", &NoHost), Ok(None));
        let digest = "c39b00fcf07b310886aca38df551c072fda37a70579d008beed56e8edd73cc7b";
        files.insert("/c/Chart.lock", lock(digest).into_bytes());
        let found = locked(&files, "/c", &NoHost).unwrap().unwrap();
        assert_eq!((found[0].name.as_str(), found[0].version.as_str()), ("d1", "1.2.3"));
        files.insert("/c/Chart.lock", lock(&digest.replace('c', "d")).into_bytes());
        let error = locked(&files, "/c", &NoHost).unwrap_err().to_string();
        assert!(error.contains("out of sync"), "{error}");
    }
}
