//! `--output-dir`: one file for each template (`writeToFile` of helm's `pkg/action` and `pkg/cmd`).

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Component, Path};

use render_core::helm::{HelmError, PrintOptions};

use super::Release;
use crate::host::output_folder::OutputFolder;

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
            let file = OutputFile::new(folder, &document.path).map_err(failed)?;
            file.write(&document.text, !written.insert(file.full_path())).map_err(failed)?;
            wrote(&file.full_path());
        }
        let printed = |test: bool| !(options.no_hooks || (options.skip_tests && test));
        for hook in rendered.hooks.iter().filter(|hook| printed(hook.is_test())) {
            let file = OutputFile::new(&named, &hook.document.path).map_err(failed)?;
            // As in helm, a hook is appended to a file that exists.
            file.write(&hook.document.text, Path::new(&file.full_path()).exists()).map_err(failed)?;
            wrote(&file.full_path());
        }
        Ok(())
    }
}

/// A file of the output.
struct OutputFile<'a> {
    folder: &'a str,
    /// The path of a template, below the folder.
    path: &'a str,
}

impl<'a> OutputFile<'a> {
    fn new(folder: &'a str, path: &'a str) -> Result<Self, String> {
        let leaves = Path::new(path).components().any(|part| !matches!(part, Component::Normal(_)));
        if leaves {
            return Err(format!("cannot write {path}: it leads out of the output folder"));
        }
        Ok(OutputFile { folder, path })
    }

    fn full_path(&self) -> String {
        format!("{}/{}", self.folder, self.path)
    }

    /// Writes a document, or appends it. Unlike helm, a link that leads out of the folder is not followed.
    fn write(&self, text: &[u8], append: bool) -> Result<(), String> {
        let path = self.full_path();
        let folder = Path::new(&path).parent().unwrap_or(Path::new("."));
        if let Err(error) = fs::metadata(folder)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(describe("stat", folder, &error));
        }
        let output =
            OutputFolder::create(Path::new(self.folder)).map_err(|error| describe("mkdir", folder, &error.source))?;
        let document = [format!("---\n# Source: {}\n", self.path).as_bytes(), text, b"\n"].concat();
        let below = Path::new(self.path);
        let written = if append { output.append(below, &document) } else { output.write(below, &document) };
        written.map_err(|error| describe("open", Path::new(&path), &error.source))
    }
}

fn describe(doing: &str, path: &Path, error: &io::Error) -> String {
    let why = match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::NotADirectory, _) => "not a directory".to_owned(),
        (io::ErrorKind::PermissionDenied, Some(_)) => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    format!("{doing} {}: {why}", path.display())
}
