//! What a program prints, in bounded memory and time.

use std::io::{self, Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use net::bounded::MAX_BYTES;

/// The time that a program has, with its children that keep its output open.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// The time for which output is awaited after the end of the program. Its children may keep the output open.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(60);
/// The most bytes of the standard error that are kept. The rest is read and dropped.
const MAX_STDERR: usize = 1 << 20;
/// The bytes that are read at once.
const CHUNK: usize = 64 * 1024;
/// How often the end of the program is looked for.
const INTERVAL: Duration = Duration::from_millis(5);

/// The output of a program that ended.
pub(super) struct ChildOutput {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// The time limits of a program.
#[derive(Clone, Copy)]
struct Limits {
    total: Duration,
    close: Duration,
}

/// Writes `input` to a program whose three streams are pipes, and waits for its end. It is killed where it exceeds a limit.
///
/// # Errors
/// The operating system's, a standard output beyond [`MAX_BYTES`], and a program that does not end.
pub(super) fn wait(child: Child, input: &[u8]) -> io::Result<ChildOutput> {
    wait_within(child, input, Limits { total: TIMEOUT, close: CLOSE_TIMEOUT })
}

fn wait_within(mut child: Child, input: &[u8], limits: Limits) -> io::Result<ChildOutput> {
    let output = collect(&mut child, input.to_vec(), limits);
    if output.is_err() {
        // Both fail only where the program has ended.
        let _ = child.kill();
        let _ = child.wait();
    }
    output
}

fn collect(child: &mut Child, input: Vec<u8>, limits: Limits) -> io::Result<ChildOutput> {
    if let Some(mut pipe) = child.stdin.take() {
        // A program that does not read its input closes the pipe, which is not an error.
        thread::Builder::new().spawn(move || pipe.write_all(&input).is_ok())?;
    }
    let stdout = reader(child.stdout.take(), |bytes, piece| {
        bytes.extend_from_slice(piece);
        bytes.len() as u64 <= MAX_BYTES
    })?;
    let stderr = reader(child.stderr.take(), |bytes, piece| {
        let room = MAX_STDERR.saturating_sub(bytes.len()).min(piece.len());
        bytes.extend_from_slice(&piece[..room]);
        true
    })?;
    let end = Instant::now() + limits.total;
    let mut printed = None;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > end {
            return Err(too_late(limits.total, "it did not end within"));
        }
        match stdout.recv_timeout(INTERVAL) {
            // Its output ended, or is too large.
            Ok(bytes) => printed = Some(within_limit(bytes)?),
            Err(RecvTimeoutError::Disconnected) => thread::sleep(INTERVAL),
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    let late = |_| too_late(limits.close, "a process that it left behind kept its output open for");
    let stdout = match printed {
        Some(bytes) => bytes,
        None => within_limit(stdout.recv_timeout(limits.close).map_err(late)?)?,
    };
    Ok(ChildOutput { status, stdout, stderr: stderr.recv_timeout(limits.close).map_err(late)? })
}

/// Reads a pipe on a thread, until its end or until `take` returns false.
fn reader(
    pipe: Option<impl Read + Send + 'static>,
    take: impl Fn(&mut Vec<u8>, &[u8]) -> bool + Send + 'static,
) -> io::Result<Receiver<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; CHUNK]);
        if let Some(mut pipe) = pipe {
            // What was read before an error counts.
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                if !take(&mut bytes, &buffer[..count]) {
                    break;
                }
            }
        }
        // The receiver is gone after a time-out.
        let _ = send.send(bytes);
    })?;
    Ok(receive)
}

fn within_limit(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!("its output is larger than {} MiB", MAX_BYTES >> 20))),
        false => Ok(bytes),
    }
}

fn too_late(limit: Duration, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{what} {} s", limit.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn run(script: &str, input: &[u8]) -> io::Result<ChildOutput> {
        let mut command: Command = net::child::command("sh", net::child::Purpose::Tool);
        command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let limits = Limits { total: Duration::from_secs(20), close: Duration::from_millis(300) };
        wait_within(command.spawn().unwrap(), input, limits)
    }

    #[test]
    fn output_is_limited() {
        let output = run("cat; echo error >&2; exit 3", &b"x".repeat(1 << 20)).unwrap();
        assert_eq!((output.stdout.len(), &output.stderr[..]), (1 << 20, &b"error\n"[..]));
        assert_eq!(output.status.code(), Some(3));
        let errors = run("head -c 5000000 /dev/zero >&2; echo done", b"").unwrap();
        assert_eq!((errors.stderr.len(), &errors.stdout[..]), (MAX_STDERR, &b"done\n"[..]));
        let message = |script| run(script, b"").err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(message("exec cat /dev/zero"), "its output is larger than 64 MiB");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let start = Instant::now();
        let limits = Limits { total: Duration::from_millis(100), close: Duration::from_millis(100) };
        for script in ["exec sleep 60", "exec >&-; exec sleep 60"] {
            let mut command: Command = net::child::command("sh", net::child::Purpose::Tool);
            command.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let error = wait_within(command.spawn().unwrap(), b"", limits).err().unwrap();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        let error = run("sleep 60 & echo started", b"").err().unwrap();
        assert!(error.to_string().contains("left behind"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(50));
    }
}
