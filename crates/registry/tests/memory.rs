//! A manifest of 200 MB costs no more memory than the largest that is allowed. Alone in its file: it looks at its process.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]
#![cfg(target_os = "linux")]

use manifest::ImageRef;
use registry::{Credentials, ErrorKind, RegistryClient, RegistryOptions};
use testkit::registry::{Fault, Registry, faults};

/// The most memory that this process had at any time, in kilobytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn two_hundred_megabytes_are_not_read() {
    let registry = Registry::open();
    registry.inject(Fault::always("/manifests/announced", faults::huge(true)));
    registry.inject(Fault::always("/manifests/", faults::huge(false)));
    let images: Vec<ImageRef> = ["announced", "one", "two", "three"]
        .iter()
        .map(|tag| ImageRef::parse(&format!("{}/a:{tag}", registry.host())).unwrap())
        .collect();
    let resolver =
        RegistryClient::new(RegistryOptions { attempts: 1, ..RegistryOptions::standard() }, Credentials::none())
            .unwrap();
    let before = peak();
    let errors = resolver.resolve(&images).unwrap_err();
    assert!(errors.all().iter().all(|error| error.kind == ErrorKind::Protocol), "{errors}");
    let grown = peak() - before;
    assert!(grown < 64 * 1024, "{grown} kB more");
}
