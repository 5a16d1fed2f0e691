//! Printing. Only results go to stdout; everything else goes to stderr.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use clap::ValueEnum;
use delivery::escape;
use delivery::host::redact;
use delivery::lock::Lock;
use delivery::report::findings::UnitFinding;
use delivery::{Diagnostic, Errors};

use crate::interrupt::Deferred;
use crate::outcome::Failure;
use crate::terminal;
use crate::verbosity::Verbosity;

/// Whether colours are used on stdout: on a terminal, unless `NO_COLOR` is set (no-color.org).
pub(crate) fn colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// `--format` of verbs with two formats.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TextOrJson {
    /// Text for people
    Text,
    /// One JSON document
    Json,
}

/// Writes the result to stdout.
///
/// # Errors
/// [`Failure::Closed`] if the reader closed stdout.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    result_bytes(text.as_bytes())
}

/// The form of a report on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportForm {
    /// Text or Markdown.
    Text,
    /// A JSON document.
    Json,
}

impl ReportForm {
    /// JSON or text.
    pub(crate) fn json_if(is_json: bool) -> Self {
        if is_json { ReportForm::Json } else { ReportForm::Text }
    }
}

/// Writes a report to stdout: without credentials in URLs, and with no line that a CI service would run as a command. What is a result
/// itself, such as manifests, is written by [`result`].
///
/// # Errors
/// As [`result`].
pub(crate) fn report(text: &str, form: ReportForm) -> Result<(), Failure> {
    content_report(&redact(text), form)
}

/// As [`report`] for one that quotes manifests, whose URLs are shown as they are.
///
/// # Errors
/// As [`result`].
pub(crate) fn content_report(text: &str, form: ReportForm) -> Result<(), Failure> {
    match form {
        // Colours are used on a terminal only, and what is in colour is escaped already.
        ReportForm::Text if io::stdout().is_terminal() => result(text),
        ReportForm::Text => result(&escape::commands(&escape::lines(text))),
        ReportForm::Json => result(&escape::json(text)),
    }
}

/// Writes text to stderr, even with `-q`, in the form of another tool: without `error:` before it. As in other messages, credentials and hidden
/// characters are not printed, and no line is a command for a CI service.
pub(crate) fn verbatim(text: &str) {
    let text = redact(text);
    // A closed stderr is ignored.
    _ = io::stderr().lock().write_all(escape::commands(&escape::lines(&text)).as_bytes());
}

/// Writes the result to stdout, whatever its bytes.
///
/// # Errors
/// As [`result`].
pub(crate) fn result_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::External(anyhow::Error::new(error).context("standard output")),
    })
}

/// Writes the result to a file atomically: to a temporary file that is then renamed.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn result_file(path: &Path, text: &str) -> Result<(), Failure> {
    result_files(&[(path, text)])
}

/// Writes files that belong together, each as [`result_file`]. An interrupt is deferred until all are written.
///
/// # Errors
/// A file cannot be written.
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

/// Writes the lock file as [`result_file`], unless it is unchanged.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn lock_file(path: &str, lock: &Lock) -> Result<(), Failure> {
    let text = lock.print();
    if differs(path, &text) { result_file(Path::new(path), &text) } else { Ok(()) }
}

/// Whether the content of a lock file differs from `text`.
pub(crate) fn differs(path: &str, text: &str) -> bool {
    std::fs::read(path).map_or(true, |known| known != text.as_bytes())
}

/// Prints what a program that the source runs wrote to its stderr.
pub(crate) fn child_stderr(bytes: &[u8]) {
    if Verbosity::get() > Verbosity::Errors {
        terminal::write(bytes);
    }
}

/// Prints a part of a line to a person at the terminal.
pub(crate) fn question(text: &str) {
    terminal::write(text.as_bytes());
}

/// Prints a warning on stderr.
pub(crate) fn warning(text: &impl std::fmt::Display) {
    if Verbosity::get() > Verbosity::Errors {
        line(&format!("warning: {text}"));
    }
}

/// Prints a finding on stderr: as an error if it refuses its unit.
pub(crate) fn finding(finding: &UnitFinding) {
    if finding.is_note() {
        return;
    }
    if finding.is_refusal() {
        line(&format!("error: {}", finding.diagnostic()));
    } else {
        warning(&finding.diagnostic());
    }
}

/// Prints a note on what is going on, on stderr.
pub(crate) fn note(text: &str) {
    if Verbosity::get() > Verbosity::Errors {
        line(text);
    }
}

/// Prints annotations for GitHub Actions on stderr. Their values are escaped already.
pub(crate) fn annotations(text: &str) {
    terminal::write(redact(text).as_bytes());
}

/// Prints an error on stderr; at `-v` with the causes below it.
pub(crate) fn error(error: &anyhow::Error) {
    line(&format!("error: {error:#}"));
    if Verbosity::get() >= Verbosity::Verbose {
        causes(error).iter().for_each(|cause| line(&format!("  caused by: {cause}")));
    }
}

/// The errors below an error that its own text does not contain.
fn causes(error: &anyhow::Error) -> Vec<String> {
    if let Some(errors) = error.downcast_ref::<Errors>() {
        return errors.all().iter().flat_map(Diagnostic::causes).collect();
    }
    if let Some(one) = error.downcast_ref::<Diagnostic>() {
        return one.causes();
    }
    let shown = format!("{error:#}");
    error.chain().map(ToString::to_string).filter(|cause| !shown.contains(cause.as_str())).collect()
}

/// Prints clap's text to the stream that it is for. An error has the arguments that were typed, so it is printed as other errors are.
pub(crate) fn usage(error: &clap::Error) {
    if error.use_stderr() {
        return line(error.render().to_string().trim_end_matches('\n'));
    }
    // Nothing else can be done if the stream is closed.
    drop(error.print());
}

/// Prints a bug in hydrant on stderr.
pub(crate) fn bug(text: &str) {
    line(&format!("bug: {text}\n  hint: report this with the command that you ran; this step delivered nothing"));
}

/// Prints lines on stderr: the one place that all errors, warnings and notes go through. Credentials in URLs are left out, hidden characters
/// are escaped, and no line is a command for a CI service.
fn line(text: &str) {
    let text = redact(text);
    let text = escape::lines(&text);
    terminal::write(format!("{}\n", escape::commands(&text)).as_bytes());
}
