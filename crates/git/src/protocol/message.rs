//! Texts that a server writes for people, and errors.

use std::io;

use crate::limits::MAX_ERROR_BYTES;

/// Returns the lines of a server's message, without the padding and escape sequences that overwrite a line of a terminal.
pub(crate) fn message_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(|line| line.trim_end().replace("\u{1b}[K", ""));
    lines.filter(|line| !line.trim().is_empty()).collect()
}

/// Returns the lines of a server's message that are not about its progress.
pub(super) fn lines_without_progress(bytes: &[u8]) -> Vec<String> {
    message_lines(bytes).into_iter().filter(|line| !is_progress(line)).collect()
}

/// Whether a line reports the progress of the server's work: `Resolving deltas: 100% (2/2), done.` (git, JGit), `Processing changes: refs: 1,
/// done` (Gerrit), `Storing packfile... done (31 ms)`, `Analyzing objects... (5/5) (4 ms)` (Azure DevOps), `Total 3 (delta 1), reused 0`.
fn is_progress(line: &str) -> bool {
    let line = line.trim();
    let ends = ["done", "done."]
        .iter()
        .any(|end| line.ends_with(&format!(", {end}")) || line.ends_with(&format!("... {end}")));
    let time = line.strip_suffix(" ms)").and_then(|rest| rest.rsplit_once(" ("));
    let takes_time = time.is_some_and(|(rest, time)| rest.contains("... ") && is_number(time));
    ends || takes_time || has_count(line) || line.starts_with("Total ") && line.contains(" (delta ")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a line is `TITLE: PERCENT% (DONE/ALL)`, as git's progress meter writes it.
fn has_count(line: &str) -> bool {
    let Some((_, count)) = line.split_once(": ") else { return false };
    let count = count.trim_start();
    let (percent, rest) = count.split_once("% (").unwrap_or_default();
    let Some((done, all)) = rest.split_once(')').and_then(|(counts, _)| counts.split_once('/')) else { return false };
    is_number(percent) && is_number(done) && is_number(all)
}

/// An error for a response that does not follow git's protocol.
pub(super) fn protocol_error(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

/// An error with a server's message, of which the first [`MAX_ERROR_BYTES`] are kept.
pub(super) fn server_error(message: &str) -> io::Error {
    let message = message.trim();
    io::Error::other(message[..message.floor_char_boundary(MAX_ERROR_BYTES)].to_owned())
}

/// Returns the line, or the server's message as an error if it is an `ERR` line.
pub(super) fn check_err(line: String) -> io::Result<String> {
    match line.strip_prefix("ERR ") {
        Some(message) => Err(server_error(message)),
        None => Ok(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_not_a_message() {
        let text = "Resolving deltas:   0% (0/2)   \rResolving deltas: 100% (2/2), done.\n\
             Updating references: 100% (1/1)\rProcessing changes: refs: 1, done    \n\
             Unpacking objects:  33% (1/3), 1.2 MiB | 3.00 MiB/s\rTotal 3 (delta 1), reused 0 (delta 0)\n\
             Analyzing objects... (5/5) (4 ms)\nStoring packfile... done (31 ms)\nChecking connectivity... done.\n\
             deploys are frozen: 100% of them\nask the team (it is not done)\nsee https://host/a: rule 4 (1/2)\n";
        let expected =
            ["deploys are frozen: 100% of them", "ask the team (it is not done)", "see https://host/a: rule 4 (1/2)"];
        assert_eq!(lines_without_progress(text.as_bytes()), expected);
    }
}
