//! The origin of an object and the transformers that changed it, for `buildMetadata`.

use manifest::Scalar;
use manifest::yaml::{Rules, Value, resolve};

use crate::kustomize::load::reference::repository;

/// The origin of an object or of a transformer's configuration, as kustomize writes it into `config.kubernetes.io/origin`
/// and `alpha.config.kubernetes.io/transformations`. Empty parts are not written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file, from the folder that is built or from the remote repository's root.
    pub path: String,
    /// The remote repository, where it is one.
    pub repo: String,
    /// The remote revision.
    pub reference: String,
    /// The file that configured the generator or transformer.
    pub configured_in: String,
    /// The object that configured it; all parts are empty if it was read from a file.
    pub configured_by: Configurer,
}

/// The object that configured a generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configurer {
    /// `builtin` for a field of kustomization.yaml.
    pub api_version: String,
    /// Such as `ConfigMapGenerator`.
    pub kind: String,
    /// The configuration object's name.
    pub name: String,
    /// The configuration object's namespace.
    pub namespace: String,
}

impl Origin {
    /// The origin of `entry`, relative to this one. A repository starts a new origin.
    #[must_use]
    pub fn below(&self, entry: &str) -> Self {
        let mut below = self.clone();
        let path = match repository(entry) {
            Some(remote) => {
                below.repo = remote.repository.url;
                below.reference = remote.repository.revision.unwrap_or_default();
                below.path = String::new();
                remote.folder
            }
            None => entry.to_owned(),
        };
        below.path = clean(&below.path, &path);
        below
    }

    /// The origin of what a field of the kustomization `file` in this origin's folder makes or changes; `kind` is the
    /// built-in plugin for the field.
    pub fn configured(&self, file: &str, kind: &str) -> Self {
        Origin {
            path: String::new(),
            configured_in: clean(&self.path, file),
            configured_by: Configurer {
                api_version: "builtin".to_owned(),
                kind: kind.to_owned(),
                ..Configurer::default()
            },
            ..self.clone()
        }
    }

    /// The origin of what a plugin makes or changes whose configuration comes from this origin.
    pub fn of_plugin(&self, configured_by: Configurer) -> Self {
        Origin { path: String::new(), configured_in: self.path.clone(), configured_by, ..self.clone() }
    }

    /// The text of the annotation.
    pub fn to_yaml(&self) -> String {
        self.lines().iter().map(|line| format!("{line}\n")).collect()
    }

    /// The text of an annotation that lists several.
    pub fn list_to_yaml(all: &[std::sync::Arc<Origin>]) -> String {
        let mut text = String::new();
        for origin in all {
            for (index, line) in origin.lines().iter().enumerate() {
                text.push_str(if index == 0 { "- " } else { "  " });
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    fn lines(&self) -> Vec<String> {
        let by = &self.configured_by;
        let own = [
            ("path", &self.path),
            ("repo", &self.repo),
            ("ref", &self.reference),
            ("configuredIn", &self.configured_in),
        ];
        let inner =
            [("apiVersion", &by.api_version), ("kind", &by.kind), ("name", &by.name), ("namespace", &by.namespace)];
        let mut lines: Vec<String> = own.iter().filter_map(|(key, value)| line(key, value)).collect();
        let inner: Vec<String> = inner.iter().filter_map(|(key, value)| line(key, value)).collect();
        if !inner.is_empty() {
            lines.push("configuredBy:".to_owned());
            lines.extend(inner.into_iter().map(|line| format!("  {line}")));
        }
        if lines.is_empty() {
            lines.push("{}".to_owned());
        }
        lines
    }
}

/// `key: value`, quoted where it would not be read as a string; `None` if the value is empty.
fn line(key: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let plain = resolve(&Scalar::plain(value), Rules::V3) == Value::Str
        && resolve(&Scalar::plain(value), Rules::V2) == Value::Str
        && !value.contains(": ")
        && !value.contains(" #")
        && !value.starts_with(|c: char| "!&*-?|>@%`'\"{}[],# ".contains(c))
        && !value.ends_with([':', ' ']);
    Some(if plain { format!("{key}: {value}") } else { format!("{key}: '{}'", value.replace('\'', "''")) })
}

/// Joins and cleans two relative paths as Go's `filepath.Join` does: `..` stays where nothing is left to leave.
fn clean(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let absolute = folder.starts_with('/') || (folder.is_empty() && path.starts_with('/'));
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}
