//! No text crashes the reader of the lock file, and what is printed is read as the same.
#![no_main]

use delivery::lock::Lock;

libfuzzer_sys::fuzz_target!(|data: &str| {
    if let Ok(lock) = Lock::parse("hydrant.lock", data) {
        let printed = lock.print();
        let again = Lock::parse("hydrant.lock", &printed).expect("a printed lock file can be read");
        assert_eq!(again.print(), printed);
    }
    let _ = Lock::parse_merging("hydrant.lock", data);
});
