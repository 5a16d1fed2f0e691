//! What Flux wants.

use std::fmt::Write;

use super::{From, Pull, quoted};

/// The source and the Kustomization that applies it.
pub(super) fn source_and_kustomization(pull: &Pull, namespace: &str) -> String {
    let Pull { name, folder, .. } = pull;
    let (kind, spec) = match &pull.from {
        From::Branch { repository, branch } => {
            let ignore = ignore(folder, pull.file.as_deref().unwrap_or("*.yaml"));
            let (url, branch) = (quoted(repository), quoted(branch));
            ("GitRepository", format!("  url: {url}\n  ref:\n    branch: {branch}\n  ignore: |\n{ignore}"))
        }
        From::Artifact { url, tag } => {
            ("OCIRepository", format!("  url: {}\n  ref:\n    tag: {}\n", quoted(url), quoted(tag)))
        }
    };
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 1m\n{spec}---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 10m\n  sourceRef:\n    kind: {kind}\n    name: {name}\n  path: {}\n  prune: true\n  wait: true\n  timeout: 5m\n",
        quoted(&format!("./{folder}")),
    )
}

/// Everything is ignored but the manifests, so that the record is not applied. A file in an ignored folder cannot be
/// included again (gitignore), so each parent folder is included as well.
fn ignore(folder: &str, keep: &str) -> String {
    let (mut text, mut way) = ("    /*\n".to_owned(), String::new());
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        way = format!("{way}/{part}");
        // A String takes whatever is written to it.
        let _ = writeln!(text, "    !{way}\n    {way}/*");
    }
    let _ = writeln!(text, "    !{way}/{keep}");
    text
}
