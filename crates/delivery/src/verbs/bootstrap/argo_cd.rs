//! What Argo CD wants.

use std::fmt::Write;

use super::{From, Pull, quoted};

/// The sync policy of the Application.
const POLICY: &str = "syncPolicy:\n  automated:\n    prune: true\n    selfHeal: true\n";

/// One Application.
pub(super) fn application(pull: &Pull, namespace: &str) -> String {
    let source = Source::of(pull);
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {}\n  namespace: {namespace}\nspec:\n{}",
        pull.name,
        indented(&spec(&source.map(quoted)), 2)
    )
}

/// One ApplicationSet with an element a unit.
pub(super) fn application_set(pulls: &[Pull], namespace: &str) -> String {
    let mut text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: hydrant\n  namespace: {namespace}\nspec:\n  \
         goTemplate: true\n  goTemplateOptions: [missingkey=error]\n  generators:\n  - list:\n      elements:\n"
    );
    for pull in pulls {
        let Source { repository, revision, path, include } = Source::of(pull).map(quoted);
        // A String takes whatever is written to it.
        let _ = writeln!(
            text,
            "      - name: {}\n        repository: {repository}\n        revision: {revision}\n        path: {path}\n        include: {include}",
            pull.name
        );
    }
    text.push_str("  template:\n    metadata:\n      name: \"{{.name}}\"\n    spec:\n");
    let placeholder = |placeholder: &str| format!("\"{{{{.{placeholder}}}}}\"");
    let placeholders = Source {
        repository: placeholder("repository"),
        revision: placeholder("revision"),
        path: placeholder("path"),
        include: placeholder("include"),
    };
    text + &indented(&spec(&placeholders), 6)
}

/// What is pulled, in Argo CD's fields.
struct Source {
    repository: String,
    revision: String,
    path: String,
    include: String,
}

impl Source {
    fn of(pull: &Pull) -> Self {
        let (repository, revision) = match &pull.from {
            // Without `refs/heads/`, the revision could also be a tag.
            From::Branch { repository, branch } => (repository.clone(), format!("refs/heads/{branch}")),
            From::Artifact { url, tag } => (url.clone(), tag.clone()),
        };
        let path = if pull.folder.is_empty() { "." } else { &pull.folder };
        // The record is not a manifest.
        let include = pull.file.as_deref().unwrap_or("*.yaml");
        Source { repository, revision, path: path.to_owned(), include: include.to_owned() }
    }

    fn map(self, change: impl Fn(&str) -> String) -> Self {
        Source {
            repository: change(&self.repository),
            revision: change(&self.revision),
            path: change(&self.path),
            include: change(&self.include),
        }
    }
}

fn spec(source: &Source) -> String {
    let Source { repository, revision, path, include } = source;
    format!(
        "project: default\nsource:\n  repoURL: {repository}\n  targetRevision: {revision}\n  path: {path}\n  directory:\n    \
         include: {include}\ndestination:\n  server: https://kubernetes.default.svc\n{POLICY}"
    )
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
