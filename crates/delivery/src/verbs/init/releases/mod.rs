//! Releases of charts that resources in the repository define: Flux's `HelmRelease` and Argo CD's `Application`.

mod argo_cd;
mod documents;
mod flux;
mod found;

use std::collections::{BTreeMap, BTreeSet};

use render_core::files::Files;

use super::environment_names::is_environment;
use super::layout::LeftOut;

pub(super) use documents::Documents;
pub use found::{FoundChart, FoundRelease};

/// What is known of the repository.
pub(super) struct Repository<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) root: &'a str,
    /// The folders with a chart that can be delivered, below the root.
    pub(super) charts: &'a BTreeSet<String>,
    /// The namespaces that kustomizations set, by folder.
    pub(super) namespaces: &'a BTreeMap<String, String>,
    /// The folders in each folder.
    pub(super) folders: &'a BTreeMap<String, Vec<String>>,
}

/// The releases of a repository.
#[derive(Debug, Default)]
pub(super) struct Releases {
    pub(super) found: Vec<FoundRelease>,
    /// The files of releases that cannot be taken over, with the reason.
    pub(super) left_out: Vec<LeftOut>,
    /// The folders with Flux's releases and changes to them.
    pub(super) flux_folders: BTreeSet<String>,
}

/// Finds the releases, each with a name of its own in its environments.
pub(super) fn find(documents: &Documents, repository: &Repository<'_>) -> Releases {
    let mut releases = Releases::default();
    flux::find(documents, repository, &mut releases);
    argo_cd::find(documents, repository, &mut releases);
    releases.name_apart();
    releases
}

impl Releases {
    /// Gives releases of one name in one environment longer names, from their namespaces or files; what still has none is left out.
    fn name_apart(&mut self) {
        let longer: [fn(&FoundRelease) -> String; 2] = [
            |one| format!("{}-{}", one.namespace.as_deref().unwrap_or("default"), one.service),
            |one| plain_name(one.file.rsplit_once('.').map_or(one.file.as_str(), |(stem, _)| stem)),
        ];
        for longer in longer {
            let taken = self.taken();
            for release in &mut self.found {
                if taken.get(&release.service).is_some_and(|overlaps| *overlaps) {
                    release.service = longer(release);
                }
            }
        }
        let taken = self.taken();
        let same = self.found.extract_if(.., |one| taken.get(&one.service).is_some_and(|overlaps| *overlaps));
        let reason = "another release has its name";
        self.left_out.extend(same.map(|one| LeftOut::new(one.file, reason)));
        self.found.sort_by(|one, other| (&one.service, &one.environments).cmp(&(&other.service, &other.environments)));
    }

    /// For each name whether two releases have it in one environment.
    fn taken(&self) -> BTreeMap<String, bool> {
        let mut environments: BTreeMap<&str, Vec<&FoundRelease>> = BTreeMap::new();
        for release in &self.found {
            environments.entry(&release.service).or_default().push(release);
        }
        let overlaps = |all: &[&FoundRelease]| {
            all.iter().enumerate().any(|(index, one)| all[index + 1..].iter().any(|other| one.overlaps(other)))
        };
        environments.into_iter().map(|(name, all)| (name.to_owned(), overlaps(&all))).collect()
    }
}

/// The environment in the path of a file: a folder, or the file's own name.
pub(super) fn environment_of(path: &str) -> Option<String> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    stem.split('/').rev().find(|name| is_environment(name)).map(str::to_owned)
}

/// The folder of a file.
pub(super) fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path as a name of a service.
fn plain_name(path: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
    path.chars().map(plain).collect::<String>().trim_matches(['-', '.']).to_owned()
}
