//! Servers that send too much, too slowly or nothing, and a measurement of what a client takes.

use std::io::{self, BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

/// The bytes that a server sends, made while they are sent.
pub type Stream = Box<dyn Read + Send>;

/// A server that answers each request with raw bytes, headers included.
pub struct RawServer {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
}

impl RawServer {
    /// Starts a server on a free port. `answer` gets the request line, the headers and the body, such as
    /// `GET /v2/ HTTP/1.1\r\n…`.
    ///
    /// # Panics
    /// Where no port can be had.
    pub fn start(answer: impl Fn(&str) -> Stream + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let ending = Arc::new(AtomicBool::new(false));
        let (stop, answer) = (Arc::clone(&ending), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || serve(&stream, answer.as_ref()));
            }
        });
        RawServer { address, ending }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// Reads one request and sends the answer until the client closes the connection.
fn serve(stream: &TcpStream, answer: &dyn Fn(&str) -> Stream) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if !matches!(reader.read_line(&mut head), Ok(count) if count > 0) {
            return;
        }
    }
    let length = head.to_ascii_lowercase();
    let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    if reader.take(length).read_to_end(&mut body).is_err() {
        return;
    }
    head.push_str(&String::from_utf8_lossy(&body));
    let mut writer = stream;
    let _ = io::copy(&mut answer(&head), &mut writer);
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

/// The head of a response of a media type whose body ends with the connection.
pub fn head(media_type: &str, headers: &str) -> Stream {
    let text = format!("HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\nconnection: close\r\n{headers}\r\n");
    bytes(text)
}

/// These bytes.
pub fn bytes(content: impl Into<Vec<u8>>) -> Stream {
    Box::new(io::Cursor::new(content.into()))
}

/// One stream after the other.
pub fn chain(parts: Vec<Stream>) -> Stream {
    parts.into_iter().reduce(|all, part| Box::new(all.chain(part))).unwrap_or_else(|| bytes(""))
}

/// These bytes again and again.
pub fn forever(content: impl Into<Vec<u8>>) -> Stream {
    let content: Vec<u8> = content.into();
    // Large pieces, so that the server is not slower than the client.
    let times = (64 * 1024 / content.len().max(1)).max(1);
    Box::new(Repeat { content: content.repeat(times), position: 0 })
}

/// The first bytes of a stream.
pub fn first(count: u64, stream: Stream) -> Stream {
    Box::new(stream.take(count))
}

/// A stream, one byte after each pause.
pub fn slowly(pause: Duration, stream: Stream) -> Stream {
    Box::new(Slow { pause, stream })
}

/// No bytes, for this time.
pub fn silence(time: Duration) -> Stream {
    slowly(time, bytes("\0"))
}

struct Repeat {
    content: Vec<u8>,
    position: usize,
}

impl Read for Repeat {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = &self.content[self.position..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.position = (self.position + count) % self.content.len();
        Ok(count)
    }
}

struct Slow {
    pause: Duration,
    stream: Stream,
}

impl Read for Slow {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        std::thread::sleep(self.pause);
        let end = out.len().min(1);
        self.stream.read(&mut out[..end])
    }
}

/// Zeros, compressed as gzip: a thousandth of `count` bytes.
///
/// # Panics
/// Never: memory can be written.
pub fn gzip_bomb(count: u64) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    io::copy(&mut io::repeat(b' ').take(count), &mut encoder).expect("memory can be written");
    encoder.finish().expect("memory can be written")
}

/// A packet line of git's protocol.
pub fn packet(content: &[u8]) -> Vec<u8> {
    let mut out = format!("{:04x}", content.len() + 4).into_bytes();
    out.extend_from_slice(content);
    out
}

/// What a git server sends, besides what is usual.
pub struct HostileGit {
    /// Sent for the advertisement, after its first lines.
    pub advertisement: fn() -> Stream,
    /// Sent for a list of refs, after the branch `main`.
    pub refs: fn() -> Stream,
    /// Sent for a fetch.
    pub fetch: fn() -> Stream,
}

/// The commit that [`HostileGit`] lists.
pub const COMMIT: &str = "0123456789012345678901234567890123456789";

impl Default for HostileGit {
    fn default() -> Self {
        HostileGit { advertisement: || bytes(""), refs: || bytes(""), fetch: || bytes("") }
    }
}

impl HostileGit {
    /// Starts it, with smart HTTP and version 2 of the protocol.
    pub fn start(self) -> RawServer {
        RawServer::start(move |request| {
            if request.contains("/info/refs") {
                let mut lines = packet(b"# service=git-upload-pack\n");
                lines.extend_from_slice(b"0000");
                for line in ["version 2\n", "agent=hostile\n", "ls-refs\n", "fetch=shallow filter\n"] {
                    lines.extend(packet(line.as_bytes()));
                }
                let media_type = "application/x-git-upload-pack-advertisement";
                return chain(vec![head(media_type, ""), bytes(lines), (self.advertisement)(), bytes("0000")]);
            }
            let head = head("application/x-git-upload-pack-result", "");
            if request.contains("command=ls-refs") {
                let main = packet(format!("{COMMIT} refs/heads/main\n").as_bytes());
                return chain(vec![head, bytes(main), (self.refs)(), bytes("0000")]);
            }
            chain(vec![head, bytes(packet(b"packfile\n")), (self.fetch)(), bytes("0000")])
        })
    }
}

/// The start of a pack with a number of objects.
pub fn pack_header(objects: u32) -> Vec<u8> {
    [b"PACK\0\0\0\x02", &objects.to_be_bytes()[..]].concat()
}

/// An object of a pack: its type, its declared size, the reference to its base if it is a delta, and its compressed content.
///
/// # Panics
/// Never: memory can be written.
pub fn pack_object(kind: u8, size: u64, base: &[u8], content: &mut dyn Read) -> Vec<u8> {
    let mut out = vec![kind << 4 | u8::try_from(size & 15).unwrap_or(0)];
    let mut left = size >> 4;
    while left > 0 {
        if let Some(last) = out.last_mut() {
            *last |= 0x80;
        }
        out.push(u8::try_from(left & 0x7f).unwrap_or(0));
        left >>= 7;
    }
    out.extend_from_slice(base);
    let mut zlib = ZlibEncoder::new(out, Compression::fast());
    io::copy(content, &mut zlib).expect("memory can be written");
    zlib.finish().expect("memory can be written")
}

/// Bytes of a pack in packets of band 1.
pub fn band_1(content: &[u8]) -> Vec<u8> {
    content.chunks(60_000).flat_map(|piece| packet(&[&[1], piece].concat())).collect()
}

/// What a program took.
#[derive(Debug)]
pub struct Measured {
    /// Its output and status.
    pub output: Output,
    /// The largest memory in use, in megabytes, from Linux's `VmHWM`.
    pub peak_mb: u64,
    /// How long it ran.
    pub time: Duration,
}

impl Measured {
    /// Its standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// Runs a program until it ends, and measures its memory.
///
/// # Panics
/// Where it cannot be run.
pub fn measure(command: &mut Command) -> Measured {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program can be run");
    let status = format!("/proc/{}/status", child.id());
    let waiter = std::thread::spawn(move || child.wait_with_output());
    let mut peak = 0;
    while !waiter.is_finished() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        peak = peak.max(kilobytes);
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = waiter.join().expect("the thread does not panic").expect("the program can be waited for");
    Measured { output, peak_mb: peak >> 10, time: start.elapsed() }
}
