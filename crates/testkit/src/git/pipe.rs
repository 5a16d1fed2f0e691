//! The services over a pipe, as `ssh` starts them. A service answers what it has read and nothing else, so a client that waits for more waits
//! for ever.

use std::io::{self, Read, Write};
use std::path::Path;

use git2::Repository;

use super::{Abilities, pkt, receive, upload};

/// Serves one session of `git-upload-pack` or `git-receive-pack` and returns when the client has ended it.
///
/// # Errors
/// Those of the pipes and the repository, and a request that cannot be read.
pub fn serve(
    path: &Path,
    service: &str,
    abilities: &Abilities,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> io::Result<()> {
    let repository = Repository::open(path).map_err(io::Error::other)?;
    if service == "git-receive-pack" {
        return receive_pack(&repository, abilities, input, output);
    }
    let version_2 = abilities.version_2;
    let announcement = upload::announce(&repository, abilities, version_2);
    let is_empty = !version_2 && repository.references().is_ok_and(|mut references| references.next().is_none());
    send(output, if is_empty && !abilities.empty_advertisement { b"0000" } else { &announcement })?;
    loop {
        let Some(request) = (if version_2 { until_flush(input)? } else { until_done(input)? }) else { return Ok(()) };
        let response = upload::answer(&repository, abilities, version_2, &request).ok_or_else(unreadable)?;
        send(output, &response)?;
        if !version_2 {
            return Ok(());
        }
    }
}

fn receive_pack(
    repository: &Repository,
    abilities: &Abilities,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> io::Result<()> {
    send(output, &receive::announce(repository, abilities))?;
    let Some(mut request) = until_flush(input)? else { return Ok(()) };
    // The client ends its output after the pack.
    input.read_to_end(&mut request)?;
    let (response, _) = receive::answer(repository, &[], &request).ok_or_else(unreadable)?;
    send(output, &response)
}

fn send(output: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    output.write_all(bytes)?;
    output.flush()
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a request that cannot be read")
}

/// The lines up to a flush; `None` if there are none.
fn until_flush(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    while let Some(line) = line(input)? {
        request.extend_from_slice(&line);
        if line == b"0000" {
            return Ok(Some(request).filter(|request| request.len() > 4));
        }
    }
    Ok(None)
}

/// The lines up to `done`; `None` if a flush comes first of all.
fn until_done(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut request = Vec::new();
    while let Some(line) = line(input)? {
        if request.is_empty() && line == b"0000" {
            return Ok(None);
        }
        request.extend_from_slice(&line);
        if line.get(4..).is_some_and(|text| text.trim_ascii_end() == b"done") {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

/// A line with its length; `None` at the end of the input.
fn line(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let mut line = vec![0; 4];
    match input.read_exact(&mut line) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let Some(pkt::Line::Mark(_)) = pkt::take(&mut line.as_slice()) else {
        let length = std::str::from_utf8(&line).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        line.resize(length.filter(|length| *length >= 4).ok_or_else(unreadable)?, 0);
        input.read_exact(&mut line[4..])?;
        return Ok(Some(line));
    };
    Ok(Some(line))
}
