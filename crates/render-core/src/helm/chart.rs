//! A chart's folder.

use std::sync::Arc;

use gotemplate::{Map, Value};

use super::error::HelmError;
use super::ignore::IgnoreRules;
use super::metadata::Metadata;
use super::yaml;
use super::{RenderOptions, Semantics};
use crate::files::{FileKind, Files};

/// The most bytes that a chart's files may have together.
const LARGEST: usize = 100 << 20;

/// A file of a chart: its path below the chart's folder, and its content.
#[derive(Clone, Debug)]
pub(super) struct ChartFile {
    pub(super) path: String,
    pub(super) bytes: Arc<[u8]>,
}

/// A chart, loaded.
#[derive(Clone, Debug)]
pub struct Chart {
    pub(super) semantics: Semantics,
    pub(super) metadata: Metadata,
    pub(super) values: Arc<[u8]>,
    pub(super) templates: Vec<ChartFile>,
    /// All other files, which templates read through `.Files`.
    pub(super) files: Vec<ChartFile>,
}

impl Chart {
    /// Loads a chart from its folder or archive. `shown` is the path as it was given, for messages.
    ///
    /// # Errors
    /// helm's own texts, and refusals of what is not supported.
    pub fn load(files: &dyn Files, folder: &str, shown: &str, semantics: Semantics) -> Result<Chart, HelmError> {
        match files.kind(folder) {
            Ok(FileKind::Folder) => {}
            Ok(FileKind::File) => return Err(HelmError::unsupported("a chart archive")),
            Err(_) => return Err(HelmError::new(format!("path {shown:?} not found"))),
        }
        let ignore = files.read(&format!("{folder}/.helmignore")).unwrap_or_else(|_| Arc::from(&b""[..]));
        let rules = IgnoreRules::parse(&String::from_utf8_lossy(&ignore))?;
        let mut loader = Loader { files, rules, total: 0, found: Vec::new() };
        loader.folder(folder, "", 0)?;
        let detected = files.kind(&format!("{folder}/Chart.yaml")).is_ok();
        Chart::from_files(loader.found, folder, detected, semantics)
    }

    fn from_files(
        found: Vec<ChartFile>,
        folder: &str,
        detected: bool,
        semantics: Semantics,
    ) -> Result<Chart, HelmError> {
        let mut metadata = None;
        let mut chart = Chart {
            semantics,
            metadata: Metadata::default(),
            values: Arc::from(&b""[..]),
            templates: Vec::new(),
            files: Vec::new(),
        };
        for file in found {
            match file.path.as_str() {
                "Chart.yaml" => metadata = Some(Metadata::read(&file.bytes)?),
                "values.yaml" => chart.values = file.bytes,
                "values.schema.json" => return Err(HelmError::unsupported("values.schema.json")),
                "Chart.lock" => {}
                "requirements.yaml" | "requirements.lock" => return Err(HelmError::unsupported("requirements.yaml")),
                path if path.starts_with("charts/") => return Err(HelmError::unsupported("a subchart in charts/")),
                path if path.starts_with("templates/") => chart.templates.push(file),
                _ => chart.files.push(file),
            }
        }
        if metadata.is_none() && detected {
            return Err(HelmError::new("Chart.yaml file is missing"));
        }
        let missing = || {
            let path = format!("{folder}/Chart.yaml");
            HelmError::new(format!("unable to detect chart at {path}: open {path}: no such file or directory"))
        };
        chart.metadata = metadata.ok_or_else(missing)?;
        Ok(chart)
    }

    /// Checks what helm checks between loading and rendering.
    pub(super) fn check(&self, options: &RenderOptions) -> Result<(), HelmError> {
        self.metadata.check(options)
    }

    /// Returns the values of `values.yaml`.
    pub(super) fn default_values(&self) -> Result<Map, HelmError> {
        match yaml::read(&self.values) {
            Ok(Value::Map(map)) => Ok(map),
            Ok(Value::Nil) => Ok(Map::default()),
            Ok(other) => Err(HelmError::new(format!("cannot load values.yaml: {}", super::maps::not_a_map(&other)))),
            Err(error) => {
                Err(HelmError::new(format!("cannot load values.yaml: cannot unmarshal yaml document: {error}")))
            }
        }
    }
}

struct Loader<'f> {
    files: &'f dyn Files,
    rules: IgnoreRules,
    total: usize,
    found: Vec<ChartFile>,
}

impl Loader<'_> {
    fn folder(&mut self, folder: &str, below: &str, depth: usize) -> Result<(), HelmError> {
        if depth > 100 {
            return Err(HelmError::new(format!("cannot read {folder}: too many levels of folders")));
        }
        let names =
            self.files.list(folder).map_err(|error| HelmError::new(format!("cannot read {folder}: {error}")))?;
        for name in names {
            let path = format!("{folder}/{name}");
            let relative = format!("{below}{name}");
            let kind = self.files.kind(&path);
            if self.rules.ignores(&relative, kind == Ok(FileKind::Folder)) {
                continue;
            }
            match kind {
                Ok(FileKind::Folder) => self.folder(&path, &format!("{relative}/"), depth + 1)?,
                Ok(FileKind::File) => self.file(&path, relative)?,
                Err(error) => return Err(HelmError::new(format!("cannot read {path}: {error}"))),
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, relative: String) -> Result<(), HelmError> {
        let bytes =
            self.files.read(path).map_err(|error| HelmError::new(format!("error reading {relative}: {error}")))?;
        self.total += bytes.len();
        if self.total > LARGEST {
            return Err(HelmError::new(format!(
                "error reading {relative}: chart exceeds maximum decompressed size of {LARGEST} bytes"
            )));
        }
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => Arc::from(rest),
            None => bytes,
        };
        self.found.push(ChartFile { path: relative, bytes });
        Ok(())
    }
}
