//! A proxy on loopback that tunnels every CONNECT to one place, whatever host was named.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// A running proxy. Its thread ends with the process.
pub struct Proxy {
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy on a free port that leads to `target`.
    ///
    /// # Panics
    /// Where no port can be had.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let own = log.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = own.clone();
                std::thread::spawn(move || tunnel(stream, target, &log));
            }
        });
        Proxy { address, log }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, each with its headers in lower case, joined by newlines.
    pub fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn tunnel(stream: TcpStream, target: SocketAddr, log: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
    }
    let (first, headers) = request.split_once("\r\n")?;
    let entry = format!("{first}\n{}", headers.to_ascii_lowercase().replace('\r', ""));
    log.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    let mut client = stream;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    let mut server = TcpStream::connect(target).ok()?;
    let (mut back, mut to) = (server.try_clone().ok()?, client.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut back, &mut to));
    std::io::copy(&mut reader, &mut server).ok().map(|_| ())
}
