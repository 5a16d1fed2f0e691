//! The repository in which a target stores what it reads.

use std::cell::RefCell;

struct Store {
    repository: git2::Repository,
    _folder: tempfile::TempDir,
    runs: u32,
}

impl Store {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let repository = git2::Repository::init_bare(folder.path()).expect("a repository can be made");
        Store { repository, _folder: folder, runs: 0 }
    }
}

thread_local! {
    static STORE: RefCell<Store> = RefCell::new(Store::new());
}

/// Runs `target` with a repository, which is a new one after 500 runs: its packs are read again for each object that is not in it.
pub fn with(target: impl FnOnce(&git2::Repository)) {
    STORE.with_borrow_mut(|store| {
        store.runs += 1;
        if store.runs > 500 {
            *store = Store::new();
        }
        target(&store.repository);
    });
}
