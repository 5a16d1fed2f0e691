//! A fetch into a store: the objects go to a temporary repository, are checked there, and are then moved into the store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use git2::{Odb, Oid, Repository, RepositoryInitOptions};

use super::error::BaseError;
use super::survey::{Gitlink, Survey};
use super::{gitmodules, submodule_url};
use crate::connection;
use crate::remote::Remote;

/// The maximum depth of submodules in submodules.
const MAX_SUBMODULE_DEPTH: usize = 10;
/// The maximum number of submodules of one repository.
const MAX_SUBMODULES: u64 = 200;
/// The beginning of a temporary repository's name.
const PREFIX: &str = ".fetch-";
/// A temporary repository of this age is left over from a process that was killed.
const LEFT_OVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A fetch into a store.
pub(super) struct Fetch {
    /// The folder with the store's objects.
    objects: PathBuf,
    repository: Repository,
    folder: tempfile::TempDir,
}

/// What is fetched of one repository.
#[derive(Clone, Copy)]
struct RevisionRequest<'a> {
    remote: &'a Remote,
    id: Oid,
    /// How deep submodules are followed; absent where they are not fetched.
    submodules: Option<usize>,
}

impl Fetch {
    /// Starts a fetch into the store in `folder`, which is created if necessary.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn start(folder: &Path) -> Result<Self, BaseError> {
        let io = |source| BaseError::Io { path: folder.to_owned(), source };
        let objects = folder.join("objects");
        fs::create_dir_all(objects.join("pack")).map_err(io)?;
        remove_left_over(folder);
        let temporary = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder).map_err(io)?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false);
        let git = |source| BaseError::Git { url: folder.display().to_string(), source };
        let repository = Repository::init_opts(temporary.path(), &options).map_err(git)?;
        add_objects(&repository.odb().map_err(git)?, &objects).map_err(git)?;
        Ok(Fetch { objects, repository, folder: temporary })
    }

    /// Fetches and checks a commit, or the commit of a tag.
    ///
    /// # Errors
    /// See [`BaseError`].
    pub(super) fn fetch(&self, remote: &Remote, id: Oid, submodules: bool) -> Result<(), BaseError> {
        self.fetch_one(RevisionRequest { remote, id, submodules: submodules.then_some(MAX_SUBMODULE_DEPTH) })
    }

    fn fetch_one(&self, request: RevisionRequest<'_>) -> Result<(), BaseError> {
        let RevisionRequest { remote, id, submodules } = request;
        let git = BaseError::git(remote);
        let mut transport = connection::open(remote)?;
        transport.fetch(&[id], 1, &self.repository)?;
        let commit = self.repository.find_object(id, None).and_then(|object| object.peel_to_commit()).map_err(git)?;
        let odb = self.repository.odb().map_err(git)?;
        let survey = Survey::of(&odb, remote, commit.tree_id())?;
        let missing: Vec<Oid> = survey.blobs().filter(|id| !odb.exists(*id)).collect();
        transport.fetch_objects(&missing, &self.repository)?;
        let mut needed: Vec<Oid> = survey.objects().chain([id, commit.id()]).collect();
        needed.extend(self.tags(id).map_err(git)?);
        self.copy(&needed).map_err(git)?;
        let Some(depth) = submodules else { return Ok(()) };
        for Gitlink { path, commit: id } in survey.gitlinks(commit.tree_id(), MAX_SUBMODULES)? {
            if depth == 0 {
                let limit = MAX_SUBMODULE_DEPTH as u64;
                return Err(BaseError::TooLarge { url: remote.redacted_url(), what: "levels of submodules", limit });
            }
            let module = Remote { url: self.module_url(remote, &commit, &path)?.into(), ..remote.clone() };
            self.fetch_one(RevisionRequest { remote: &module, id, submodules: Some(depth - 1) })?;
        }
        Ok(())
    }

    /// The tags between `id` and its commit.
    fn tags(&self, id: Oid) -> Result<Vec<Oid>, git2::Error> {
        let mut tags = Vec::new();
        let mut here = id;
        while let Ok(tag) = self.repository.find_tag(here) {
            tags.push(here);
            here = tag.target_id();
        }
        Ok(tags)
    }

    /// The URL of a submodule.
    fn module_url(&self, remote: &Remote, commit: &git2::Commit<'_>, path: &str) -> Result<String, BaseError> {
        let missing = || BaseError::NoSubmoduleUrl { url: remote.redacted_url(), path: path.to_owned() };
        let git = BaseError::git(remote);
        let tree = commit.tree().map_err(git)?;
        let entry = tree.get_name(".gitmodules").filter(|entry| entry.filemode_raw() & 0o170_000 == 0o100_000);
        let blob = self.repository.find_blob(entry.ok_or_else(missing)?.id()).map_err(git)?;
        let module = gitmodules::url_of(&String::from_utf8_lossy(blob.content()), path).ok_or_else(missing)?;
        submodule_url::resolve(remote.url.expose(), &module).map_err(|reason| BaseError::SubmoduleUrl {
            url: remote.redacted_url(),
            path: path.to_owned(),
            module: crate::url::without_credentials(&module),
            reason,
        })
    }

    /// Copies those objects that are only in another repository of this machine, which a fetch makes readable without copying.
    fn copy(&self, needed: &[Oid]) -> Result<(), git2::Error> {
        let own = Odb::new()?;
        add_objects(&own, &self.objects)?;
        let fetched = self.folder.path().join("objects");
        add_objects(&own, &fetched)?;
        let foreign: Vec<Oid> = needed.iter().copied().filter(|id| !own.exists(*id)).collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let mut pack = self.repository.packbuilder()?;
        for id in foreign {
            pack.insert_object(id, None)?;
        }
        let folder = fetched.join("pack");
        fs::create_dir_all(&folder).map_err(|error| git2::Error::from_str(&error.to_string()))?;
        pack.write(&folder, 0o444)
    }

    /// Moves the fetched packs into the store. Another process may move the same ones at the same time.
    ///
    /// # Errors
    /// A file that cannot be moved.
    pub(super) fn install(self) -> Result<(), BaseError> {
        let to = self.objects.join("pack");
        let from = self.folder.path().join("objects").join("pack");
        install_packs(&from, &to).map_err(|source| BaseError::Io { path: to, source })
    }
}

fn install_packs(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(from) else { return Ok(()) };
    for entry in entries {
        let pack = entry?.path();
        let index = pack.with_extension("idx");
        if pack.extension().is_none_or(|extension| extension != "pack") || !index.exists() {
            continue;
        }
        let name = format!("pack-{}", checksum(&pack)?);
        let (new_pack, new_index) = (to.join(format!("{name}.pack")), to.join(format!("{name}.idx")));
        // The index last: without it the pack is not read.
        fs::rename(&pack, new_pack)?;
        fs::rename(&index, new_index)?;
    }
    Ok(())
}

/// The checksum at the end of a pack, in hex. It is the name in the store, so that equal names are equal packs.
fn checksum(pack: &Path) -> io::Result<String> {
    use io::{Read as _, Seek as _};
    let mut file = fs::File::open(pack)?;
    file.seek(io::SeekFrom::End(-20))?;
    let mut bytes = [0; 20];
    file.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add_objects(odb: &Odb<'_>, objects: &Path) -> Result<(), git2::Error> {
    let path = objects.to_str().ok_or_else(|| git2::Error::from_str("the path of the cache is not UTF-8"))?;
    odb.add_disk_alternate(path)
}

/// Removes the temporary repositories of processes that were killed. What cannot be removed stays.
fn remove_left_over(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let old = || entry.metadata().and_then(|found| found.modified()).is_ok_and(is_old);
        if entry.file_name().to_string_lossy().starts_with(PREFIX) && old() {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

fn is_old(modified: SystemTime) -> bool {
    modified.elapsed().is_ok_and(|age| age > LEFT_OVER)
}
