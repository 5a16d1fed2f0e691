//! `hydrant check`: schemas and risks of any manifests, without a `hydrant.yaml`.

use std::sync::Arc;

pub use checks::KubernetesVersion;
use checks::{CheckedObjects, CustomTypes, Finding, Schemas, Severity, UnknownVersion};
use manifest::yaml::{self, Rules};
use manifest::{Diagnostic, Errors, Gvk, Node, ObjectId};
use rayon::prelude::*;
use render_core::files::{FileKind, Files, join, parent};

use crate::host::definitions;
use crate::pipeline::findings::no_schema;
use crate::report::findings::UnitFinding;

/// What is checked, and how.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Files and folders, absolute. In folders, files of YAML and JSON count.
    pub paths: Vec<InputPath>,
    /// Documents that were given on standard input.
    pub standard_input: Option<Vec<u8>>,
    /// The version of Kubernetes.
    pub kubernetes: KubernetesVersion,
    /// Files and folders with definitions of custom resources, absolute.
    pub crds: Vec<String>,
    /// Kinds that are not checked.
    pub skip: Vec<String>,
    /// Ids of checks that are not reported.
    pub ignore: Vec<String>,
}

/// A file or folder as it was typed, and where it is.
#[derive(Clone, Debug)]
pub struct InputPath {
    /// As findings name it.
    pub shown: String,
    /// Absolute.
    pub path: String,
}

/// A file that was read.
struct Document {
    shown: String,
    objects: Result<Vec<Node>, Diagnostic>,
}

/// What was checked, and what was found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// The findings, in the order of the files.
    pub findings: Vec<UnitFinding>,
    /// The number of objects.
    pub objects: usize,
    /// The number of files.
    pub files: usize,
}

/// Checks manifests.
///
/// # Errors
/// A path that does not exist, and definitions that cannot be read.
pub fn check(files: &dyn Files, options: &CheckOptions) -> Result<CheckReport, Errors> {
    let documents = read(files, options)?;
    let mut types = CustomTypes::default();
    documents.iter().flat_map(|one| one.objects.iter().flatten()).for_each(|object| types.add(object));
    definitions::read_named(files, &options.crds, &mut types)?;
    let schemas = Schemas {
        kubernetes: options.kubernetes,
        custom: Arc::new(types),
        severity: Severity::Refuse,
        rules: Rules::V2,
    };
    let results: Vec<CheckedObjects> = documents.par_iter().map(|one| check_document(&schemas, one, options)).collect();
    let mut report = CheckReport { files: documents.len(), ..CheckReport::default() };
    report.objects = documents.iter().flat_map(|one| one.objects.iter()).map(Vec::len).sum();
    let mut unknown = std::collections::BTreeMap::<Gvk, usize>::new();
    for result in results {
        report.findings.extend(result.findings.into_iter().map(|finding| UnitFinding { unit: String::new(), finding }));
        for (gvk, count) in result.without_schema {
            *unknown.entry(gvk).or_default() += count;
        }
    }
    let note = |(gvk, count): (Gvk, usize)| {
        let finding = no_schema(&gvk, count).hint("name the file of its CustomResourceDefinition with --crds");
        UnitFinding { unit: String::new(), finding }
    };
    report.findings.extend(unknown.into_iter().map(note));
    report.findings.retain(|one| !options.ignore.iter().any(|id| id == one.finding.id));
    Ok(report)
}

fn check_document(schemas: &Schemas, document: &Document, options: &CheckOptions) -> CheckedObjects {
    let objects = match &document.objects {
        Ok(objects) => objects,
        Err(error) => {
            let mut finding =
                Finding::general("invalid-yaml", error.message.clone()).severity(Severity::Refuse).at(error.at);
            finding.hint = error.hints.first().cloned();
            finding.file = Some(document.shown.clone());
            return CheckedObjects { findings: vec![finding], ..CheckedObjects::default() };
        }
    };
    let is_checked = |object: &&Node| {
        let id = ObjectId::of(object);
        let is_part = id.gvk.kind.is_empty() || id.gvk.version.is_empty();
        // A file of values, a Chart.yaml: no object, unless it has metadata.
        let is_configuration =
            id.gvk.group == "kustomize.config.k8s.io" || (is_part && object.get("metadata").is_none());
        !is_configuration && !options.skip.iter().any(|kind| *kind == id.gvk.kind)
    };
    let objects: Vec<Node> = objects.iter().filter(is_checked).cloned().collect();
    let mut checked = schemas.check(&objects, None);
    for finding in &mut checked.findings {
        finding.file = Some(document.shown.clone());
    }
    checked
}

fn read(files: &dyn Files, options: &CheckOptions) -> Result<Vec<Document>, Errors> {
    let mut named: Vec<InputPath> = Vec::new();
    let mut wrong = Vec::new();
    for input in &options.paths {
        match files.kind(&input.path) {
            Ok(FileKind::File) => named.push(input.clone()),
            Ok(FileKind::Folder) => named.extend(below(files, input)),
            Err(error) => wrong.push(Diagnostic::new(format!("cannot read {}: {error}", input.shown))),
        }
    }
    Errors::check(wrong)?;
    let read = |input: InputPath| {
        let bytes = files.read(&input.path).map_err(|error| Diagnostic::new(format!("cannot read the file: {error}")));
        Document { objects: bytes.and_then(|bytes| yaml::read_stream(&bytes)), shown: input.shown }
    };
    let mut documents: Vec<Document> = named.into_par_iter().map(read).collect();
    if let Some(bytes) = &options.standard_input {
        documents.push(Document { shown: "-".to_owned(), objects: yaml::read_stream(bytes) });
    }
    Ok(documents)
}

/// The files of YAML and JSON in a folder, without the templates of charts, which are no YAML.
fn below(files: &dyn Files, folder: &InputPath) -> Vec<InputPath> {
    let is_template = |path: &str| {
        let mut above = parent(path);
        while above.len() > folder.path.len() {
            if above.ends_with("/templates") && files.kind(&join(parent(above), "Chart.yaml")).is_ok() {
                return true;
            }
            above = parent(above);
        }
        false
    };
    let found = definitions::files_below(files, &folder.path);
    let shown = |path: &str| {
        let rest = path.strip_prefix(&folder.path).unwrap_or(path).trim_start_matches('/');
        match folder.shown.trim_end_matches('/') {
            "." => rest.to_owned(),
            shown => format!("{shown}/{rest}"),
        }
    };
    found.into_iter().filter(|path| !is_template(path)).map(|path| InputPath { shown: shown(&path), path }).collect()
}

/// The error for a version of Kubernetes that is not known.
#[expect(clippy::needless_pass_by_value, reason = "it is the argument of map_err")]
pub fn unknown_version(error: UnknownVersion) -> Diagnostic {
    let hint = error.hint();
    Diagnostic::new(error.to_string()).field("--kubernetes").hint(hint)
}
