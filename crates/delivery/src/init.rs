//! `hydrant init`: looks at a repository and writes a `hydrant.yaml` to start from.

use std::collections::BTreeSet;
use std::fmt::Write;

use manifest::{Diagnostic, Node, yaml};
use render_core::files::{FileKind, Files, join, parent};

/// What was found in a repository. Paths are below its root, empty for the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Folders with a `skaffold.yaml`.
    pub skaffold: Vec<String>,
    /// Folders with kustomize overlays (`overlays/NAME/kustomization.yaml`), without a `skaffold.yaml` above them.
    pub overlays: Vec<String>,
    /// The environments: the profiles of the Skaffold configs and the names of the overlays, sorted.
    pub environments: Vec<String>,
}

/// How deep folders are looked through.
const DEEPEST: usize = 6;

/// Looks through the folders below `root`, hidden ones, `node_modules` and `target` left out.
///
/// # Errors
/// A folder that cannot be read.
pub fn look(files: &dyn Files, root: &str) -> Result<Found, Diagnostic> {
    let (mut found, mut environments) = (Found::default(), BTreeSet::new());
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let names = files.list(&folder).map_err(|error| Diagnostic::new(error.to_string()).in_file(&folder))?;
        let below = folder.strip_prefix(root).unwrap_or(&folder).trim_start_matches('/').to_owned();
        if names.iter().any(|name| name == "skaffold.yaml") {
            environments.extend(profiles(files, &join(&folder, "skaffold.yaml")));
            found.skaffold.push(below);
            continue;
        }
        if folder.ends_with("/overlays") {
            let named =
                names.iter().filter(|name| files.kind(&join(&folder, &format!("{name}/kustomization.yaml"))).is_ok());
            let named: Vec<String> = named.cloned().collect();
            if !named.is_empty() {
                let service = parent(&folder).strip_prefix(root).unwrap_or_default().trim_start_matches('/');
                found.overlays.push(service.to_owned());
                environments.extend(named);
            }
            continue;
        }
        let skipped = |name: &str| name.starts_with('.') || matches!(name, "node_modules" | "target" | "vendor");
        for name in names.iter().filter(|name| depth < DEEPEST && !skipped(name)) {
            let path = join(&folder, name);
            if files.kind(&path) == Ok(FileKind::Folder) {
                open.push((path, depth + 1));
            }
        }
    }
    found.skaffold.sort_unstable();
    found.overlays.sort_unstable();
    found.environments = environments.into_iter().collect();
    Ok(found)
}

fn profiles(files: &dyn Files, path: &str) -> Vec<String> {
    let Some(documents) = files.read(path).ok().and_then(|bytes| yaml::read_stream(&bytes).ok()) else {
        return Vec::new();
    };
    let profiles = documents.iter().filter_map(|document| document.get("profiles")?.as_seq()).flatten();
    profiles.filter_map(|profile| profile.get("name").and_then(Node::text)).map(str::to_owned).collect()
}

/// A commented `hydrant.yaml` for what was found.
///
/// # Errors
/// Where there is nothing to deliver.
pub fn write(found: &Found, repository: Option<&str>) -> Result<String, Diagnostic> {
    if found.skaffold.is_empty() && found.overlays.is_empty() {
        return Err(Diagnostic::new("there is no skaffold.yaml and no overlays/NAME/kustomization.yaml here")
            .hint("Run it at the root of the repository; docs/config.md shows how to write the file by hand."));
    }
    let mut text = String::from(
        "# What is delivered, and where to: https://github.com/hydrant-dev/hydrant/blob/main/docs/config.md\napiVersion: hydrant/v1\nkind: Delivery\nservices:\n",
    );
    // A String takes whatever is written to it.
    for glob in globs(&found.skaffold) {
        let _ = writeln!(text, "- {glob:?}");
    }
    for glob in globs(&found.overlays) {
        let _ = writeln!(text, "- path: {glob:?}\n  kustomize: overlays/{{environment}}");
    }
    text.push_str("environments:\n");
    for environment in &found.environments {
        let _ = writeln!(text, "  {environment:?}: {{}}");
    }
    if found.environments.is_empty() {
        text.push_str("  # No profile and no overlay was found: an environment of any name renders the config as it is.\n  production: {}\n");
    }
    text.push_str("  # defaultRepo: 123456789012.dkr.ecr.eu-central-1.amazonaws.com   what --default-repo is in Skaffold\n  # review: pull-request\n");
    text.push_str("destination:\n");
    let _ = match repository {
        Some(repository) => writeln!(text, "  repository: {repository:?}"),
        None => writeln!(
            text,
            "  # A URL, or a path: a path that does not exist becomes a bare repository.\n  repository: manifests.git"
        ),
    };
    text.push_str("  branch: \"{service}/{environment}\"\n  path: manifest.yaml\npolicy:\n  images: pinned     # pinned | built | any\n  secrets: refuse    # refuse | allow\n");
    Ok(text)
}

/// One glob for folders that lie beside each other, the folder itself where it is alone.
fn globs(folders: &[String]) -> Vec<String> {
    let above = |folder: &str| folder.rsplit_once('/').map_or(String::new(), |(above, _)| above.to_owned());
    let mut globs = Vec::new();
    for folder in folders {
        let beside = folders.iter().filter(|other| above(other) == above(folder) && !other.is_empty()).count();
        let glob = match (beside, above(folder).as_str()) {
            (0 | 1, _) if folder.is_empty() => ".".to_owned(),
            (0 | 1, _) => folder.clone(),
            (_, "") => "*".to_owned(),
            (_, above) => format!("{above}/*"),
        };
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    globs
}
