//! A small HTTP/1.1 client, plain or trusting one authority: what a test needs to push an image.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::ServerName;

use crate::tls::Identity;

/// An answer as it came in.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What came behind the headers.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends one request on a connection of its own; nothing where no server responds.
pub fn send(
    to: SocketAddr,
    identity: Option<&Identity>,
    request: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Answer> {
    let mut out =
        format!("{request} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    let bytes = [out.as_bytes(), b"\r\n", body].concat();
    let stream = TcpStream::connect(to).ok()?;
    let answer = match identity {
        None => exchange(stream, &bytes),
        Some(identity) => {
            let name = ServerName::try_from("localhost").ok()?;
            let connection = rustls::ClientConnection::new(Arc::new(identity.client()), name).ok()?;
            exchange(rustls::StreamOwned::new(connection, stream), &bytes)
        }
    }?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header =
        |line: &str| line.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
    Some(Answer { status, headers: lines.filter_map(header).collect(), body: answer[end + 4..].to_vec() })
}

fn exchange(mut stream: impl Read + Write, request: &[u8]) -> Option<Vec<u8>> {
    stream.write_all(request).ok()?;
    stream.flush().ok()?;
    let mut bytes = Vec::new();
    // A server may end TLS without close_notify.
    drop(stream.read_to_end(&mut bytes));
    (!bytes.is_empty()).then_some(bytes)
}
