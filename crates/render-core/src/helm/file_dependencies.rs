//! Dependencies of charts that lie in folders (`file://`), without `helm dependency build`.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::yaml::read_stream;
use manifest::{At, Diagnostic, Node};

use crate::files::{FileError, FileKind, Files, join};

/// How deep dependencies of dependencies are followed.
const DEEPEST: usize = 32;

/// A dependency that is neither in the chart's `charts` folder nor in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingDependency {
    /// The chart's name.
    pub name: String,
    /// The repository's URL.
    pub repository: String,
    /// Where the chart that depends on it names it.
    pub at: At,
}

/// The files of a chart, with its dependencies in folders where `helm dependency build` would put them.
pub struct FileDependencies<'f> {
    files: &'f dyn Files,
    /// Folders in `charts`, and the folders that are read instead.
    mounts: BTreeMap<String, String>,
    /// What has to be fetched.
    pub missing: Vec<MissingDependency>,
}

impl<'f> FileDependencies<'f> {
    /// Finds the dependencies of the chart in a folder.
    ///
    /// # Errors
    /// A `Chart.yaml` or `requirements.yaml` that is invalid, and dependencies that are nested too deeply.
    pub fn find(files: &'f dyn Files, chart: &str) -> Result<FileDependencies<'f>, Diagnostic> {
        let mut found = FileDependencies { files, mounts: BTreeMap::new(), missing: Vec::new() };
        found.chart(chart, chart, 0)?;
        Ok(found)
    }

    /// Finds the dependencies of a chart that is at `place`, and read from `folder`.
    fn chart(&mut self, place: &str, folder: &str, depth: usize) -> Result<(), Diagnostic> {
        for file in ["Chart.yaml", "requirements.yaml"].map(|name| join(folder, name)) {
            let Ok(text) = self.files.read(&file) else { continue };
            let documents = read_stream(&text).map_err(|found| found.in_file(&file))?;
            let listed = documents.first().and_then(|chart| chart.get("dependencies")).and_then(Node::as_seq);
            let vendored = self.files.list(&join(folder, "charts")).unwrap_or_default();
            for node in listed.into_iter().flatten() {
                let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default().to_owned();
                let (name, repository) = (text("name"), text("repository"));
                if name.is_empty() || vendored.iter().any(|file| is_chart(file, &name)) {
                    continue;
                }
                let Some(path) = repository.strip_prefix("file://") else {
                    self.missing.push(MissingDependency { name, repository, at: node.at });
                    continue;
                };
                if depth == DEEPEST {
                    let message = "dependencies of charts are nested too deeply";
                    return Err(Diagnostic::new(message).in_file(&file).at(node.at));
                }
                let (place, folder) = (join(place, &format!("charts/{name}")), join(folder, path));
                if self.files.kind(&folder) != Ok(FileKind::Folder) {
                    let message = format!("cannot read dependency {name}: no such directory: {folder}");
                    return Err(Diagnostic::new(message).in_file(&file).at(node.at).field("dependencies"));
                }
                if self.mounts.insert(place.clone(), folder.clone()).is_none() {
                    self.chart(&place, &folder, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Returns the path that is read instead of a path.
    fn source(&self, path: &str) -> String {
        let mount = self.mounts.iter().rev().find_map(|(place, folder)| {
            let rest = path.strip_prefix(place.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{folder}{rest}"))
        });
        mount.unwrap_or_else(|| path.to_owned())
    }

    /// Returns the names that dependencies add to a folder: their own in `charts`, and `charts` in the chart.
    fn put_into<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = &'s str> {
        self.mounts.keys().filter_map(move |place| {
            let rest = place.strip_prefix(folder)?.strip_prefix('/')?;
            let (first, more) = rest.split_once('/').unwrap_or((rest, ""));
            (!more.contains('/')).then_some(first)
        })
    }
}

/// Returns whether a name in `charts` is the chart's folder or archive.
fn is_chart(file: &str, name: &str) -> bool {
    let version = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    let is_archive =
        |rest: &str| rest.ends_with(".tgz") && rest.starts_with(|first: char| first.is_ascii_digit() || first == 'v');
    file == name || version.is_some_and(is_archive)
}

impl Files for FileDependencies<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, FileError> {
        self.files.read(&self.source(path))
    }

    fn kind(&self, path: &str) -> Result<FileKind, FileError> {
        match self.files.kind(&self.source(path)) {
            Err(FileError::Missing) if self.put_into(path).next().is_some() => Ok(FileKind::Folder),
            kind => kind,
        }
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let put: Vec<String> = self.put_into(folder).map(str::to_owned).collect();
        let mut names = match self.files.list(&self.source(folder)) {
            Err(FileError::Missing) if !put.is_empty() => Vec::new(),
            names => names?,
        };
        names.extend(put);
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        match self.files.real(&self.source(path)) {
            Err(FileError::Missing) if self.put_into(path).next().is_some() => Ok(path.to_owned()),
            real => real,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;

    #[test]
    fn charts_in_folders_are_found_in_the_place_of_dependencies() {
        let mut files = MemoryFiles::default();
        let chart = |name: &str, dependency: &str| format!("name: {name}\ndependencies:\n{dependency}").into_bytes();
        files.insert(
            "/c/Chart.yaml",
            chart("c", "- {name: a, repository: file://../a}\n- {name: r, repository: https://x}"),
        );
        files.insert("/a/Chart.yaml", chart("a", "- {name: b, repository: file://../b}"));
        files.insert("/b/Chart.yaml", chart("b", "- {name: b2, repository: \"\"}"));
        let found = FileDependencies::find(&files, "/c").unwrap();
        assert_eq!(found.list("/c").unwrap(), ["Chart.yaml", "charts"]);
        assert_eq!(found.list("/c/charts").unwrap(), ["a"]);
        assert_eq!(found.kind("/c/charts/a/charts"), Ok(FileKind::Folder));
        assert_eq!(found.read("/c/charts/a/charts/b/Chart.yaml"), files.read("/b/Chart.yaml"));
        assert_eq!(found.missing.iter().map(|missing| missing.name.as_str()).collect::<Vec<_>>(), ["b2", "r"]);
    }
}
