//! The only file that prints. stdout carries the result alone; everything else goes to stderr.

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use delivery::lock::Lock;

use crate::interrupt::Deferred;
use crate::outcome::Failure;

/// `--format` where an answer is read by people or by a program.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people
    Text,
    /// One JSON document
    Json,
}

/// Writes the result to stdout.
///
/// # Errors
/// [`Failure::Closed`] where the reader has gone away.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Outside(anyhow::Error::new(error).context("standard output")),
    })
}

/// Writes the result to a file, all of it or nothing: a neighbour is written first and then renamed.
///
/// # Errors
/// Where the file cannot be written.
pub(crate) fn result_file(path: &Path, text: &str) -> Result<(), Failure> {
    result_files(&[(path, text)])
}

/// Writes files that belong together, each as [`result_file`]. Ctrl-C waits until all are written.
///
/// # Errors
/// Where one cannot be written.
pub(crate) fn result_files(files: &[(&Path, &str)]) -> Result<(), Failure> {
    let named =
        |path: &Path, error: io::Error| Failure::Input(anyhow::Error::new(error).context(path.display().to_string()));
    let Some((first, _)) = files.first() else { return Ok(()) };
    let _deferred = Deferred::new().map_err(|error| named(first, error))?;
    for (path, text) in files {
        delivery::host::disk::write_whole(path, text.as_bytes()).map_err(|error| named(path, error))?;
    }
    Ok(())
}

/// Writes the lock file as [`result_file`]; not at all where it says the same already.
///
/// # Errors
/// Where the file cannot be written.
pub(crate) fn lock_file(path: &str, lock: &Lock) -> Result<(), Failure> {
    let text = lock.print();
    if is_new(path, &text) { result_file(Path::new(path), &text) } else { Ok(()) }
}

/// Whether a lock file says something else than `text`.
pub(crate) fn is_new(path: &str, text: &str) -> bool {
    std::fs::read(path).map_or(true, |known| known != text.as_bytes())
}

/// What a program that the source runs has said, on stderr.
pub(crate) fn said(bytes: &[u8]) {
    // A closed stderr leaves nobody to tell.
    drop(io::stderr().lock().write_all(bytes));
}

/// A warning, on stderr.
pub(crate) fn warning(text: &impl std::fmt::Display) {
    say(&format!("warning: {text}"));
}

/// A word on what is going on, on stderr.
pub(crate) fn note(text: &str) {
    say(text);
}

/// An error and its causes, on stderr.
pub(crate) fn error(error: &anyhow::Error) {
    say(&format!("error: {error:#}"));
}

/// clap's own words, to the stream they belong to.
pub(crate) fn usage(error: &clap::Error) {
    // A terminal that cannot be written to leaves nobody to tell.
    drop(error.print());
}

/// A bug in hydrant, on stderr.
pub(crate) fn bug(text: &str) {
    say(&format!(
        "bug: {text}\n  hint: Please report this with the command that you ran; nothing was delivered by this step."
    ));
}

fn say(text: &str) {
    // A closed stderr leaves nobody to tell.
    drop(writeln!(io::stderr().lock(), "{text}"));
}
