//! Globs of folders.

use manifest::Diagnostic;
use render_core::files::{FileKind, Files, join};

use crate::config::glob::Glob;

/// The folders that match one part of a glob. Hidden ones match only a part that begins with a dot.
pub(super) fn step(files: &dyn Files, open: &[String], part: &str) -> Result<Vec<String>, Diagnostic> {
    if part == "**" {
        return below(files, open);
    }
    if !part.contains(['*', '?', '[', '{']) {
        let named = open.iter().map(|folder| join(folder, part));
        return Ok(named.filter(|folder| files.kind(folder) == Ok(FileKind::Folder)).collect());
    }
    let glob = Glob::new(part, true).map_err(Diagnostic::new)?;
    let mut next = Vec::new();
    for folder in open {
        next.extend(matching(files, folder, &glob)?);
    }
    Ok(next)
}

fn matching(files: &dyn Files, folder: &str, glob: &Glob) -> Result<Vec<String>, Diagnostic> {
    let names = files.list(folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
    let visible = names.iter().filter(|name| glob.is_match(name) && (!name.starts_with('.') || glob.is_hidden()));
    Ok(visible.map(|name| join(folder, name)).filter(|path| files.kind(path) == Ok(FileKind::Folder)).collect())
}

/// The maximum depth of `**`, which also ends link cycles.
const DEEPEST: usize = 12;

/// Every folder below and the folders themselves, each real path once.
pub(super) fn below(files: &dyn Files, open: &[String]) -> Result<Vec<String>, Diagnostic> {
    let mut seen = std::collections::BTreeSet::new();
    let mut next: Vec<(String, usize)> = open.iter().map(|folder| (folder.clone(), 0)).collect();
    let mut all = Vec::new();
    while let Some((folder, depth)) = next.pop() {
        let real = files.real(&folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
        if !seen.insert(real) {
            continue;
        }
        if depth < DEEPEST {
            let names =
                files.list(&folder).map_err(|error| Diagnostic::new(format!("cannot read {folder}: {error}")))?;
            let visible = names.iter().filter(|name| !name.starts_with('.') && *name != "node_modules");
            let paths = visible.map(|name| join(&folder, name));
            next.extend(paths.filter(|path| files.kind(path) == Ok(FileKind::Folder)).map(|path| (path, depth + 1)));
        }
        all.push(folder);
    }
    Ok(all)
}
