//! The files that an artifact is built from, for `inputDigest`.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/graph/dependencies.go`, `docker/dependencies.go` and `build/list`.

use std::collections::{BTreeMap, BTreeSet};

use manifest::Diagnostic;

use super::docker_ignore::DockerIgnore;
use super::dockerfile::copied;
use super::tagging::Tagging;
use crate::files::{FileKind, join, parent};
use crate::host::{Program, ProgramKind};
use crate::skaffold::glob::{glob, matches, spans};
use crate::skaffold::model::{Artifact, Builder, Dockerfile, Sources};
use crate::skaffold::template::Missing;

/// The artifact's source files, relative to its context, sorted.
///
/// # Errors
/// A builder whose files only its own tool can list, and a source that does not exist.
pub(super) fn source_files(tagging: &Tagging<'_>, artifact: &Artifact) -> Result<Vec<String>, Diagnostic> {
    let context = join(tagging.inputs.working_dir, &artifact.context);
    let found = match &artifact.builder {
        Builder::Docker(dockerfile) => docker(tagging, &context, dockerfile)?,
        Builder::Kaniko { dockerfile, context_sub_path, .. } => {
            docker(tagging, &join(&context, context_sub_path), dockerfile)?
        }
        Builder::Custom { dockerfile: Some(dockerfile), .. } => docker(tagging, &context, dockerfile)?,
        Builder::Custom { dependencies_command, .. } if !dependencies_command.is_empty() => {
            listed_by_command(tagging, &context, dependencies_command)?
        }
        Builder::Custom { sources, .. } | Builder::Buildpacks { sources, .. } => listed(tagging, &context, sources)?,
        Builder::Ko { sources, .. } if sources.paths.is_empty() && sources.ignore.is_empty() => {
            let go = Sources { paths: vec!["**/*.go".to_owned()], ignore: Vec::new() };
            listed(tagging, &context, &go)?
        }
        Builder::Ko { sources, .. } => listed(tagging, &context, sources)?,
        Builder::Jib => return Err(needs_tool("jib", "Maven or Gradle")),
        Builder::Bazel { .. } => return Err(needs_tool("bazel", "Bazel")),
    };
    Ok(found.into_iter().collect())
}

fn needs_tool(builder: &str, tool: &str) -> Diagnostic {
    Diagnostic::new(format!("cannot determine the inputs of a {builder} artifact: hydrant does not run {tool}"))
        .hint("use `gitCommit` with `variant: AbbrevTreeSha`, or set the tag with --tag")
}

fn docker(tagging: &Tagging<'_>, context: &str, dockerfile: &Dockerfile) -> Result<BTreeSet<String>, Diagnostic> {
    let files = tagging.inputs.files;
    let own = [join(context, &dockerfile.path), join(tagging.inputs.working_dir, &dockerfile.path)];
    let Some(path) = own.iter().find(|path| files.kind(path).is_ok()) else {
        return Ok(BTreeSet::from([dockerfile.path.clone()]));
    };
    let text = files.read(path).map_err(|error| Diagnostic::new(error.to_string()).in_file(path))?;
    let text = String::from_utf8_lossy(&text);
    let mut arguments = BTreeMap::from([("SKAFFOLD_RUN_MODE".to_owned(), "render".to_owned())]);
    for (name, value) in &dockerfile.build_args {
        if let Some(value) = value {
            let value = tagging.inputs.templates().expand(value, &BTreeMap::new(), Missing::NoValue)?;
            arguments.insert(name.clone(), value);
        }
    }
    let ignore = docker_ignore(tagging, context, path)?;
    let mut found = BTreeSet::new();
    for sources in copied(&text, &arguments) {
        let hits = sources.iter().map(|source| hits(tagging, context, source)).collect::<Result<Vec<_>, _>>()?;
        if hits.iter().all(Vec::is_empty) {
            let found = format!("file pattern {} must match at least one file", sources.join(" "));
            return Err(Diagnostic::new(found).in_file(path));
        }
        for hit in hits.into_iter().flatten() {
            walk(tagging, context, &hit, &ignore, &mut found)?;
        }
    }
    found.insert(dockerfile.path.clone());
    found.remove(".dockerignore");
    Ok(found)
}

/// Returns the absolute paths that match a source of `COPY`.
fn hits(tagging: &Tagging<'_>, context: &str, source: &str) -> Result<Vec<String>, Diagnostic> {
    let source = source.trim_start_matches('/');
    let whole = join(context, source);
    if tagging.inputs.files.kind(&whole).is_ok() {
        return Ok(vec![whole]);
    }
    glob(tagging.inputs.files, context, source)
        .map_err(|error| Diagnostic::new(format!("cannot read {source}: {error}")))
}

fn docker_ignore(tagging: &Tagging<'_>, context: &str, dockerfile: &str) -> Result<DockerIgnore, Diagnostic> {
    for path in [format!("{dockerfile}.dockerignore"), join(context, ".dockerignore")] {
        if let Ok(text) = tagging.inputs.files.read(&path) {
            return DockerIgnore::read(&String::from_utf8_lossy(&text))
                .map_err(|pattern| Diagnostic::new(format!("invalid pattern {pattern:?}")).in_file(path));
        }
    }
    Ok(DockerIgnore::default())
}

/// Adds the paths at and below `start` that are not excluded; of folders only empty ones.
fn walk(
    tagging: &Tagging<'_>,
    context: &str,
    start: &str,
    ignore: &DockerIgnore,
    found: &mut BTreeSet<String>,
) -> Result<(), Diagnostic> {
    let files = tagging.inputs.files;
    let mut open = vec![start.to_owned()];
    while let Some(path) = open.pop() {
        let name = relative(context, &path);
        let folder = is_folder(tagging, &path);
        let out = !(folder && path == start) && ignore.leaves_out(&name);
        if out && !(folder && ignore.may_keep_below(&name)) {
            continue;
        }
        let below = if folder {
            files.list(&path).map_err(|error| Diagnostic::new(error.to_string()).in_file(&path))?
        } else {
            Vec::new()
        };
        if !out && below.is_empty() {
            found.insert(name);
        }
        open.extend(below.iter().map(|name| join(&path, name)));
    }
    Ok(())
}

/// Whether the path itself is a folder, not a link to one.
fn is_folder(tagging: &Tagging<'_>, path: &str) -> bool {
    matches!(tagging.inputs.files.kind(path), Ok(FileKind::Folder)) && !is_link(tagging, path)
}

/// Whether the last part of the path is a symbolic link.
pub(super) fn is_link(tagging: &Tagging<'_>, path: &str) -> bool {
    let files = tagging.inputs.files;
    let name = path.rsplit('/').next().unwrap_or_default();
    match (files.real(path), files.real(parent(path))) {
        (Ok(real), Ok(folder)) => real != join(&folder, name),
        _ => false,
    }
}

/// `path` as seen from `context`, both absolute (Go's `filepath.Rel`).
pub(super) fn relative(context: &str, path: &str) -> String {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(context), parts(path));
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let made = up.chain(to[same..].iter().cloned()).collect::<Vec<_>>().join("/");
    if made.is_empty() { ".".to_owned() } else { made }
}

/// `dependencies.command` of a custom artifact: it prints a JSON list.
fn listed_by_command(tagging: &Tagging<'_>, context: &str, command: &str) -> Result<BTreeSet<String>, Diagnostic> {
    let arguments: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let (folder, kind) = (context.to_owned(), ProgramKind::Source);
    let program = Program { arguments, folder, variables: Vec::new(), input: Vec::new(), kind };
    let finished = tagging.inputs.host.run(&program)?;
    if finished.status != Some(0) {
        let stderr = String::from_utf8_lossy(&finished.stderr).trim().to_owned();
        return Err(Diagnostic::new(format!("getting dependencies from command {command:?}: {stderr}")));
    }
    serde_json::from_slice(&finished.stdout).map_err(|error| {
        Diagnostic::new(format!("expected a JSON list of strings as the output of {command:?}: {error}"))
    })
}

/// `paths` and `ignore`, in which `**` stands for any number of folders.
fn listed(tagging: &Tagging<'_>, context: &str, sources: &Sources) -> Result<BTreeSet<String>, Diagnostic> {
    let mut all = BTreeSet::new();
    let mut open = vec![context.to_owned()];
    while let Some(path) = open.pop() {
        let name = relative(context, &path);
        if excluded(&sources.ignore, &name)? {
            continue;
        }
        if is_folder(tagging, &path) {
            let below = tagging.inputs.files.list(&path);
            let below = below.map_err(|error| Diagnostic::new(error.to_string()).in_file(&path))?;
            open.extend(below.iter().map(|name| join(&path, name)));
        } else {
            all.insert(name);
        }
    }
    let mut found = BTreeSet::new();
    for pattern in &sources.paths {
        let pattern = relative(context, &join(context, pattern));
        let before = found.len();
        for name in &all {
            if covers(&pattern, name)? {
                found.insert(name.clone());
            }
        }
        if found.len() == before && !any_covered(&pattern, &all)? {
            return Err(Diagnostic::new(format!("pattern {pattern:?} did not match any file")));
        }
    }
    Ok(found)
}

fn any_covered(pattern: &str, all: &BTreeSet<String>) -> Result<bool, Diagnostic> {
    all.iter().try_fold(false, |found, name| Ok(found || covers(pattern, name)?))
}

fn excluded(ignore: &[String], name: &str) -> Result<bool, Diagnostic> {
    ignore.iter().try_fold(false, |found, pattern| Ok(found || path_matches(pattern, name)?))
}

/// Whether the pattern names the file or a folder above it.
fn covers(pattern: &str, name: &str) -> Result<bool, Diagnostic> {
    if pattern == "." {
        return Ok(true);
    }
    let above = name.match_indices('/').map(|(at, _)| &name[..at]);
    above.chain([name]).try_fold(false, |found, part| Ok(found || path_matches(pattern, part)?))
}

/// Matches part by part; `**` takes any number of parts.
fn path_matches(pattern: &str, name: &str) -> Result<bool, Diagnostic> {
    let bad = |pattern: &str| Diagnostic::new(format!("{pattern:?}: syntax error in pattern"));
    if pattern.contains('{') {
        return Err(bad(pattern).hint("write `{a,b}` as two patterns"));
    }
    let parts: Vec<&str> = pattern.split('/').collect();
    if let Some(wrong) = parts.iter().find(|part| matches(part, "").is_err()) {
        return Err(bad(wrong));
    }
    let name: Vec<&str> = name.split('/').collect();
    Ok(spans(&parts, &name, &|expected, part| matches(expected, part).unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stars_take_folders() {
        let cases = [
            ("**/*.go", "a.go", true),
            ("**/*.go", "a/b/c.go", true),
            ("*/*.go", "a/b/c.go", false),
            ("**", "a/b", true),
            ("a/**/c", "a/c", true),
            ("a/**", "b/c", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(path_matches(pattern, name).unwrap(), expected, "{pattern} {name}");
        }
    }
}
