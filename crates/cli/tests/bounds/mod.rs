//! What the tests of hostile input share.

use std::process::Command;
use std::time::Duration;

use testkit::hostile::Measured;

/// The memory that no input may exceed, in megabytes.
const MAX_MB: u64 = 512;

/// The program, without an environment.
pub(crate) fn hydrant() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Checks that the program failed with a message, in bounded memory and time, and prints what it took.
pub(crate) fn refused(name: &str, measured: &Measured, message: &str, seconds: u64) {
    let stderr = measured.stderr();
    println!("{name}: {} MB, {:.1} s", measured.peak_mb, measured.time.as_secs_f64());
    assert!(stderr.contains(message), "{name}: {message:?} is not in {stderr}");
    assert!(matches!(measured.output.status.code(), Some(1 | 4)), "{name}: {:?}", measured.output.status);
    assert!(measured.peak_mb < MAX_MB, "{name}: {} MB", measured.peak_mb);
    assert!(measured.time < Duration::from_secs(seconds), "{name}: {:?}", measured.time);
    assert!(measured.output.stdout.is_empty(), "{name}: an error leaves no partial output");
}

/// An object of a kind that no tool knows.
pub(crate) const OBJECT: &str = "apiVersion: v1\nkind: C\nmetadata: {name: a}\nspec: {a: b}\n";
