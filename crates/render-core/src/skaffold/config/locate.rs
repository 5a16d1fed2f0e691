//! Resolves an entry of `requires`: another file, a file of a repository, or the same file.

use manifest::{Diagnostic, Node};

use super::document::{Source, is_url};
use crate::files::{FileError, FileKind, Files, join};
use crate::host::{Host, RemoteRepository};

/// The timeout of fetching a repository, in seconds.
const FETCH: u64 = 300;

/// The file that an entry of `requires` names.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// Its absolute path, or its URL.
    pub path: String,
    /// Its name in messages.
    pub shown: String,
    /// Whether it is in a repository that was fetched.
    pub remote: bool,
}

/// The file that `entry` of `source` refers to; `None` if it names no file, which means the same file. A path is read from
/// the folder of the file that requires it; one of a folder means the `skaffold.yaml` in it.
///
/// # Errors
/// A path that does not exist, a repository that cannot be fetched, and Google Cloud Storage; each at the position of `by`.
pub(super) fn locate(
    files: &dyn Files,
    host: &dyn Host,
    working_dir: &str,
    source: &Source,
    entry: &Node,
    by: &Diagnostic,
) -> Result<Option<Located>, Diagnostic> {
    for name in ["googleCloudBuildRepoV2", "googleCloudStorage"] {
        if let Some(found) = entry.get(name) {
            let one = place(by, found, name, "Google Cloud Storage is not supported");
            return Err(one.hint("download the config, and require it by `path`"));
        }
    }
    if let Some(git) = entry.get("git") {
        let (path, shown) = repository(host, git, source, by)?;
        return config_file(files, path, shown, git, by)
            .map(|(path, shown)| Some(Located { path, shown, remote: true }));
    }
    let Some(written) = entry.get("path") else { return Ok(None) };
    let text = written.text().unwrap_or_default();
    if is_url(text) {
        return Ok(Some(Located { path: text.to_owned(), shown: text.to_owned(), remote: false }));
    }
    let from = if is_url(&source.key) || source.key == "-" { working_dir } else { &source.folder };
    let path = join(from, text);
    if is_remote(host, source) && host.repository_root(&path).is_none() {
        let one = place(by, written, "path", "a remote config must not name files outside of its repository");
        return Err(one.hint("name a path inside the repository"));
    }
    config_file(files, path.clone(), path, written, by)
        .map(|(path, shown)| Some(Located { path, shown, remote: false }))
}

/// A diagnostic about a field below the entry.
fn place(by: &Diagnostic, node: &Node, name: &str, message: &str) -> Diagnostic {
    let entry = by.field.as_deref().unwrap_or_default();
    let one = Diagnostic { message: message.to_owned(), at: node.at, ..by.clone() };
    Diagnostic { field: Some(format!("{entry}.{name}")), ..one }
}

/// The path itself, or `skaffold.yaml` in it where it is a folder.
fn config_file(
    files: &dyn Files,
    path: String,
    shown: String,
    written: &Node,
    by: &Diagnostic,
) -> Result<(String, String), Diagnostic> {
    match files.kind(&path) {
        Ok(FileKind::Folder) => {
            Ok((join(&path, "skaffold.yaml"), format!("{}/skaffold.yaml", shown.trim_end_matches('/'))))
        }
        Ok(FileKind::File) => Ok((path, shown)),
        // `skaffold.yml` may still be there.
        Err(FileError::Missing) if path.ends_with("/skaffold.yaml") => Ok((path, shown)),
        Err(error) => {
            let one = place(by, written, "path", &format!("cannot read {shown}: {error}"));
            let from =
                if is_url(&shown) { "the root of the repository" } else { "the folder of the file that requires it" };
            Err(one.hint(format!("check the path: it is relative to {from}")))
        }
    }
}

/// Whether the file lies in a remote repository.
fn is_remote(host: &dyn Host, source: &Source) -> bool {
    host.repository_root(&source.folder).is_some()
}

/// The path of a config in a git repository, and how it is shown.
fn repository(host: &dyn Host, git: &Node, source: &Source, by: &Diagnostic) -> Result<(String, String), Diagnostic> {
    let text = |key: &str| git.get(key).and_then(Node::text).filter(|text| !text.is_empty());
    let Some(url) = text("repo") else {
        return Err(place(by, git, "git.repo", "is missing").hint("set the repository's URL"));
    };
    let repository = RemoteRepository {
        url: url.to_owned(),
        revision: text("ref").map(str::to_owned),
        submodules: false,
        timeout: FETCH,
    };
    if repository.is_local() && is_remote(host, source) {
        let message = format!("a remote config must not name a repository on this machine: {url}");
        return Err(place(by, git, "git", &message).hint("name it by its URL at a git host"));
    }
    let root = host.repository(&repository).map_err(|error| {
        let here = place(by, git, "git", &error.message);
        Diagnostic { hints: error.hints, ..here }
    })?;
    // A path that begins with `/` or climbs with `..` stays inside the repository.
    let inside = join("/", text("path").unwrap_or_default());
    Ok((join(&root, inside.trim_start_matches('/')), format!("{url}/{inside}")))
}
