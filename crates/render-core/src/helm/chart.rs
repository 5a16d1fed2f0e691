//! Charts: loaded from a folder or an archive, with their subcharts.

use std::collections::BTreeMap;

use gotemplate::{Map, Value};

use super::archive::{self, ArchiveError, Budget};
use super::chart_file::ChartFile;
use super::error::HelmError;
use super::metadata::{self, Metadata};
use super::parsed_templates::ParsedTemplates;
use super::schema::Schema;
use super::semantics::Semantics;
use super::shared_value::SharedValue;
use super::{folder, log, yaml};
use crate::files::{FileKind, Files};
use crate::repeatable::ChartCall;

/// The deepest subchart, archives in archives included.
const DEEPEST: usize = 50;

/// A chart with its subcharts. It is loaded once, and can be rendered many times and from many threads.
#[derive(Debug)]
pub struct Chart {
    pub(super) semantics: Semantics,
    /// Lines for stderr.
    pub(super) warnings: Vec<String>,
    pub(super) content: ChartContent,
    pub(super) parsed: ParsedTemplates,
}

/// The content of a chart or subchart.
#[derive(Debug, Default)]
pub(super) struct ChartContent {
    pub(super) metadata: Metadata,
    pub(super) values: SharedValue,
    /// The JSON schema of the values.
    pub(super) schema: Option<Schema>,
    pub(super) templates: Vec<ChartFile>,
    /// All other files, which templates read through `.Files`.
    pub(super) files: Vec<ChartFile>,
    pub(super) subcharts: Vec<ChartContent>,
}

impl Chart {
    /// Loads a chart from its folder or archive. `shown` is the path as it was given, for messages.
    ///
    /// # Errors
    /// helm's own texts.
    pub fn load(files: &dyn Files, path: &str, shown: &str, semantics: Semantics) -> Result<Chart, HelmError> {
        let mut loader = Loader { semantics, warnings: Vec::new(), budget: Budget::default() };
        let content = match files.kind(path) {
            Ok(FileKind::Folder) => loader.folder(files, path),
            Ok(FileKind::File) => {
                let bytes = files.read(path).map_err(|error| HelmError::new(format!("open {shown}: {error}")))?;
                loader.archive(&bytes, path)
            }
            Err(_) => Err(HelmError::new(format!("path {shown:?} not found"))),
        };
        match content {
            Ok(content) => {
                Ok(Chart { semantics, warnings: loader.warnings, content, parsed: ParsedTemplates::default() })
            }
            Err(error) => Err(error.after(&loader.warnings)),
        }
    }

    /// Loads a chart from the bytes of an archive. `shown` is its name for messages.
    ///
    /// # Errors
    /// helm's own texts.
    pub fn from_archive(bytes: &[u8], shown: &str, semantics: Semantics) -> Result<Chart, HelmError> {
        let mut loader = Loader { semantics, warnings: Vec::new(), budget: Budget::default() };
        match loader.archive(bytes, shown) {
            Ok(content) => {
                Ok(Chart { semantics, warnings: loader.warnings, content, parsed: ParsedTemplates::default() })
            }
            Err(error) => Err(error.after(&loader.warnings)),
        }
    }

    /// Returns the chart's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.content.metadata.name
    }

    /// Returns the chart's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.content.metadata.version
    }

    /// Returns the rendering of the chart as a release, by which calls of functions are identified.
    pub(super) fn call(&self, release: &str, namespace: &str) -> ChartCall {
        let chart = self.name().to_owned();
        ChartCall { chart, release: release.to_owned(), namespace: namespace.to_owned() }
    }

    /// Returns the version of helm whose results the chart's renderings reproduce.
    #[must_use]
    pub fn semantics(&self) -> Semantics {
        self.semantics
    }
}

struct Loader {
    semantics: Semantics,
    warnings: Vec<String>,
    budget: Budget,
}

impl Loader {
    fn folder(&mut self, files: &dyn Files, path: &str) -> Result<ChartContent, HelmError> {
        let file = format!("{path}/Chart.yaml");
        if self.semantics.is_v3() {
            if files.kind(&file).is_err() {
                return Err(HelmError::new("Chart.yaml file is missing"));
            }
        } else {
            let bytes = files
                .read(&file)
                .map_err(|error| HelmError::new(format!("unable to detect chart at {file}: open {file}: {error}")))?;
            self.check_api_version(&bytes)?;
        }
        let found = folder::read(files, path, self.semantics, &mut self.warnings)?;
        self.files(found, 0)
    }

    fn archive(&mut self, bytes: &[u8], shown: &str) -> Result<ChartContent, HelmError> {
        archive::check_is_archive(bytes, shown)?;
        let found = archive::unpack(bytes, self.semantics, &mut self.budget).map_err(|error| match error {
            ArchiveError::Header => {
                HelmError::new(format!("file '{shown}' does not appear to be a valid chart file (details: {error})"))
            }
            ArchiveError::Other(message) if self.semantics.is_v3() => HelmError::new(message),
            ArchiveError::Other(_) => HelmError::new("unable to load chart archive"),
        })?;
        if !self.semantics.is_v3() {
            let Some(file) = found.iter().find(|file| file.path == "Chart.yaml") else {
                return Err(HelmError::new("unable to detect chart version, no Chart.yaml found"));
            };
            self.check_api_version(&file.bytes)?;
        }
        self.files(found, 0)
    }

    /// Checks that helm 4 knows the API version that a chart declares.
    fn check_api_version(&self, text: &[u8]) -> Result<(), HelmError> {
        let version =
            metadata::api_version(text).map_err(|error| HelmError::new(format!("cannot load Chart.yaml: {error}")))?;
        match version.as_str() {
            // A chart of version 3 loads, and is refused afterwards.
            "" | "v1" | "v2" | "v3" => Ok(()),
            _ => Err(HelmError::new("unsupported chart version")),
        }
    }

    /// Makes a chart of its files.
    fn files(&mut self, files: Vec<ChartFile>, depth: usize) -> Result<ChartContent, HelmError> {
        if depth > DEEPEST {
            return Err(HelmError::new(format!("subcharts are nested more than {DEEPEST} deep")));
        }
        let mut chart = ChartContent::default();
        let mut found = false;
        for file in files.iter().filter(|file| file.path == "Chart.yaml") {
            found = true;
            chart.metadata.read(&file.bytes).map_err(|error| {
                HelmError::new(format!("cannot load Chart.yaml: {}", with_go_types(error, self.semantics)))
            })?;
            if chart.metadata.api_version.is_empty() {
                "v1".clone_into(&mut chart.metadata.api_version);
            }
        }
        let mut subcharts: BTreeMap<String, Vec<ChartFile>> = BTreeMap::new();
        for file in files {
            self.file(file, &mut chart, &mut subcharts)?;
        }
        if !found {
            return Err(HelmError::new("Chart.yaml file is missing"));
        }
        chart.metadata.validate(self.semantics)?;
        for (name, files) in subcharts {
            if name.starts_with(['_', '.']) {
                continue;
            }
            let subchart = self.subchart(&name, files, &chart.metadata.name, depth)?;
            chart.subcharts.push(subchart);
        }
        Ok(chart)
    }

    /// Puts a file where it belongs.
    fn file(
        &mut self,
        file: ChartFile,
        chart: &mut ChartContent,
        subcharts: &mut BTreeMap<String, Vec<ChartFile>>,
    ) -> Result<(), HelmError> {
        let semantics = self.semantics;
        let failed = |error: String| {
            let error = with_go_types(error, semantics);
            HelmError::new(format!("cannot load {}: {error}", file.path))
        };
        let is_v1 = chart.metadata.api_version == "v1";
        match file.path.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => metadata::check_lock(&file.bytes).map_err(failed)?,
            "values.yaml" => chart.values = values(&file.bytes, self.semantics).map_err(failed)?,
            "values.schema.json" => chart.schema = Some(Schema::new(file.bytes, self.semantics)),
            "requirements.yaml" => {
                if !is_v1 {
                    self.warnings.push(log::requirements(self.semantics));
                }
                chart.metadata.read(&file.bytes).map_err(failed)?;
                if chart.metadata.api_version == "v1" {
                    chart.files.push(file);
                }
            }
            "requirements.lock" => {
                metadata::check_lock(&file.bytes).map_err(failed)?;
                if is_v1 {
                    chart.files.push(file);
                } else {
                    self.warnings.push(log::requirements_lock(self.semantics));
                }
            }
            path if path.starts_with("templates/") => chart.templates.push(file),
            path => match path.strip_prefix("charts/") {
                Some(inner) if !path.ends_with(".prov") => {
                    let (name, _) = inner.split_once('/').unwrap_or((inner, ""));
                    let inner = ChartFile { path: inner.to_owned(), bytes: file.bytes.clone() };
                    subcharts.entry(name.to_owned()).or_default().push(inner);
                }
                _ => chart.files.push(file),
            },
        }
        Ok(())
    }

    fn subchart(
        &mut self,
        name: &str,
        files: Vec<ChartFile>,
        parent: &str,
        depth: usize,
    ) -> Result<ChartContent, HelmError> {
        let failed = |error: &dyn std::fmt::Display| {
            HelmError::new(format!("error unpacking subchart {name} in {parent}: {error}"))
        };
        let files = if name.ends_with(".tgz") {
            let Some(file) = files.into_iter().next() else { return Err(failed(&"EOF")) };
            if file.path != name {
                return Err(HelmError::new(format!(
                    "error unpacking subchart tar in {parent}: expected {name}, got {}",
                    file.path
                )));
            }
            archive::unpack(&file.bytes, self.semantics, &mut self.budget).map_err(|error| failed(&error))?
        } else {
            let inner = |file: ChartFile| {
                let path = file.path.split_once('/')?.1.to_owned();
                Some(ChartFile { path, ..file })
            };
            files.into_iter().filter_map(inner).collect()
        };
        self.files(files, depth + 1).map_err(|error| failed(&error))
    }
}

/// Returns an error with the names of Go's types: helm 3 keeps them in a package of another name.
fn with_go_types(error: String, semantics: Semantics) -> String {
    if semantics.is_v3() { error.replace(" v2.", " chart.").replace("*v2.", "*chart.") } else { error }
}

/// Reads a file of values.
///
/// # Errors
/// helm's text, without the file's name.
pub(super) fn values(text: &[u8], semantics: Semantics) -> Result<SharedValue, String> {
    let one = if semantics.is_v3() { Some(text) } else { only(&documents(text)?) };
    if let Some(Ok(values @ SharedValue::Map(_))) = one.map(yaml::read_shared) {
        return Ok(values);
    }
    let map = values_map(text, semantics)?;
    Ok(SharedValue::of_map(&map))
}

/// Returns the document, if there is one alone.
fn only<'t>(documents: &[&'t [u8]]) -> Option<&'t [u8]> {
    if let [one] = documents { Some(one) } else { None }
}

/// Reads a file of values. Since helm 4 it may hold several documents, which are merged.
///
/// # Errors
/// helm's text, without the file's name.
pub(super) fn values_map(text: &[u8], semantics: Semantics) -> Result<Map, String> {
    if semantics.is_v3() {
        return match yaml::read(text)? {
            Value::Map(map) => Ok(map),
            Value::Nil => Ok(Map::default()),
            other => Err(super::maps::not_a_map(&other)),
        };
    }
    let merged = Map::default();
    for document in documents(text)? {
        let failed = |error: String| format!("cannot unmarshal yaml document: {error}");
        match yaml::read(document).map_err(failed)? {
            Value::Map(map) => super::maps::merge(&merged, &map),
            Value::Nil => {}
            other => return Err(failed(super::maps::not_a_map(&other))),
        }
    }
    Ok(merged)
}

/// Splits a file of values at lines that begin with `---`, as Kubernetes' `YAMLReader`: only blanks and a comment may follow.
fn documents(text: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length + 1);
        if let Some(rest) = text[at..end].strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !rest.is_empty() && !rest.starts_with(b"#") {
                let rest = String::from_utf8_lossy(rest);
                return Err(format!("error reading yaml document: invalid Yaml document separator: {rest}"));
            }
            if at > start {
                documents.push(&text[start..at]);
                start = end;
            }
        }
        at = end;
    }
    documents.push(&text[start..]);
    Ok(documents)
}
