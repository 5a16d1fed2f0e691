//! `manifests.rawYaml`: files of objects, by path, pattern or URL.
//!
//! Source of the rules: Skaffold's `render/generate/generate.go`. Where Skaffold goes on with nothing (a pattern without a
//! hit, a folder, a file of another extension), this stops: see `docs/compatibility.md`.

use std::collections::BTreeSet;
use std::sync::Arc;

use manifest::yaml::read_objects;
use manifest::{Diagnostic, Errors, Node};

use super::parallel::each;
use crate::files::{FileKind, join};
use crate::skaffold::glob::{glob, is_pattern, walk};
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::{Config, LocatedText};

/// A text and the objects in it.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file or URL, as people see it.
    pub name: String,
    /// The text.
    pub text: Arc<[u8]>,
    /// The objects, in order.
    pub objects: Vec<Node>,
}

const EXTENSIONS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Whether Skaffold reads a file of this name as a manifest.
pub(super) fn has_extension(path: &str) -> bool {
    EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

/// Reads every file that `rawYaml` names: local ones in the order of the list, each once, patterns sorted; then downloads.
///
/// # Errors
/// Returns an error for a pattern without matches, and for a file that cannot be read or is not YAML.
pub(super) fn read(inputs: &Inputs<'_>, config: &Config) -> Result<Vec<Source>, Errors> {
    let mut paths = Vec::new();
    let mut urls = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, item) in config.manifests.raw_yaml.iter().enumerate() {
        let field = format!("manifests.rawYaml[{index}]");
        if item.starts_with("http://") || item.starts_with("https://") {
            urls.push(item);
        } else if item.starts_with("gs://") {
            let found = format!("cannot read {}: Google Cloud Storage is not supported", item.text);
            return Err(config.diagnostic(item.at, field, found).hint("copy the file into the repository").into());
        } else {
            let found = local(inputs, config, &field, item)?;
            paths.extend(found.into_iter().filter(|path| seen.insert(path.clone())));
        }
    }
    let mut sources = each(&paths, |path| file(inputs, path))?;
    for url in urls {
        let text: Arc<[u8]> = inputs.host.download(url)?.into();
        sources.push(parse(url.text.clone(), text)?);
    }
    Ok(sources)
}

fn local(inputs: &Inputs<'_>, config: &Config, field: &str, item: &LocatedText) -> Result<Vec<String>, Errors> {
    let path = inputs.expand_path(config, field, item)?;
    let diagnostic = |message: String| config.diagnostic(item.at, field, message);
    let whole = join(inputs.working_dir, &path);
    match inputs.files.kind(&whole) {
        Ok(FileKind::Folder) => Err(diagnostic(format!("{path} is a folder (Skaffold ignores it)"))
            .hint(format!("write `{}/*.yaml`", path.trim_end_matches('/')))
            .into()),
        Ok(FileKind::File) if has_extension(&path) => Ok(vec![whole]),
        Ok(FileKind::File) => Err(diagnostic(format!("unsupported file extension: {path} (Skaffold skips it)"))
            .hint("use one of the extensions .yaml, .yml and .json")
            .into()),
        Err(_) if is_pattern(&path) => pattern(inputs, config, &path, &diagnostic),
        Err(error) => {
            let found = if config.manifests.by_default {
                default_missing(&path)
            } else {
                format!("cannot read {path}: {error}")
            };
            Err(inputs.missing_path(config, &path, diagnostic(found)))
        }
    }
}

fn default_missing(path: &str) -> String {
    format!("no manifests are configured, and the default `{path}` does not match a file")
}

fn pattern(
    inputs: &Inputs<'_>,
    config: &Config,
    path: &str,
    diagnostic: &dyn Fn(String) -> Diagnostic,
) -> Result<Vec<String>, Errors> {
    let invalid = |error: &dyn std::fmt::Display| {
        diagnostic(format!("{path}: {error}")).hint("use `*`, `?`, `[a-z]` and `\\` as in Go's filepath.Match")
    };
    let hits = glob(inputs.files, inputs.working_dir, path).map_err(|error| invalid(&error))?;
    let mut found = Vec::new();
    for hit in hits {
        found.extend(walk(inputs.files, &hit).map_err(|error| invalid(&error))?);
    }
    found.retain(|path| has_extension(path));
    if !found.is_empty() {
        return Ok(found);
    }
    let message = if config.manifests.by_default {
        default_missing(path)
    } else {
        format!("`{path}` does not match a .yaml, .yml or .json file")
    };
    Err(inputs.missing_path(config, path, diagnostic(message)))
}

fn file(inputs: &Inputs<'_>, path: &str) -> Result<Source, Errors> {
    let name = inputs.shown(path).to_owned();
    let text = inputs.files.read(path).map_err(|error| Diagnostic::new(error.to_string()).in_file(&name))?;
    parse(name, text)
}

fn parse(name: String, text: Arc<[u8]>) -> Result<Source, Errors> {
    let objects = read_objects(&text).map_err(|error| error.in_file(&name))?;
    Ok(Source { name, text, objects })
}

/// Unwraps a list as Skaffold does: if all texts together hold a single object of kind `List`, it is replaced by its items.
/// (Source: kyaml's `kio.ByteReader`, through which Skaffold sends raw manifests.)
pub(super) fn unwrap_list(sources: &mut [Source]) {
    let mut filled = sources.iter_mut().filter(|source| !source.objects.is_empty());
    let (Some(only), None) = (filled.next(), filled.next()) else { return };
    let [list] = only.objects.as_mut_slice() else { return };
    let kind = list.get("kind").and_then(Node::text);
    if !matches!(kind, Some("List" | "ResourceList")) {
        return;
    }
    if let Some(items) = list.get_mut("items").and_then(Node::as_seq_mut) {
        only.objects = std::mem::take(items);
    }
}
