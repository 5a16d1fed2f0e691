//! Opening what a kustomization names: load restriction, cycles, symbolic links, remote repositories.

pub(super) mod reference;

use std::sync::Arc;

use manifest::Diagnostic;

use self::reference::{RemoteFolder, Spelling, empty_entry, repository, spelling};
use crate::files::{FileError, FileKind, Files, join, parent};
use crate::host::Host;
use crate::kustomize::nearest::nearest;
use crate::kustomize::options::LoadRestrictor;

/// The maximum depth of nested bases.
const DEEPEST: usize = 200;

/// Everything that a build reads through: files, and the host for remotes and programs.
#[derive(Clone, Copy)]
pub struct Io<'a> {
    /// Files.
    pub files: &'a dyn Files,
    /// Everything else.
    pub host: &'a dyn Host,
}

/// A folder that holds a kustomization, and the chain of kustomizations that refer to it.
#[derive(Debug)]
pub struct KustomizationDir {
    /// The folder, symbolic links resolved.
    pub root: String,
    restrictor: LoadRestrictor,
    checkout: Option<Checkout>,
    referrer: Option<Arc<KustomizationDir>>,
    depth: usize,
}

/// A remote repository whose files are read.
#[derive(Debug)]
struct Checkout {
    /// The entry that names it, as it was written.
    written: String,
    root: String,
    /// Whether it is a repository on this machine.
    local: bool,
}

/// The identity of a base, independent of the kustomization that names it: bases with equal keys read the same files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseKey {
    root: String,
    restrictor: LoadRestrictor,
    /// The root of the repository that it lies in.
    checkout: Option<String>,
}

/// A folder that a base was built from, with the data that decides where a cached base is valid.
#[derive(Clone, Debug)]
pub struct BaseDependency {
    root: String,
    /// The entry that refers to it, if it is in a remote repository.
    written: Option<String>,
    depth: usize,
}

/// A file's bytes and its name for messages.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// Its path, or its URL.
    pub name: String,
}

/// Why a file is not read.
enum Refused {
    Unreadable(FileError),
    /// It is outside the folder, and the load restriction is in force.
    Outside,
}

/// An opened entry.
#[derive(Debug)]
pub enum Opened {
    /// A file.
    File(Loaded),
    /// A folder, of the disk or of a repository.
    Folder(Arc<KustomizationDir>),
}

impl KustomizationDir {
    /// The folder that is built: an absolute path, or a folder in a repository.
    ///
    /// # Errors
    /// Returns an error if it does not exist or is not a folder.
    pub fn top(io: Io<'_>, folder: &str, restrictor: LoadRestrictor) -> Result<Arc<Self>, Diagnostic> {
        if let Some(remote) = repository(folder) {
            let (root, checkout) = checked_out(io, remote)?;
            let restrictor = LoadRestrictor::RootOnly;
            return Ok(Arc::new(KustomizationDir {
                root,
                restrictor,
                checkout: Some(checkout),
                referrer: None,
                depth: 0,
            }));
        }
        let root = real_folder(io, folder)?;
        // A folder of a remote Skaffold config.
        let checkout = io.host.repository_root(&root);
        let checkout = checkout.map(|root| Checkout { written: root.clone(), root, local: false });
        Ok(Arc::new(KustomizationDir { root, restrictor, checkout, referrer: None, depth: 0 }))
    }

    /// Opens an entry of `resources`: a file, a folder or a remote.
    ///
    /// # Errors
    /// Returns an error if the entry does not exist or may not be read.
    pub fn open(self: &Arc<Self>, io: Io<'_>, entry: &str) -> Result<Opened, Diagnostic> {
        if entry.is_empty() {
            return Err(empty_entry());
        }
        match spelling(entry) {
            Spelling::Download => self.download(io, entry).map(Opened::File),
            Spelling::Repository(remote) => {
                if io.files.kind(&join(&self.root, entry)) == Ok(FileKind::File) {
                    return self.file(io, entry).map(Opened::File);
                }
                self.enter_repository(io, remote).map(Opened::Folder)
            }
            Spelling::Local => match io.files.kind(&join(&self.root, entry)) {
                Ok(FileKind::Folder) => self.enter(io, entry).map(Opened::Folder),
                Ok(FileKind::File) => self.file(io, entry).map(Opened::File),
                Err(error) => Err(self.missing(io, entry, &error)),
            },
        }
    }

    /// Opens an entry that must be a folder or a remote repository.
    ///
    /// # Errors
    /// Returns an error if it is neither, or not allowed: an absolute path, a folder that contains this one, a folder outside the
    /// repository that this one lies in.
    pub fn enter(self: &Arc<Self>, io: Io<'_>, entry: &str) -> Result<Arc<Self>, Diagnostic> {
        if entry.is_empty() {
            return Err(empty_entry());
        }
        if let Some(remote) = repository(entry) {
            return self.enter_repository(io, remote);
        }
        if entry.starts_with('/') {
            return Err(Diagnostic::new(format!("absolute path {entry} is not allowed"))
                .hint("use a path relative to this folder"));
        }
        let root = real_folder(io, &join(&self.root, entry))?;
        self.check_containment(&root)?;
        self.check_cycle(&root)?;
        self.below(root, self.restrictor, None)
    }

    /// Reads a file that an entry names, or downloads it.
    ///
    /// # Errors
    /// Returns an error if it is missing, or is outside this folder and the load restriction is in force.
    pub fn file(&self, io: Io<'_>, entry: &str) -> Result<Loaded, Diagnostic> {
        if self::reference::is_http(entry) {
            return self.download(io, entry);
        }
        self.read(io, entry).map_err(|refused| match refused {
            Refused::Unreadable(error) => self.missing(io, entry, &error),
            Refused::Outside => self.outside(entry),
        })
    }

    /// Reads a file that may well not be there.
    pub fn probe(&self, io: Io<'_>, name: &str) -> Option<Loaded> {
        self.read(io, name).ok()
    }

    fn read(&self, io: Io<'_>, entry: &str) -> Result<Loaded, Refused> {
        let path = join(&self.root, entry);
        let allowed = match self.restrictor {
            LoadRestrictor::RootOnly => Some(&self.root),
            LoadRestrictor::None => self.chain().find_map(|dir| dir.checkout.as_ref()).map(|checkout| &checkout.root),
        };
        if let Some(allowed) = allowed {
            let real = io.files.real(&path).map_err(Refused::Unreadable)?;
            if !is_within(parent(&real), allowed) {
                return Err(Refused::Outside);
            }
        }
        let bytes = io.files.read(&path).map_err(Refused::Unreadable)?;
        Ok(Loaded { bytes, name: path })
    }

    #[expect(clippy::unused_self, reason = "a download has a location of its own")]
    fn download(&self, io: Io<'_>, url: &str) -> Result<Loaded, Diagnostic> {
        let bytes = io.host.download(url)?;
        Ok(Loaded { bytes: bytes.into(), name: url.to_owned() })
    }

    fn enter_repository(self: &Arc<Self>, io: Io<'_>, remote: RemoteFolder) -> Result<Arc<Self>, Diagnostic> {
        let seen = self.chain().filter_map(|dir| dir.checkout.as_ref());
        if seen.clone().any(|clone| clone.written.starts_with(&remote.written)) {
            return Err(Diagnostic::new(format!("cycle: {} refers to itself", remote.written)));
        }
        if remote.repository.is_local() && seen.clone().any(|clone| !clone.local) {
            let message = format!("a remote base must not name a repository on this machine: {}", remote.written);
            return Err(Diagnostic::new(message).hint("name it by its URL at a git host"));
        }
        let (folder, checkout) = checked_out(io, remote)?;
        self.below(folder, LoadRestrictor::RootOnly, Some(checkout))
    }

    fn below(
        self: &Arc<Self>,
        root: String,
        restrictor: LoadRestrictor,
        checkout: Option<Checkout>,
    ) -> Result<Arc<Self>, Diagnostic> {
        if self.depth >= DEEPEST {
            return Err(Diagnostic::new(format!("bases are nested more than {DEEPEST} levels deep")));
        }
        Ok(Arc::new(KustomizationDir {
            root,
            restrictor,
            checkout,
            referrer: Some(self.clone()),
            depth: self.depth + 1,
        }))
    }

    /// Whether it is the root of the build, which no kustomization refers to.
    pub fn is_top(&self) -> bool {
        self.referrer.is_none()
    }

    /// Returns the key of this folder in the cache of bases.
    pub fn base_key(&self) -> BaseKey {
        let checkout = self.chain().find_map(|dir| dir.checkout.as_ref()).map(|checkout| checkout.root.clone());
        BaseKey { root: self.root.clone(), restrictor: self.restrictor, checkout }
    }

    /// Returns the dependency on this folder that a cached base records.
    pub fn dependency(&self) -> BaseDependency {
        let written = self.checkout.as_ref().map(|checkout| checkout.written.clone());
        BaseDependency { root: self.root.clone(), written, depth: self.depth }
    }

    /// Returns whether a cached base that was built from `dependencies` is valid here: none of them refers back to a
    /// folder that refers to this one, and the nesting limit holds.
    pub fn admits(&self, dependencies: &[BaseDependency]) -> bool {
        let above = || self.chain().skip(1);
        let leads_back = |dependency: &BaseDependency| match &dependency.written {
            Some(written) => {
                let mut repositories = above().filter_map(|dir| dir.checkout.as_ref());
                repositories.any(|checkout| checkout.written.starts_with(written.as_str()))
            }
            None => above().any(|dir| is_within(&dir.root, &dependency.root)),
        };
        let depths = || dependencies.iter().map(|dependency| dependency.depth);
        let height = depths().max().unwrap_or_default() - depths().min().unwrap_or_default();
        self.depth + height <= DEEPEST && !dependencies.iter().any(leads_back)
    }

    /// Returns this folder and those that refer to it, nearest first.
    fn chain(&self) -> impl Iterator<Item = &KustomizationDir> + Clone {
        std::iter::successors(Some(self), |dir| dir.referrer.as_deref())
    }

    /// A base of a kustomization from a repository must lie in that repository.
    fn check_containment(&self, root: &str) -> Result<(), Diagnostic> {
        match self.chain().find_map(|dir| dir.checkout.as_ref()) {
            Some(clone) if !is_within(root, &clone.root) => {
                Err(Diagnostic::new(format!("base {root} is outside of the repository {}", clone.written)))
            }
            _ => Ok(()),
        }
    }

    fn check_cycle(&self, root: &str) -> Result<(), Diagnostic> {
        match self.chain().find(|dir| is_within(&dir.root, root)) {
            Some(visited) if visited.root == root => {
                let message = format!("cycle: {root} refers back to itself through this entry");
                Err(Diagnostic::new(message).hint("remove the entry that closes the cycle"))
            }
            Some(visited) => {
                let message = format!("cycle: {root} contains {}, which refers to it", visited.root);
                Err(Diagnostic::new(message).hint("name a folder beside or below this one"))
            }
            None => Ok(()),
        }
    }

    /// Returns the error for an entry that cannot be read, with the most similar name in its folder as a hint.
    fn missing(&self, io: Io<'_>, entry: &str, error: &FileError) -> Diagnostic {
        let path = join(&self.root, entry);
        let beside = io.files.list(parent(&path)).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        match nearest(name, beside.iter().map(String::as_str)).filter(|_| *error == FileError::Missing) {
            Some(near) => Diagnostic::new(format!("cannot read {entry}: {error}")).hint(format!("use {near}")),
            None => missing(entry, error),
        }
    }

    fn outside(&self, entry: &str) -> Diagnostic {
        Diagnostic::new(format!(
            "cannot read {entry}: it is outside of {}, and the load restriction does not allow it",
            self.root
        ))
        .hint(
            "move the file into the folder, or allow it with `--load-restrictor LoadRestrictionsNone`, in hydrant.yaml with `kustomize: \
             {loadRestrictor: LoadRestrictionsNone}`",
        )
    }
}

/// Opens a remote repository. Returns the requested folder in it, and the repository.
fn checked_out(io: Io<'_>, remote: RemoteFolder) -> Result<(String, Checkout), Diagnostic> {
    let root = io.host.repository(&remote.repository)?;
    let repository = real_folder(io, &root)?;
    let folder = real_folder(io, &join(&root, &remote.folder))?;
    if !is_within(&folder, &repository) {
        return Err(Diagnostic::new(format!("{} leads outside of its repository", remote.written)));
    }
    let local = remote.repository.is_local();
    Ok((folder, Checkout { written: remote.written, root: repository, local }))
}

/// Whether `path` is `folder` or lies below it.
fn is_within(path: &str, folder: &str) -> bool {
    folder == "/" || path.strip_prefix(folder).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'))
}

fn real_folder(io: Io<'_>, path: &str) -> Result<String, Diagnostic> {
    let real = io.files.real(path).map_err(|error| missing(path, &error))?;
    match io.files.kind(&real) {
        Ok(FileKind::Folder) => Ok(real),
        Ok(FileKind::File) => Err(Diagnostic::new(format!("expected a folder, found the file {path}"))),
        Err(error) => Err(missing(path, &error)),
    }
}

fn missing(entry: &str, error: &FileError) -> Diagnostic {
    let diagnostic = Diagnostic::new(format!("cannot read {entry}: {error}"));
    match error {
        FileError::Missing => diagnostic.hint("check the path: it is relative to the kustomization's folder"),
        _ => diagnostic,
    }
}
