//! Opens repositories whose files may be anything: libgit2 waits without an end when it opens a named pipe.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use git2::Repository;

/// The files that opening a repository and finding its HEAD read, if they exist (gitrepository-layout).
const FILES: &[&str] = &[
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "gitdir",
    "info/grafts",
    "objects/info/alternates",
    "packed-refs",
    "shallow",
];
/// The maximum bytes of a file that names a folder or a ref.
const MAX_NAME: u64 = 64 << 10;

/// Opens the repository that contains `dir`, as git finds it.
///
/// # Errors
/// What libgit2 says, and a file of the repository that is neither regular nor a folder.
pub(crate) fn discover(dir: &Path) -> Result<Repository, git2::Error> {
    let absolute = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    if let Some(found) = absolute.ancestors().find_map(git_folder) {
        check_files(&found?)?;
    }
    Repository::discover(dir)
}

/// Checks that the files in a repository's folder that are read when it is opened are regular ones.
///
/// # Errors
/// Names the first file that is not.
pub(crate) fn check_files(folder: &Path) -> Result<(), git2::Error> {
    let mut folders = vec![folder.to_owned()];
    check(&folder.join("commondir"))?;
    folders.extend(named(&folder.join("commondir"), "").map(|common| folder.join(common)));
    check(&folder.join("HEAD"))?;
    let head = named(&folder.join("HEAD"), "ref: ");
    let paths = FILES.iter().map(Path::new).chain(head.as_deref());
    let paths = paths.flat_map(|path| folders.iter().map(move |folder| folder.join(path)));
    paths.into_iter().try_for_each(|path| check(&path))
}

/// The repository's folder of a work tree, or of a bare repository; `None` if there is neither.
fn git_folder(folder: &Path) -> Option<Result<PathBuf, git2::Error>> {
    let git = folder.join(".git");
    let Ok(metadata) = fs::metadata(&git) else {
        let is_bare = folder.join("objects").is_dir() && fs::symlink_metadata(folder.join("HEAD")).is_ok();
        return is_bare.then(|| Ok(folder.to_owned()));
    };
    if metadata.is_dir() {
        return Some(Ok(git));
    }
    Some(check(&git).map(|()| named(&git, "gitdir: ").map_or(git, |path| folder.join(path))))
}

fn check(path: &Path) -> Result<(), git2::Error> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            Err(git2::Error::from_str(&format!("{} is not a regular file", path.display())))
        }
        _ => Ok(()),
    }
}

/// The path that a regular file names after `prefix`.
fn named(file: &Path, prefix: &str) -> Option<PathBuf> {
    let mut text = String::new();
    fs::File::open(file).ok()?.take(MAX_NAME).read_to_string(&mut text).ok()?;
    let path = text.strip_prefix(prefix)?.trim_end();
    (!path.is_empty()).then(|| PathBuf::from(path))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// Puts a socket at the path, which is no regular file, as a pipe is none.
    fn socket(path: &Path) {
        drop(fs::remove_file(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(UnixListener::bind(path).unwrap());
    }

    #[test]
    fn a_socket_among_the_files_is_refused() {
        for name in FILES.iter().chain(&["refs/heads/main"]) {
            for bare in [false, true] {
                let folder = tempfile::tempdir().unwrap();
                let options = &mut git2::RepositoryInitOptions::new();
                let repository = Repository::init_opts(folder.path(), options.bare(bare).initial_head("main")).unwrap();
                let path = repository.path().join(name);
                socket(&path);
                let inside = folder.path().join("a/b");
                fs::create_dir_all(&inside).unwrap();
                let error = discover(&inside).err().map(|error| error.message().to_owned()).unwrap_or_default();
                assert!(error.contains(name) && error.ends_with("is not a regular file"), "{name}: {error}");
            }
        }
    }

    #[test]
    fn a_socket_of_a_linked_work_tree_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (main, tree) = (root.join("main"), root.join("tree"));
        let repository = Repository::init(&main).unwrap();
        let linked = repository.path().join("worktrees/tree");
        fs::create_dir_all(&linked).unwrap();
        fs::create_dir_all(&tree).unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}\n", linked.display())).unwrap();
        fs::write(linked.join("HEAD"), "ref: refs/heads/x\n").unwrap();
        fs::write(linked.join("commondir"), "../..\n").unwrap();
        fs::write(linked.join("gitdir"), format!("{}/.git\n", tree.display())).unwrap();
        assert!(discover(&tree).is_ok());
        for path in [linked.join("HEAD"), main.join(".git/refs/heads/x"), main.join(".git/config"), tree.join(".git")] {
            let saved = fs::read(&path).ok();
            socket(&path);
            let error = discover(&tree).err().map(|error| error.message().to_owned()).unwrap_or_default();
            assert!(error.ends_with("is not a regular file"), "{}: {error}", path.display());
            fs::remove_file(&path).unwrap();
            saved.into_iter().for_each(|bytes| fs::write(&path, bytes).unwrap());
        }
    }
}
