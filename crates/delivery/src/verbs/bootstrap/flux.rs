//! What Flux wants.

use std::fmt::Write;

use super::{From, Options, Pull, quoted};

/// The source and the Kustomization that applies it.
pub(super) fn source_and_kustomization(pull: &Pull, options: &Options) -> String {
    let Pull { name, folder, .. } = pull;
    let namespace = &options.namespace;
    let secret =
        options.secret.as_ref().map_or_else(String::new, |name| format!("  secretRef:\n    name: {}\n", quoted(name)));
    let insecure = if pull.insecure { "  insecure: true\n" } else { "" };
    let target = pull.namespace.as_ref();
    let target = target.map_or_else(String::new, |name| format!("  targetNamespace: {}\n", quoted(name)));
    let after = pull.order.after.as_ref();
    let depends_on = after.map_or_else(String::new, |name| format!("  dependsOn:\n  - name: {name}\n"));
    let (kind, spec) = match &pull.from {
        From::Branch { repository, branch } => {
            let ignore = ignore(folder, pull.file.as_deref().unwrap_or("*.yaml"));
            let (url, branch) = (quoted(&url(repository)), quoted(branch));
            ("GitRepository", format!("  url: {url}\n  ref:\n    branch: {branch}\n  ignore: |\n{ignore}"))
        }
        From::Artifact { url, tag } => {
            ("OCIRepository", format!("  url: {}\n  ref:\n    tag: {}\n", quoted(url), quoted(tag)))
        }
    };
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 1m\n{spec}{secret}{insecure}---\n\
         apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  \
         interval: 10m\n  retryInterval: 1m\n  sourceRef:\n    kind: {kind}\n    name: {name}\n  path: {}\n  prune: true\n  wait: true\n  timeout: 5m\n{target}{depends_on}",
        quoted(&format!("./{folder}")),
    )
}

/// Flux takes `ssh://git@host/path` and not git's short form `git@host:path` (GitRepository, `spec.url`).
fn url(repository: &str) -> String {
    match repository.split_once(':') {
        Some((host, path)) if !repository.contains("://") && !host.contains('/') => {
            format!("ssh://{host}/{}", path.trim_start_matches('/'))
        }
        _ => repository.to_owned(),
    }
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
