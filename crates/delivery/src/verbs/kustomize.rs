//! `kustomize build` of a folder on the disk.

use std::collections::BTreeMap;
use std::path::Path;

use manifest::{Diagnostic, Errors, ObjectId, yaml};
use render_core::files::{FileError, Files};
use render_core::kustomize::repository;
use render_core::kustomize::{BaseCache, Built, build, build_with_cache};
pub use render_core::kustomize::{FlagSource, LoadRestrictor, Options, Order};

use crate::host::disk::{DiskFiles, absolute};
use crate::host::system::{Remotes, SystemHost};
use crate::host::{AllowedPrograms, InputTrust, Permissions};
use crate::lock::LockOptions;
use crate::lock::{self, Lock};
use crate::pipeline::file_set::file_name;

/// What a build printed.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Each object and its document, ending with a newline, as kustomize prints it.
    pub documents: Vec<(ObjectId, String)>,
    /// Findings that do not stop the run.
    pub warnings: Vec<Diagnostic>,
}

impl Printed {
    /// All documents with `---` between them.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.documents.iter().map(|(_, document)| document.len() + 4).sum());
        for (_, document) in &self.documents {
            if !text.is_empty() {
                text.push_str("---\n");
            }
            text.push_str(document);
        }
        text
    }

    /// One file an object, named as `kustomize build -o FOLDER` names them:
    /// `[namespace_]group_version_kind_name.yaml`, in lower case.
    ///
    /// # Errors
    /// Where two objects would land in one file.
    pub fn files(&self) -> Result<BTreeMap<String, String>, Diagnostic> {
        let mut files = BTreeMap::new();
        for (id, document) in &self.documents {
            let name = file_name(id);
            if files.insert(name.clone(), document.clone()).is_some() {
                return Err(Diagnostic::new(format!("duplicate file {name}, the second for {id}"))
                    .hint("give --output a file instead of a folder"));
            }
        }
        Ok(files)
    }
}

/// Builds the kustomization in `folder` and prints its objects.
///
/// # Errors
/// Errors in the kustomization or the files that it refers to.
pub fn run(folder: &Path, options: &Options) -> Result<Printed, Errors> {
    let permissions = Permissions { exec: exec(options), ..Permissions::default() };
    let (files, host) = (DiskFiles::default(), SystemHost::new(Remotes::default(), permissions));
    let built = build(&host.files(&files), &host, &known(folder)?, options);
    host.check_bases()?;
    print(built?)
}

/// `--enable-exec` is the permission for exec functions.
fn exec(options: &Options) -> AllowedPrograms {
    if options.enable_exec { AllowedPrograms::All } else { AllowedPrograms::None }
}

/// The result of a build, and the lock file.
#[derive(Clone, Debug, Default)]
pub struct Locked {
    /// What was printed.
    pub printed: Printed,
    /// The lock file's path and new content, where it is to be written.
    pub lock: Option<(String, Lock)>,
}

/// As [`run`], with remote bases and files as the lock file says. One that is not named is the next `hydrant.lock` in
/// `here` (absolute) or above.
///
/// # Errors
/// As [`run`]; a lock file that cannot be read or is invalid; a remote that may not be fetched.
pub fn run_locked(
    folder: &Path,
    options: &Options,
    locking: &LockOptions,
    here: &str,
    trust: InputTrust,
) -> Result<Locked, Errors> {
    let _span = tracing::info_span!("render").entered();
    let files = DiskFiles::default();
    let source = locking.lock_mode(None);
    let path = lock::find(&files, here, locking.file.as_deref());
    // Most kustomizations have no remote base, and so no lock file either.
    let absent = files.kind(&path) == Err(FileError::Missing);
    let mut lock = if absent { Lock::default() } else { lock::read(&files, &path, &source)? };
    let remotes = Remotes { source: source.clone(), lock: lock.clone(), cache: None };
    let host = SystemHost::new(remotes, Permissions { trust, exec: exec(options) });
    let folder = known(folder)?;
    let host = host.with_source(if folder.starts_with('/') { &folder } else { here });
    let built = build(&host.files(&files), &host, &folder, options);
    host.check_bases()?;
    let printed = print(built?)?;
    let fetched = host.fetched();
    if !source.writes_lock() || (absent && fetched.is_empty()) {
        return Ok(Locked { printed, lock: None });
    }
    fetched.into_iter().for_each(|remote| lock.record_remote(remote));
    Ok(Locked { printed, lock: Some((path, lock)) })
}

/// The state that the builds of one run share: a file or remote base that several of them name is read once, and a
/// base that several of them have is built once.
#[derive(Debug, Default)]
pub struct Together {
    files: DiskFiles,
    host: SystemHost,
    base_cache: BaseCache,
}

/// As [`run`], with the shared state of a run.
///
/// # Errors
/// As [`run`].
pub fn run_beside(together: &Together, folder: &Path, options: &Options) -> Result<Printed, Errors> {
    let Together { files, host, base_cache } = together;
    let built = build_with_cache(base_cache, &host.files(files), host, &known(folder)?, options);
    host.check_bases()?;
    print(built?)
}

/// The folder as the engine takes it: a repository's URL as it is, unless a folder of that name exists.
fn known(folder: &Path) -> Result<String, Diagnostic> {
    if let Some(url) = folder.to_str().filter(|text| repository(text).is_some() && !folder.exists()) {
        return Ok(url.to_owned());
    }
    let unreadable = |error: FileError| Diagnostic::new(error.to_string()).in_file(folder.display().to_string());
    absolute(folder).map_err(unreadable)
}

fn print(built: Built) -> Result<Printed, Errors> {
    let mut documents = Vec::with_capacity(built.objects.len());
    for object in &built.objects {
        let mut text = String::new();
        yaml::write_kustomize(object, &mut text)?;
        documents.push((ObjectId::of(object), text));
    }
    Ok(Printed { documents, warnings: built.warnings })
}
