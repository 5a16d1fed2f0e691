//! Where a unit's output goes: the repository, the branch and the path, each from the first that sets it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use git::RemoteUrl;
use manifest::{Diagnostic, Errors};
use render_core::files::join;

use super::context::{Set, UnitContext};
use super::{PlannedUnit, unit::branch_folder};
use crate::config::{Destination, Template};

const BRANCH: &str = "{service}/{environment}";
const PATH: &str = "manifest.yaml";

/// Where one unit's output goes.
pub(super) struct UnitDestination {
    /// A URL, or an absolute path.
    pub(super) repository: RemoteUrl,
    /// A valid branch name.
    pub(super) branch: String,
    /// The branch that `branch` proposes changes to.
    pub(super) active: Option<String>,
    /// A file below the branch's root, or with a slash at its end a folder.
    pub(super) path: String,
    /// Whether the configured name of the branch contains the environment's.
    pub(super) is_own_branch: bool,
    /// The maximum number of refs in one push.
    pub(super) max_refs: Option<NonZeroU32>,
}

/// The branch that another one proposes changes to for GitOps Promoter: `X` of `X-next`, and of `X-next/FOLDER` for the folder of `path`. The
/// suffix must be in the configured name; that of a service or environment called `next` does not count.
fn active_branch(template: &str, branch: &str, path: &str) -> Option<String> {
    let folder = branch_folder(path);
    let in_folder = || branch.strip_suffix(&folder)?.strip_suffix("-next/").filter(|_| template.contains("-next/"));
    let active = match branch.strip_suffix("-next").filter(|_| template.ends_with("-next")) {
        Some(active) => Some(active),
        None if folder.is_empty() => None,
        None => in_folder(),
    };
    active.filter(|active| !active.is_empty()).map(str::to_owned)
}

impl UnitDestination {
    /// Decides each field: the flag, the environment, the file, hydrant's default.
    ///
    /// # Errors
    /// No repository; an invalid branch or path; each names the flag or the field that set it.
    pub(super) fn decide(unit: &UnitContext<'_>) -> Result<UnitDestination, Diagnostic> {
        let (settings, general) = (unit.settings, &unit.config.destination);
        let field = |name, flag, own: fn(&Destination) -> Option<&Template>| Field {
            name,
            flag,
            own: unit.first(|fields| own(&fields.destination)),
            general: own(general),
            unit,
        };

        let repository = field("repository", &settings.repository, |own| own.repository.as_ref());
        let Some(template) = repository.template().filter(|template| !template.text().is_empty()) else {
            return Err(Diagnostic::new("no repository is named")
                .in_file(unit.file)
                .field("destination.repository")
                .hint("set destination.repository, or give --repository"));
        };
        // A path in a flag is relative to the working directory, one in a field to the file's folder.
        let base = if settings.repository.is_some() { &settings.folder } else { unit.root };
        let branch = field("branch", &settings.branch, |own| own.branch.as_ref());
        let path = field("path", &settings.path, |own| own.path.as_ref());
        let branch_name =
            branch.template().map_or_else(|| Ok(unit.fill_text(BRANCH)), |template| branch.fill(template))?;
        let path_name = path.template().map_or_else(|| Ok(PATH.to_owned()), |template| path.fill(template))?;
        let configured = branch.template().map_or(BRANCH, Template::text);
        let destination = UnitDestination {
            repository: absolute_repository(base, &repository.fill(template)?),
            active: active_branch(configured, &branch_name, &path_name),
            branch: branch_name,
            is_own_branch: configured.contains("{environment}"),
            path: path_name,
            max_refs: unit
                .first(|fields| fields.destination.push.as_ref())
                .map(|set| set.value)
                .or(general.push.as_ref())
                .and_then(|push| push.refs),
        };
        if !committer::is_valid_branch_name(&destination.branch) {
            let found = Diagnostic::new(format!("invalid branch name \"{}\"", destination.branch));
            return Err(branch.locate(found).hint("use a name such as {service}/{environment}"));
        }
        invalid_path(&destination.path).map_or(Ok(destination), |why| {
            Err(path.locate(Diagnostic::new(why)).hint(
                "use a file below the branch's root (`manifest.yaml`), or a folder with a slash at its end (`apps/`)",
            ))
        })
    }
}

/// One field of the destination and everything that may set it.
struct Field<'a> {
    name: &'a str,
    flag: &'a Option<Template>,
    own: Option<Set<&'a Template>>,
    general: Option<&'a Template>,
    unit: &'a UnitContext<'a>,
}

impl<'a> Field<'a> {
    fn template(&self) -> Option<&'a Template> {
        self.flag.as_ref().or(self.own.as_ref().map(|own| own.value)).or(self.general)
    }

    fn fill(&self, template: &Template) -> Result<String, Diagnostic> {
        self.unit.fill(template).map_err(|error| self.locate(error))
    }

    /// A finding, with the flag or the field that it is about.
    fn locate(&self, finding: Diagnostic) -> Diagnostic {
        let Field { name, unit, .. } = self;
        if self.flag.is_some() {
            finding.field(format!("--{name}"))
        } else if let Some(own) = &self.own {
            finding.in_file(unit.file).field(format!("{}.destination.{name}", own.field))
        } else {
            finding.in_file(unit.file).field(format!("destination.{name}"))
        }
    }
}

/// A local path is made absolute, a URL (also git's short `host:path`) stays.
fn absolute_repository(base: &str, repository: &str) -> RemoteUrl {
    let url = repository.contains("://")
        || repository.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    if url { repository.into() } else { join(base, repository).into() }
}

/// Why a path cannot be used on a branch.
fn invalid_path(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some(format!("invalid path \"{path}\": it is absolute"));
    }
    let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    if path != "./"
        && let Some(reason) = parts.iter().find_map(|part| git::invalid_name(part))
    {
        return Some(format!("invalid path \"{path}\": {reason}"));
    }
    let last = parts.last().filter(|last| **last == committer::metadata::METADATA)?;
    Some(format!("invalid path \"{path}\": {last} is the name of the delivery record"))
}

/// Two units must not write the same file, or one below the other's folder.
pub(super) fn one_file_each(units: &[PlannedUnit]) -> Result<(), Errors> {
    let mut sorted: Vec<&PlannedUnit> = units.iter().collect();
    sorted.sort_by_key(|unit| (&unit.repository, &unit.branch, &unit.path));
    let clash = |pair: &[&PlannedUnit]| -> Option<Diagnostic> {
        let (one, other) = (pair[0], pair[1]);
        let branch = one.repository == other.repository && one.branch == other.branch;
        let within = one.path == other.path || (one.path.ends_with('/') && other.path.starts_with(&one.path));
        (branch && within).then(|| {
            Diagnostic::new(format!(
                "{} and {} would both be written to {} on branch {}",
                one.name(),
                other.name(),
                one.path,
                one.branch
            ))
            .field("destination")
            .hint("put {service} and {environment} into `branch` or `path`")
        })
    };
    let clashes: Vec<Diagnostic> = sorted.windows(2).filter_map(clash).collect();
    Errors::check(clashes.into_iter().chain(branches_in_branches(&sorted)).collect())
}

/// git cannot have a branch `a` and a branch `a/b` in one repository.
fn branches_in_branches(units: &[&PlannedUnit]) -> Vec<Diagnostic> {
    let by_branch: BTreeMap<(&RemoteUrl, &str), &PlannedUnit> =
        units.iter().map(|unit| ((&unit.repository, unit.branch.as_str()), *unit)).collect();
    let clash = |(&(repository, branch), unit): (&(&RemoteUrl, &str), &&PlannedUnit)| {
        let folders = branch.match_indices('/').map(|(at, _)| &branch[..at]);
        let other = folders.filter_map(|folder| by_branch.get(&(repository, folder))).next()?;
        let message = format!(
            "branch {branch} of {} is in a folder of the name of branch {} of {}",
            unit.name(),
            other.branch,
            other.name()
        );
        let found = Diagnostic::new(message).field("destination.branch");
        Some(found.hint("give one of them another name: git cannot have both"))
    };
    by_branch.iter().filter_map(clash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proposing_branch_has_an_active_one() {
        let active = |template, branch, path| active_branch(template, branch, path);
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(active("{environment}-next", "dev-next", "cart/manifest.yaml"), some("dev"));
        assert_eq!(active("env/{environment}-next/{service}", "env/dev-next/cart", "cart/"), some("env/dev"));
        assert_eq!(active("env/{environment}-next/{service}", "env/dev-next/cart", "shop/"), None);
        assert_eq!(active("{service}-{environment}", "cart-next", "manifest.yaml"), None, "the environment next");
        assert_eq!(active("{service}/{environment}", "cart/dev", "manifest.yaml"), None);
        assert_eq!(active("-next", "-next", "manifest.yaml"), None);
    }
}
