//! What Argo CD wants.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{From, Options, Pull, quoted};

/// The cluster that Argo CD runs in.
const IN_CLUSTER: &str = "https://kubernetes.default.svc";
/// The label of a generated Application with the number of units before it.
const WAVE: &str = "hydrant-wave";
/// The sync policy of the Application.
const POLICY: &str = "syncPolicy:\n  automated:\n    prune: true\n    selfHeal: true\n";

/// One Application.
pub(super) fn application(pull: &Pull, options: &Options) -> String {
    let source = Source::of(pull);
    let wave = match pull.order.wave {
        0 => String::new(),
        wave => format!("  annotations:\n    argocd.argoproj.io/sync-wave: \"{wave}\"\n"),
    };
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {}\n  namespace: {}\n{wave}spec:\n{}",
        pull.name,
        options.namespace,
        indented(&spec(&source.map(quoted), options), 2)
    )
}

/// One ApplicationSet with an element a unit.
pub(super) fn application_set(pulls: &[Pull], options: &Options) -> String {
    let namespace = &options.namespace;
    let mut text = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata:\n  name: hydrant\n  namespace: {namespace}\nspec:\n  \
         goTemplate: true\n  goTemplateOptions: [missingkey=error]\n"
    );
    let steps: BTreeSet<usize> = pulls.iter().map(|pull| pull.order.wave).collect();
    let is_ordered = steps.len() > 1;
    if is_ordered {
        text.push_str(&rolling_sync(&steps));
    }
    text.push_str("  generators:\n  - list:\n      elements:\n");
    for pull in pulls {
        let Source { repository, revision, path, include, cluster, server, namespace } = Source::of(pull).map(quoted);
        // A String takes whatever is written to it.
        let _ = writeln!(
            text,
            "      - name: {}\n        repository: {repository}\n        revision: {revision}\n        path: {path}\n        include: {include}\n        cluster: {cluster}\n        \
             server: {server}\n        namespace: {namespace}",
            pull.name
        );
        if is_ordered {
            let _ = writeln!(text, "        wave: \"{}\"", pull.order.wave);
        }
    }
    let labels = if is_ordered { format!("      labels:\n        {WAVE}: \"{{{{.wave}}}}\"\n") } else { String::new() };
    text.push_str(&format!("  template:\n    metadata:\n      name: \"{{{{.name}}}}\"\n{labels}    spec:\n"));
    let placeholder = |placeholder: &str| format!("\"{{{{.{placeholder}}}}}\"");
    let placeholders = Source {
        repository: placeholder("repository"),
        revision: placeholder("revision"),
        path: placeholder("path"),
        include: placeholder("include"),
        cluster: placeholder("cluster"),
        server: placeholder("server"),
        namespace: placeholder("namespace"),
    };
    text + &indented(&spec(&placeholders, options), 6)
}

/// The strategy by which the controller syncs the Applications of one wave after those of the one before are healthy. It has no sync waves.
fn rolling_sync(waves: &BTreeSet<usize>) -> String {
    let step = |wave: &usize| {
        format!(
            "      - matchExpressions:\n        - key: {WAVE}\n          operator: In\n          values: [\"{wave}\"]\n"
        )
    };
    let steps: String = waves.iter().map(step).collect();
    format!("  strategy:\n    type: RollingSync\n    rollingSync:\n      steps:\n{steps}")
}

/// What is pulled, in Argo CD's fields.
struct Source {
    repository: String,
    revision: String,
    path: String,
    include: String,
    /// The name of the cluster; empty where the server is set.
    cluster: String,
    /// The URL of the cluster's API server; empty where the name is set.
    server: String,
    /// The namespace of objects that name none.
    namespace: String,
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
        let cluster = pull.cluster.name.clone().unwrap_or_default();
        // Argo CD takes one of the two.
        let server = match &pull.cluster.server {
            Some(server) if cluster.is_empty() => server.clone(),
            None if cluster.is_empty() => IN_CLUSTER.to_owned(),
            _ => String::new(),
        };
        Source {
            repository,
            revision,
            path: path.to_owned(),
            include: include.to_owned(),
            cluster,
            server,
            namespace: pull.namespace.clone().unwrap_or_default(),
        }
    }

    fn map(self, change: impl Fn(&str) -> String) -> Self {
        Source {
            repository: change(&self.repository),
            revision: change(&self.revision),
            path: change(&self.path),
            include: change(&self.include),
            cluster: change(&self.cluster),
            server: change(&self.server),
            namespace: change(&self.namespace),
        }
    }
}

fn spec(source: &Source, options: &Options) -> String {
    let Source { repository, revision, path, include, cluster, server, namespace } = source;
    let project = options.project.as_deref().map_or_else(|| "default".to_owned(), quoted);
    let destination: String = [("name", cluster), ("server", server), ("namespace", namespace)]
        .into_iter()
        .filter(|(_, value)| *value != "\"\"")
        .map(|(field, value)| format!("  {field}: {value}\n"))
        .collect();
    format!(
        "project: {project}\nsource:\n  repoURL: {repository}\n  targetRevision: {revision}\n  path: {path}\n  directory:\n    \
         include: {include}\ndestination:\n{destination}{POLICY}"
    )
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
