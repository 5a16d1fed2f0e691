//! A response, its body read as a stream or kept in memory up to a limit.

use std::io::{self, Read};

use ureq::http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::error::{self, HttpError, HttpErrorKind};

/// A response of any status, its body not read yet.
#[derive(Debug)]
pub struct Response {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: ureq::Body,
}

/// A response of any status with its body.
#[derive(Clone, Debug)]
pub struct BufferedResponse {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
    truncated: bool,
}

impl Response {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a header; nothing where it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// The URL that answered, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Reads the body, at most `limit` bytes. One that is announced to be longer is not read at all.
    ///
    /// # Errors
    /// Where the connection breaks or a time limit passes.
    pub fn buffer(self, limit: usize) -> Result<BufferedResponse, HttpError> {
        let Response { method, url, status, headers, mut body } = self;
        let mut buffered = BufferedResponse { url, status, headers, body: Vec::new(), truncated: false };
        if method == Method::HEAD {
            return Ok(buffered);
        }
        if body.content_length().is_some_and(|announced| announced > limit as u64) {
            buffered.truncated = true;
            return Ok(buffered);
        }
        // One byte more than the limit shows that there is more.
        let mut reader = body.as_reader().take(limit as u64 + 1);
        reader
            .read_to_end(&mut buffered.body)
            .map_err(|error| HttpError::new(method.as_str(), &buffered.url, error::of_body(error)))?;
        buffered.truncated = buffered.body.len() > limit;
        buffered.body.truncate(limit);
        Ok(buffered)
    }

    /// Returns the body as a stream that fails with [`HttpErrorKind::TooLarge`] after `limit` bytes. Each error of the stream
    /// carries an [`HttpError`].
    pub fn into_reader(self, limit: u64) -> BodyReader {
        BodyReader { reader: self.body.into_reader(), left: limit, limit, method: self.method, url: self.url }
    }
}

impl BufferedResponse {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a header; nothing where it is absent or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// The URL that answered, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The body, up to the limit.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, up to the limit, by value.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Whether the body is longer than the limit.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The body of a response as a stream.
pub struct BodyReader {
    reader: ureq::BodyReader<'static>,
    left: u64,
    limit: u64,
    method: Method,
    url: Url,
}

impl BodyReader {
    fn error(&self, kind: HttpErrorKind) -> io::Error {
        io::Error::other(HttpError::new(self.method.as_str(), &self.url, kind))
    }
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Ok(count) if count as u64 > self.left => Err(self.error(HttpErrorKind::TooLarge(self.limit))),
            Ok(count) => {
                self.left -= count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(self.error(error::of_body(error))),
        }
    }
}
