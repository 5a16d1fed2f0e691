//! No pack crashes the check or what stores its objects, and the check accepts the same packs in pieces of every size.
#![no_main]

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

libfuzzer_sys::fuzz_target!(|data: &[u8]| STORE.with_borrow_mut(|store| {
    // The packs of a store are read again for each miss.
    store.runs += 1;
    if store.runs > 500 {
        *store = Store::new();
    }
    git::fuzzing::pack(data, &store.repository);
}));
