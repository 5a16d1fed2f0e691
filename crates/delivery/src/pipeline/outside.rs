//! The files outside of the source repository that units were rendered from: refused unless they are allowed, and recorded by their hash.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use committer::OutsideFolder;
use git::source::{SourceError, SourceRepository};
use manifest::{Diagnostic, Errors};
use render_core::files::{Files, is_time_zone, parent};
use render_core::host::Host as _;

use super::session::Pipeline;
use super::unit::PinnedUnit;
use crate::error::Failure;
use crate::host::disk::is_within;
use crate::host::sha256_hex;
use crate::plan::AllowedOutside;

/// The files outside of the source repository that a run has read, with symbolic links resolved, by the path that was read.
pub(super) struct OutsideFiles<'p> {
    root: String,
    allowed: &'p AllowedOutside,
    real_paths: BTreeMap<String, String>,
}

impl Pipeline<'_> {
    /// The files outside of the source repository that the units were rendered from.
    ///
    /// # Errors
    /// A source repository that cannot be read; every folder outside of it that is not allowed.
    pub(super) fn outside_files(&self, units: &[PinnedUnit]) -> Result<OutsideFiles<'_>, Failure> {
        let root = match SourceRepository::discover(Path::new(&self.plan.root)) {
            Ok(repository) => repository.root().display().to_string(),
            // Without a repository nothing is delivered, but it can be rendered.
            Err(SourceError::NoRepository(_)) => {
                self.files().real(&self.plan.root).unwrap_or_else(|_| self.plan.root.clone())
            }
            Err(error) => return Err(error.into()),
        };
        let mut outside = OutsideFiles { root, allowed: &self.plan.outside, real_paths: BTreeMap::new() };
        if self.source.revision.is_some() && self.plan.outside.is_empty() {
            return Ok(outside);
        }
        let files = self.files();
        let read: BTreeSet<&String> =
            units.iter().flat_map(|unit| unit.output.inputs.files.iter().chain(&unit.output.inputs.folders)).collect();
        for path in read.into_iter().filter(|path| !is_time_zone(path)) {
            let real = files.real(path).unwrap_or_else(|_| path.clone());
            if !is_within(&real, &outside.root) && self.host.repository_root(&real).is_none() {
                outside.real_paths.insert(path.clone(), real);
            }
        }
        let untrusted = self.ctx.trust.is_untrusted();
        let refused = |real: &&String| untrusted || !outside.allowed.allows(real);
        let refused: BTreeSet<&str> = outside.real_paths.values().filter(refused).map(|path| parent(path)).collect();
        // A folder that was listed, and its parent's other entries, are named once.
        let folders =
            refused.iter().filter(|folder| !refused.iter().any(|other| other != *folder && is_within(folder, other)));
        Errors::check(folders.map(|folder| outside.refusal(folder)).collect())?;
        Ok(outside)
    }

    /// The folders outside of the source repository that one unit was rendered from.
    ///
    /// # Errors
    /// As [`Pipeline::outside_files`] and [`Pipeline::outside_folders`].
    pub(crate) fn outside_of(&self, unit: &PinnedUnit) -> Result<Vec<OutsideFolder>, Failure> {
        let outside = self.outside_files(std::slice::from_ref(unit))?;
        self.outside_folders(&outside, unit)
    }

    /// The folders outside of the source repository that a unit was rendered from, for its record.
    ///
    /// # Errors
    /// A file that cannot be read again.
    pub(super) fn outside_folders(
        &self,
        outside: &OutsideFiles<'_>,
        unit: &PinnedUnit,
    ) -> Result<Vec<OutsideFolder>, Failure> {
        if outside.real_paths.is_empty() {
            return Ok(Vec::new());
        }
        let files = self.files();
        let mut by_folder: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
        for real in unit.output.inputs.files.iter().filter_map(|path| outside.real_paths.get(path)) {
            by_folder.entry(outside.allowed.folder_of(real).unwrap_or_else(|| parent(real))).or_default().insert(real);
        }
        let folder = |(folder, paths): (&str, BTreeSet<&String>)| {
            let mut lines = String::new();
            for path in paths {
                let bytes = files.read(path).map_err(|error| Diagnostic::new(error.to_string()).in_file(path))?;
                let below = path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/');
                lines.push_str(&format!("{}  {below}\n", sha256_hex(&bytes)));
            }
            Ok(OutsideFolder {
                path: relative(&outside.root, folder),
                digest: format!("sha256:{}", sha256_hex(lines.as_bytes())),
            })
        };
        by_folder.into_iter().map(folder).collect()
    }
}

impl OutsideFiles<'_> {
    fn refusal(&self, folder: &str) -> Diagnostic {
        let path = relative(&self.root, folder);
        Diagnostic::new(format!("{folder} is outside of the source repository {}", self.root)).hint(format!(
            "move it into the repository, list {path} under `sources` in hydrant.yaml, or run with `--allow-outside`"
        ))
    }
}

/// `path` as seen from the folder `from`; both are absolute.
fn relative(from: &str, path: &str) -> String {
    let parts = |path: &'_ str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(path));
    let same = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    up.chain(to[same..].iter().cloned()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn paths_are_as_seen_from_the_repository() {
        assert_eq!(relative("/work/shop", "/work/ext/base"), "../ext/base");
        assert_eq!(relative("/work/shop", "/srv"), "../../srv");
        assert_eq!(relative("/work/shop", "/work/shop2"), "../shop2");
    }
}
