//! `--output-dir`: one file for each template (`writeToFile` of helm's `pkg/action` and `pkg/cmd`).

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path};

use render_core::helm::{HelmError, PrintOptions};

use super::Release;

/// Where the documents go.
#[derive(Clone, Debug)]
pub struct OutputDir {
    /// The folder.
    pub folder: String,
    /// Use a folder of the release's name in it, except for the files of `crds/`.
    pub use_release_name: bool,
}

impl OutputDir {
    /// Writes the documents, and calls `wrote` with the path of each file as helm prints it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(
        &self,
        release: &Release,
        options: &PrintOptions,
        mut wrote: impl FnMut(&str),
    ) -> Result<(), HelmError> {
        let failed = |error: String| HelmError::while_rendering(error);
        let named = match self.use_release_name {
            true => Path::new(&self.folder).join(&release.name).to_string_lossy().into_owned(),
            false => self.folder.clone(),
        };
        let mut written = BTreeSet::new();
        let rendered = &release.rendered;
        let crds = rendered.crds.iter().filter(|_| options.include_crds).map(|crd| (&self.folder, crd));
        for (folder, document) in crds.chain(rendered.manifests.iter().map(|document| (&named, document))) {
            let path = file_in(folder, &document.path).map_err(failed)?;
            append(&path, !written.insert(path.clone()), &document.path, &document.text).map_err(failed)?;
            wrote(&path);
        }
        let printed = |test: bool| !(options.no_hooks || (options.skip_tests && test));
        for hook in rendered.hooks.iter().filter(|hook| printed(hook.is_test())) {
            let path = file_in(&named, &hook.document.path).map_err(failed)?;
            // As in helm, a hook is appended to a file that exists.
            let append_to = Path::new(&path).exists();
            append(&path, append_to, &hook.document.path, &hook.document.text).map_err(failed)?;
            wrote(&path);
        }
        Ok(())
    }
}

/// Returns the path of a chart's file in a folder.
fn file_in(folder: &str, path: &str) -> Result<String, String> {
    let leaves = Path::new(path).components().any(|part| !matches!(part, Component::Normal(_)));
    if leaves {
        return Err(format!("cannot write {path}: it leads out of the output folder"));
    }
    Ok(format!("{folder}/{path}"))
}

fn append(path: &str, append_to: bool, source: &str, text: &[u8]) -> Result<(), String> {
    let describe = |doing: &str, path: &Path, error: &io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotADirectory => "not a directory".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        format!("{doing} {}: {why}", path.display())
    };
    let folder = Path::new(path).parent().unwrap_or(Path::new("."));
    if let Err(error) = fs::metadata(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(describe("stat", folder, &error));
    }
    fs::create_dir_all(folder).map_err(|error| describe("mkdir", folder, &error))?;
    let opened = if append_to { OpenOptions::new().append(true).open(path) } else { File::create(path) };
    let document = [format!("---\n# Source: {source}\n").as_bytes(), text, b"\n"].concat();
    opened.and_then(|mut file| file.write_all(&document)).map_err(|error| describe("open", Path::new(path), &error))
}
