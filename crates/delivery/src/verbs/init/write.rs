//! The text of a `hydrant.yaml` to start from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use manifest::Diagnostic;

use super::globs::globs;
use super::write_releases;
use super::{Candidate, Choices, How, Inspection, Layout, LeftOut};
use crate::config::{Host, Template};

/// The most folders that a comment lists for one reason.
const MAX_LISTED: usize = 10;

const HEAD: &str = "\
# What is delivered, and where to: https://github.com/hydrant-dev/hydrant/blob/main/docs/config.md
apiVersion: hydrant/v1
kind: Delivery
";

/// A commented `hydrant.yaml` for what was found.
///
/// # Errors
/// Where there is nothing to deliver, and an unknown environment in `choices.review`.
pub fn write(found: &Inspection, choices: &Choices) -> Result<String, Diagnostic> {
    if found.services.is_empty() && found.layouts.is_empty() && found.releases.is_empty() {
        return Err(Diagnostic::new("no skaffold.yaml, kustomization or Helm chart found")
            .hint("run it at the root of the repository, or write the file as docs/config.md shows"));
    }
    if let Some(repository) = choices.repository.as_ref().map(Template::text)
        && net::redact::text(repository) != repository
    {
        return Err(Diagnostic::new("the URL of the repository has credentials, which belong in no file")
            .field("--repository")
            .hint("leave them out, and set HYDRANT_GIT_TOKEN or configure a credential helper"));
    }
    let environments = choices.environments(found);
    if let Some(name) = choices.review.iter().find(|name| !environments.contains(name)) {
        let known = environments.join(", ");
        return Err(Diagnostic::new(format!("unknown environment \"{name}\""))
            .field("--review")
            .hint(format!("use one of {known}")));
    }
    let mut text = String::from(HEAD);
    services(&mut text, found, &environments);
    environment_entries(&mut text, found, choices, &environments);
    destination(&mut text, choices);
    text.push_str("policy:\n  images: pinned     # pinned | built | any\n  secrets: refuse    # refuse | allow\n");
    Ok(text)
}

fn environment_entries(text: &mut String, found: &Inspection, choices: &Choices, environments: &[String]) {
    text.push_str("environments:\n");
    for name in environments {
        let review = match choices.review_host {
            Some(host) => format!("    review: {{pullRequest: {{host: {}}}}}\n", host_name(host)),
            None => "    review: pull-request\n".to_owned(),
        };
        let review = choices.review.contains(name).then_some(review);
        let repo = choices.default_repo.as_ref().map(|repo| format!("    defaultRepo: {repo:?}\n"));
        let special: String = repo.into_iter().chain(review).collect();
        // A String takes whatever is written to it.
        let _ = match special.as_str() {
            "" => writeln!(text, "  {name:?}: {{}}"),
            special => write!(text, "  {name:?}:\n{special}"),
        };
    }
    if found.environments.is_empty() && choices.environments.is_empty() {
        text.push_str(
            "  # No profile and no overlay was found: an environment of any name renders the config as it is.\n",
        );
    }
    if choices.default_repo.is_none() && found.services.iter().any(|one| one.how == How::Skaffold) {
        text.push_str(
            "  # defaultRepo: 123456789012.dkr.ecr.eu-central-1.amazonaws.com   what --default-repo is in Skaffold\n",
        );
    }
    if choices.review.is_empty() {
        text.push_str("  # review: pull-request\n");
    }
}

fn destination(text: &mut String, choices: &Choices) {
    text.push_str("destination:\n");
    let _ = match &choices.repository {
        Some(repository) => writeln!(text, "  repository: {:?}", repository.text()),
        None => writeln!(
            text,
            "  # A URL, or a path: a path that does not exist becomes a bare repository.\n  repository: manifests.git"
        ),
    };
    let branch = choices.branch.as_ref().map_or("{service}/{environment}", Template::text);
    let path = choices.path.as_ref().map_or("manifest.yaml", Template::text);
    let quoted = if path.contains(['{', ':', '#']) { format!("{path:?}") } else { path.to_owned() };
    let _ = writeln!(text, "  branch: {branch:?}\n  path: {quoted}");
}

/// One entry for folders that are rendered alike in the same environments.
fn services(text: &mut String, found: &Inspection, environments: &[String]) {
    let mut alike: BTreeMap<(&How, Vec<&String>), Vec<&str>> = BTreeMap::new();
    let (here, elsewhere): (Vec<&Candidate>, Vec<&Candidate>) =
        found.services.iter().partition(|service| environments.iter().any(|name| service.has(name)));
    for service in here {
        alike.entry((&service.how, only(service, environments))).or_default().push(&service.folder);
    }
    text.push_str("services:\n");
    layouts(text, found, environments);
    let in_layouts: BTreeSet<&str> =
        found.layouts.iter().flat_map(|layout| &layout.units).map(|unit| unit.service.as_str()).collect();
    let several = |folder: &str| {
        in_layouts.contains(last(folder))
            || found.services.iter().filter(|one| last(&one.folder) == last(folder)).count() > 1
    };
    let in_folders = found.services.iter().map(|one| last(&one.folder));
    let in_layouts_and_folders: BTreeSet<&str> = in_layouts.iter().copied().chain(in_folders).collect();
    for ((how, only), folders) in alike {
        let marked = !matches!(how, How::Kustomize);
        if folders.iter().any(|folder| several(folder)) {
            for folder in folders {
                entry(text, how, folder, several(folder).then(|| folder.replace('/', "-")), &only);
            }
            continue;
        }
        for glob in globs(&folders, marked, &found.folders) {
            // A service in the root folder has no folder to be named after.
            let name = (glob == ".").then(|| found.root_name.clone());
            entry(text, how, &glob, name, &only);
        }
    }
    write_releases::write(text, &found.releases, environments, &in_layouts_and_folders);
    for Candidate { folder, environments, .. } in elsewhere {
        let _ = writeln!(text, "# {folder} has none of these environments, but {}.", environments.join(", "));
    }
    left_out(text, found);
    if !found.dockerfiles.is_empty() {
        let folder = |folder: &String| if folder.is_empty() { ".".to_owned() } else { folder.clone() };
        let folders: Vec<String> = found.dockerfiles.iter().map(folder).collect();
        let _ = writeln!(
            text,
            "# A Dockerfile and no skaffold.yaml: {}. Their images are those that the manifests name.",
            folders.join(", ")
        );
    }
}

/// One entry for each layout that has a unit in these environments.
fn layouts(text: &mut String, found: &Inspection, environments: &[String]) {
    for Layout { pattern, service, units } in &found.layouts {
        let delivered = units.iter().filter(|unit| environments.contains(&unit.environment)).count();
        let marker = if delivered == 0 { "# " } else { "" };
        let count = if delivered == 1 { "1 unit".to_owned() } else { format!("{delivered} units") };
        // A String takes whatever is written to it.
        let _ = match service {
            None => writeln!(text, "{marker}- kustomize: {}   # {count}", plain(pattern)),
            Some(service) => {
                writeln!(text, "{marker}- service: {service:?}\n{marker}  kustomize: {}   # {count}", plain(pattern))
            }
        };
    }
}

/// The folders that are not delivered, as a comment with one line a reason.
fn left_out(text: &mut String, found: &Inspection) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for LeftOut { folder, reason } in &found.left_out {
        reasons.entry(reason).or_default().push(if folder.is_empty() { "." } else { folder });
    }
    if !reasons.is_empty() {
        text.push_str("# Left out:\n");
    }
    for (reason, folders) in reasons {
        let shown = folders.iter().take(MAX_LISTED).copied().collect::<Vec<_>>().join(", ");
        let more = folders.len().saturating_sub(MAX_LISTED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(text, "#   {reason}: {shown}{more}");
    }
}

/// One entry. A service whose folder has the same name as another's gets a distinct name.
fn entry(text: &mut String, how: &How, path: &str, name: Option<String>, only: &[&String]) {
    // A String takes whatever is written to it.
    let _ = match how {
        How::Skaffold if name.is_none() && only.is_empty() => writeln!(text, "- {path:?}"),
        _ => writeln!(text, "- path: {path:?}"),
    };
    if let Some(name) = name {
        let _ = writeln!(text, "  name: {name:?}");
    }
    let _ = match how {
        How::Skaffold => Ok(()),
        How::Kustomize => writeln!(text, "  kustomize: ."),
        How::Helm(Some(values)) => writeln!(text, "  helm: {{values: {values:?}}}"),
        How::Helm(None) => writeln!(text, "  helm: {{}}"),
    };
    if !only.is_empty() {
        let _ = writeln!(text, "  environments: {only:?}");
    }
}

fn host_name(host: Host) -> &'static str {
    match host {
        Host::Github => "github",
        Host::Gitlab => "gitlab",
        Host::Gitea => "gitea",
        Host::None => "none",
    }
}

fn last(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or_default()
}

/// The environments that a service has, where it does not have all of them.
fn only<'a>(service: &Candidate, environments: &'a [String]) -> Vec<&'a String> {
    let only: Vec<&String> = environments.iter().filter(|name| service.has(name)).collect();
    if only.len() == environments.len() { Vec::new() } else { only }
}

/// A folder as a plain YAML scalar, where braces do not begin it.
fn plain(folder: &str) -> String {
    if folder.starts_with('{') { format!("{folder:?}") } else { folder.to_owned() }
}
