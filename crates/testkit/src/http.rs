//! A small HTTP/1.1 server on loopback, plain or with TLS from a private authority, that can also misbehave.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::tls::Identity;

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// What follows the question mark.
    pub query: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a query parameter or of a field of a posted form, unescaped.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let all = format!("{}&{body}", self.query);
        all.split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| unescape(value)))
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers; `content-length` is added.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// How long to wait before answering.
    pub delay: Duration,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum Body {
    /// These bytes.
    Bytes(Vec<u8>),
    /// So many blanks, sent in pieces.
    Blanks(u64),
    /// This many blanks, without a length: the body ends with the connection.
    Unannounced(u64),
    /// A body that is announced longer than it is; the connection then breaks.
    Cut(Vec<u8>),
    /// The whole response with its status line, in place of status and headers; the connection closes after it.
    Raw(Vec<u8>),
    /// No answer at all: the connection breaks.
    Hangup,
}

impl Response {
    /// An answer with a body of a media type.
    pub fn new(status: u16, media: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), media.to_owned())];
        Response { status, headers, body: Body::Bytes(body.into()), delay: Duration::ZERO }
    }

    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Response { status, headers: Vec::new(), body: Body::Bytes(Vec::new()), delay: Duration::ZERO }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// A running server; it ends with the value.
pub struct Server {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
}

impl Server {
    /// Starts a server on a free port; every request is answered by `handle`, each connection on a thread of its own.
    ///
    /// # Panics
    /// Where no port can be had.
    pub fn start(identity: Option<&Identity>, handle: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let ending = Arc::new(AtomicBool::new(false));
        let (stop, handle) = (ending.clone(), Arc::new(handle));
        let tls = identity.map(Identity::server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (handle, tls) = (handle.clone(), tls.clone());
                std::thread::spawn(move || serve(stream, tls, handle.as_ref()));
            }
        });
        Server { address, ending }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>, handle: &dyn Fn(&Request) -> Response) {
    // Errors of a client that leaves are ignored.
    drop(stream.set_nodelay(true));
    match tls {
        None => serve_requests(stream, handle),
        Some(config) => rustls::ServerConnection::new(config)
            .ok()
            .and_then(|connection| serve_requests(rustls::StreamOwned::new(connection, stream), handle)),
    };
}

/// Answers requests until the client leaves or the connection is to break.
fn serve_requests(stream: impl Read + Write, handle: &dyn Fn(&Request) -> Response) -> Option<()> {
    let mut stream = BufReader::with_capacity(16 * 1024, stream);
    loop {
        let request = read_request(&mut stream)?;
        let response = handle(&request);
        std::thread::sleep(response.delay);
        write_response(stream.get_mut(), &request, &response)?;
    }
}

fn read_request(stream: &mut (impl BufRead + ?Sized)) -> Option<Request> {
    let first = line(stream)?;
    let mut parts = first.split(' ');
    let (method, target) = (parts.next()?.to_owned(), parts.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request { method, path: path.to_owned(), query: query.to_owned(), ..Request::default() };
    loop {
        let text = line(stream)?;
        let Some((name, value)) = text.split_once(':') else { break };
        request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    if request.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        loop {
            let size = usize::from_str_radix(line(stream)?.trim(), 16).ok()?;
            let mut chunk = vec![0; size];
            stream.read_exact(&mut chunk).ok()?;
            line(stream)?;
            if size == 0 {
                break;
            }
            request.body.extend(chunk);
        }
    } else if let Some(length) = request.header("content-length").and_then(|text| text.parse().ok()) {
        request.body = vec![0; length];
        stream.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}

fn line(stream: &mut (impl BufRead + ?Sized)) -> Option<String> {
    let mut text = String::new();
    let count = stream.read_line(&mut text).ok()?;
    (count > 0).then(|| text.trim_end().to_owned())
}

fn write_response(stream: &mut impl Write, request: &Request, response: &Response) -> Option<()> {
    if let Body::Raw(bytes) = &response.body {
        stream.write_all(bytes).and_then(|()| stream.flush()).ok()?;
        return None;
    }
    let length = match &response.body {
        Body::Bytes(bytes) => bytes.len() as u64,
        Body::Blanks(count) | Body::Unannounced(count) => *count,
        Body::Cut(bytes) => bytes.len() as u64 + 100,
        Body::Raw(_) | Body::Hangup => return None,
    };
    let mut head = format!("HTTP/1.1 {} X\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let announced = !matches!(response.body, Body::Unannounced(_));
    head.push_str(&if announced {
        format!("content-length: {length}\r\n")
    } else {
        "connection: close\r\n".to_owned()
    });
    head.push_str("\r\n");
    let mut out = head.into_bytes();
    if let (Body::Bytes(bytes) | Body::Cut(bytes), true) = (&response.body, request.method != "HEAD") {
        out.extend(bytes);
    }
    stream.write_all(&out).ok()?;
    if let (Body::Blanks(count) | Body::Unannounced(count), true) = (&response.body, request.method != "HEAD") {
        std::io::copy(&mut std::io::repeat(b' ').take(*count), stream).ok()?;
    }
    stream.flush().ok()?;
    if matches!(response.body, Body::Cut(_) | Body::Unannounced(_)) { None } else { Some(()) }
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = text.get(index + 1..index + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[index], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                index += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
