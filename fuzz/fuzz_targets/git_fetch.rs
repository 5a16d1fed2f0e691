//! No response to a fetch crashes the reader.
#![no_main]

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder can be made");
    static STORE: git2::Repository =
        FOLDER.with(|folder| git2::Repository::init_bare(folder.path()).expect("a repository can be made"));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| STORE.with(|store| git::fuzzing::fetch_response(data, store)));
