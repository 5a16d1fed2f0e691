//! The YAML inputs: files, folders, standard input.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use manifest::{Diagnostic, Errors};
use net::bounded;

/// A text and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file as the user named it; `-` for standard input.
    pub name: String,
    /// The file, if it is one.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: String,
}

/// Reads files, every `.yaml`, `.yml` and `.json` file and `Kustomization` in folders (names that begin with a dot left out), and standard input
/// for `-`. Sorted within a folder; a file that is named twice is read once.
///
/// # Errors
/// Everything that cannot be read or is not UTF-8, and a folder without such a file.
pub fn read(names: &[String]) -> Result<Vec<Input>, Errors> {
    let (mut all, mut wrong): (Vec<Input>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for name in names {
        let (files, findings) = expand(name);
        wrong.extend(findings);
        for file in files {
            match read_one(file) {
                Ok(input) if all.iter().any(|known| known.name == input.name) => {}
                Ok(input) => all.push(input),
                Err(finding) => wrong.push(finding),
            }
        }
    }
    Errors::check(wrong).map(|()| all)
}

/// The files that a name selects; `None` for standard input.
fn expand(name: &str) -> (Vec<Option<PathBuf>>, Vec<Diagnostic>) {
    let path = Path::new(name);
    if name == "-" {
        return (vec![None], Vec::new());
    }
    if !path.is_dir() {
        return (vec![Some(path.to_owned())], Vec::new());
    }
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    // Folders to read. Links to folders are not followed, so there is no cycle.
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match entries {
            Ok(entries) => {
                for entry in entries.into_iter().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')) {
                    let (path, kind) = (entry.path(), entry.file_type());
                    match kind {
                        Ok(kind) if kind.is_dir() => folders.push(path),
                        Ok(_) if is_yaml(&path) => files.push(path),
                        _ => {}
                    }
                }
            }
            Err(error) => wrong.push(unreadable(&folder.display().to_string(), &error)),
        }
    }
    if files.is_empty() && wrong.is_empty() {
        wrong.push(Diagnostic::new("no .yaml, .yml or .json file in this folder").in_file(name));
    }
    files.sort();
    (files.into_iter().map(Some).collect(), wrong)
}

fn is_yaml(path: &Path) -> bool {
    let is_yaml = |extension: &OsStr| extension == "yaml" || extension == "yml" || extension == "json";
    path.extension().is_some_and(is_yaml) || path.file_name().is_some_and(|name| name == "Kustomization")
}

fn read_one(path: Option<PathBuf>) -> Result<Input, Diagnostic> {
    let name = path.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string());
    let read = match &path {
        Some(path) => bounded::read_file(path),
        None => bounded::read_stream(&mut std::io::stdin().lock()),
    };
    let bytes = read.map_err(|error| unreadable(&name, &error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { name, path, text }),
        Err(_) => Err(Diagnostic::new("invalid UTF-8").in_file(name)),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot read the file: {error}")).in_file(name)
}
