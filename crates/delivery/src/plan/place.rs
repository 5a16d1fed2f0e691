//! Where a unit's output goes: the repository, the branch and the path, each from the first that says it.

use manifest::{Diagnostic, Errors};
use render_core::files::join;

use super::Unit;
use crate::config::{Destination, Environment, Template};
use crate::plan::settings::Settings;

const BRANCH: &str = "{service}/{environment}";
const PATH: &str = "manifest.yaml";

/// Where one unit's output goes.
pub(super) struct Place {
    /// A URL, or an absolute path.
    pub(super) repository: String,
    /// A name that git allows for a branch.
    pub(super) branch: String,
    /// A file below the branch's root, or with a slash at its end a folder.
    pub(super) path: String,
}

impl Place {
    /// What was typed, then what the environment says, then what the file says, then hydrant's own choice.
    ///
    /// `root` is the folder and `file` the path of the config.
    ///
    /// # Errors
    /// No repository; a branch or a path that cannot be; each names the flag or the field that said it.
    pub(super) fn decide(
        settings: &Settings,
        general: &Destination,
        (environment, special): (&str, &Environment),
        (root, file): (&str, &str),
        service: &str,
    ) -> Result<Place, Diagnostic> {
        let own = &special.destination;
        let said = |field, typed, own, general| Said { field, typed, own, general, environment, file };
        let fill = |template: &Template| template.fill(service, environment);

        let repository = said("repository", &settings.repository, &own.repository, &general.repository);
        let Some(template) = repository.template().filter(|template| !template.text().is_empty()) else {
            return Err(Diagnostic::new("no repository is named")
                .in_file(file)
                .field("destination.repository")
                .hint("Write destination.repository, or give --repository."));
        };
        // What was typed is relative to the folder it was typed in, what was written to the file's.
        let base = if settings.repository.is_some() { &settings.folder } else { root };
        let branch = said("branch", &settings.branch, &own.branch, &general.branch);
        let path = said("path", &settings.path, &own.path, &general.path);
        let place = Place {
            repository: absolute_repository(base, &fill(template)),
            branch: branch.template().map_or_else(|| default(BRANCH, service, environment), fill),
            path: path.template().map_or_else(|| PATH.to_owned(), fill),
        };
        if !committer::is_valid_branch_name(&place.branch) {
            let found = Diagnostic::new(format!("`{}` is not a name that git allows for a branch", place.branch));
            return Err(branch.at(found).hint("Give a name such as {service}/{environment}."));
        }
        wrong_path(&place.path).map_or(Ok(place), |why| {
            Err(path.at(Diagnostic::new(why)).hint(
                "Give a file below the branch's root (`manifest.yaml`), or a folder with a slash at its end (`apps/`).",
            ))
        })
    }
}

fn default(template: &str, service: &str, environment: &str) -> String {
    template.replace("{service}", service).replace("{environment}", environment)
}

/// One field of the destination and all who may say it.
struct Said<'a> {
    field: &'a str,
    typed: &'a Option<Template>,
    own: &'a Option<Template>,
    general: &'a Option<Template>,
    environment: &'a str,
    file: &'a str,
}

impl<'a> Said<'a> {
    fn template(&self) -> Option<&'a Template> {
        self.typed.as_ref().or(self.own.as_ref()).or(self.general.as_ref())
    }

    /// A finding, with the flag or the field that it is about.
    fn at(&self, finding: Diagnostic) -> Diagnostic {
        let Said { field, environment, .. } = self;
        if self.typed.is_some() {
            finding.field(format!("--{field}"))
        } else if self.own.is_some() {
            finding.in_file(self.file).field(format!("environments.{environment}.destination.{field}"))
        } else {
            finding.in_file(self.file).field(format!("destination.{field}"))
        }
    }
}

/// A path of this machine is made absolute, a URL (also git's short `host:path`) stays.
fn absolute_repository(base: &str, repository: &str) -> String {
    let url = repository.contains("://")
        || repository.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'));
    if url { repository.to_owned() } else { join(base, repository) }
}

/// Why a path cannot be one on a branch.
fn wrong_path(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return Some(format!("`{path}` is absolute"));
    }
    let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
    let unnameable = |part: &&str| matches!(*part, "" | "." | "..") || part.eq_ignore_ascii_case(".git");
    if path != "./" && parts.iter().any(unnameable) {
        return Some(format!("`{path}` has a part that names no file"));
    }
    let last = parts.last().filter(|last| **last == committer::metadata::METADATA)?;
    Some(format!("`{path}`: a delivery's record is called {last}"))
}

/// Two units must not land in one file, nor one's folder hold the other's file.
pub(super) fn one_file_each(units: &[Unit]) -> Result<(), Errors> {
    let mut sorted: Vec<&Unit> = units.iter().collect();
    sorted.sort_by_key(|unit| (&unit.repository, &unit.branch, &unit.path));
    let clash = |pair: &[&Unit]| -> Option<Diagnostic> {
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
            .hint("Put {service} and {environment} into `branch` or `path`.")
        })
    };
    Errors::check(sorted.windows(2).filter_map(clash).collect())
}
