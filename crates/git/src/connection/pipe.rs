//! The pipes of a child process. Reads have a time limit, and writes do not block the caller.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::channel::Request;

/// The bytes that are read or written at once.
const CHUNK: usize = 64 * 1024;
/// The chunks of output that are read ahead.
const READ_AHEAD: usize = 8;

/// When the child last took input.
#[derive(Clone)]
struct LastWrite(Arc<Mutex<Instant>>);

impl LastWrite {
    fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// Writes requests to the child. Its input ends when this value is dropped and everything is written.
pub(super) struct PipeWriter {
    requests: Sender<Request>,
}

impl PipeWriter {
    /// Starts to write a request. `false` if the child does not take input any more.
    pub(super) fn send(&self, request: Request) -> bool {
        self.requests.send(request).is_ok()
    }
}

/// Reads the child's output.
pub(super) struct PipeReader {
    chunks: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    /// How much of the chunk was returned.
    position: usize,
    last_write: LastWrite,
    idle_timeout: Duration,
    deadline: Instant,
}

/// Connects to the pipes of a child. A read fails with [`io::ErrorKind::TimedOut`] if the child neither sends output nor takes input for
/// `idle_timeout`, or does not end its response before `deadline`.
pub(super) fn connect(
    stdin: ChildStdin,
    stdout: ChildStdout,
    idle_timeout: Duration,
    deadline: Instant,
) -> (PipeWriter, PipeReader) {
    let last_write = LastWrite::now();
    let (requests, queue) = mpsc::channel();
    let written = last_write.clone();
    std::thread::spawn(move || write_requests(stdin, &queue, &written));
    let (sender, chunks) = mpsc::sync_channel(READ_AHEAD);
    std::thread::spawn(move || read_chunks(stdout, &sender));
    let reader = PipeReader { chunks, chunk: Vec::new(), position: 0, last_write, idle_timeout, deadline };
    (PipeWriter { requests }, reader)
}

/// A failed write is not an error: the response says why the child stopped reading.
fn write_requests(mut stdin: ChildStdin, requests: &Receiver<Request>, last_write: &LastWrite) {
    while let Ok(mut request) = requests.recv() {
        if write_request(&mut stdin, &mut request, last_write).is_err() {
            return;
        }
    }
}

fn write_request(stdin: &mut ChildStdin, request: &mut Request, last_write: &LastWrite) -> io::Result<()> {
    let mut body = request.reader()?;
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = body.read(&mut buffer)?;
        if count == 0 {
            return stdin.flush();
        }
        stdin.write_all(&buffer[..count])?;
        last_write.set();
    }
}

fn read_chunks(mut stdout: ChildStdout, chunks: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        let chunk = match stdout.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => Ok(buffer[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = chunk.is_err();
        if chunks.send(chunk).is_err() || failed {
            return;
        }
    }
}

impl PipeReader {
    /// Sets the time after which reads fail.
    pub(super) fn set_deadline(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Waits for the next chunk; an empty one is the end.
    fn next(&self) -> io::Result<Vec<u8>> {
        let start = Instant::now();
        loop {
            let idle = start.elapsed().min(self.last_write.elapsed());
            let Some(left) = self.idle_timeout.checked_sub(idle) else {
                let message = format!("no data for {} s", self.idle_timeout.as_secs_f64());
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            };
            let until_end = self.deadline.saturating_duration_since(Instant::now());
            if until_end.is_zero() {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the response did not end in time"));
            }
            match self.chunks.recv_timeout(left.min(until_end)) {
                Ok(chunk) => return chunk,
                Err(RecvTimeoutError::Disconnected) => return Ok(Vec::new()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Read for PipeReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position == self.chunk.len() {
            self.chunk = self.next()?;
            self.position = 0;
        }
        let rest = &self.chunk[self.position..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        Ok(count)
    }
}
