//! Dependencies of charts that lie in folders (`file://`) or in repositories, without `helm dependency build`.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::yaml::read_stream;
use manifest::{At, Diagnostic, Errors, Node};

use super::chart_lock;
use crate::files::{FileError, FileKind, Files, join};
use crate::host::{ChartRequest, Host};

/// How deep dependencies of dependencies are followed.
const DEEPEST: usize = 32;

/// A dependency that is neither in the chart's `charts` folder nor in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingDependency {
    /// The chart's name.
    pub name: String,
    /// The repository's URL.
    pub repository: String,
    /// The version or range, as the chart that depends on it names it.
    pub version: String,
    /// The folder where that chart is.
    pub chart: String,
    /// Where the chart that depends on it names it.
    pub at: At,
}

/// The files of a chart, with its dependencies in folders where `helm dependency build` would put them.
pub struct FileDependencies<'f> {
    files: &'f dyn Files,
    /// Folders and archives in `charts`, and what is read instead.
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
                    let (version, chart) = (text("version"), folder.to_owned());
                    if !self.missing.iter().any(|one| one.name == name && one.chart == chart && one.version == version)
                    {
                        self.missing.push(MissingDependency { name, repository, version, chart, at: node.at });
                    }
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

    /// Fetches what is missing, as `helm dependency build` does: the versions of the lock file, which must belong to the chart, else those that the
    /// ranges choose. Nothing is written; the archives are read where helm would put them.
    ///
    /// # Errors
    /// A lock file that does not belong to the chart, and charts that cannot be fetched.
    pub fn fetch(&mut self, host: &dyn Host) -> Result<(), Errors> {
        let mut wrong = Vec::new();
        for missing in std::mem::take(&mut self.missing) {
            if let Err(error) = self.fetch_one(&missing, host) {
                let located = error.in_file(join(&missing.chart, "Chart.yaml")).at(missing.at).field("dependencies");
                wrong.push(located);
            }
        }
        Errors::check(wrong)
    }

    fn fetch_one(&mut self, missing: &MissingDependency, host: &dyn Host) -> Result<(), Diagnostic> {
        let MissingDependency { name, repository, .. } = missing;
        if repository.is_empty() {
            let found = Diagnostic::new(format!("cannot read dependency {name}: it has no repository"));
            return Err(found.hint(format!("copy the chart to charts/{name}, or set `repository`")));
        }
        let locked = chart_lock::locked(self.files, &missing.chart, host)?;
        let locked = locked.and_then(|lock| lock.into_iter().find(|one| one.name == *name));
        let (repository, version) = match &locked {
            Some(locked) => (&locked.repository, &locked.version),
            None => (repository, &missing.version),
        };
        let request = ChartRequest::named(repository, name, Some(version)).map_err(Diagnostic::new)?;
        let fetched = host.chart(&request)?;
        let file = fetched.archive.rsplit('/').next().unwrap_or_default();
        let places: Vec<String> = self.places_of(&missing.chart).map(|place| join(&place, "charts")).collect();
        for place in places {
            self.mounts.insert(join(&place, file), fetched.archive.clone());
        }
        Ok(())
    }

    /// Returns where the chart that is read from a folder is: there, or in `charts` of charts that depend on it.
    fn places_of<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = String> + 's {
        let mounted = self.mounts.iter().filter(move |(_, source)| *source == folder).map(|(place, _)| place.clone());
        mounted.chain((!self.mounts.values().any(|source| source == folder)).then(|| folder.to_owned()))
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
