//! What HTTP and a child process have in common: a service sends an advertisement, then answers requests.

use std::io::{self, Cursor, Read};
use std::time::Instant;

use tempfile::SpooledTempFile;

use crate::error::TransportError;

/// The two services of a git server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// `git-upload-pack`, which fetches talk to.
    UploadPack,
    /// `git-receive-pack`, which pushes talk to.
    ReceivePack,
}

impl Service {
    /// Returns the name of the program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// A request to a service: packet lines, followed by a pack in a push.
pub(super) struct Request {
    /// The packet lines.
    pub lines: Vec<u8>,
    /// The pack and its length in bytes.
    pub pack: Option<(SpooledTempFile, u64)>,
}

impl Request {
    /// A request without a pack.
    pub(super) fn lines(lines: Vec<u8>) -> Self {
        Self { lines, pack: None }
    }

    /// Returns the length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.lines.len() as u64 + self.pack.as_ref().map_or(0, |(_, length)| *length)
    }

    /// Returns a reader of the whole request, from its start.
    ///
    /// # Errors
    /// The temporary file's.
    pub(super) fn reader(&mut self) -> io::Result<impl Read + '_> {
        let lines = Cursor::new(&self.lines);
        let pack: Box<dyn Read + '_> = match &mut self.pack {
            Some((pack, _)) => {
                io::Seek::rewind(pack)?;
                Box::new(pack)
            }
            None => Box::new(io::empty()),
        };
        Ok(lines.chain(pack))
    }
}

/// A connection to the services of a repository.
pub(super) trait Channel {
    /// Starts a service and returns its advertisement. Reads of it fail after `deadline`.
    fn advertisement(&mut self, service: Service, deadline: Instant) -> Result<Box<dyn Read + '_>, TransportError>;

    /// Sends a request to the service that was started last and returns its response. Reads of it fail after `deadline`.
    fn request(
        &mut self,
        service: Service,
        request: Request,
        deadline: Instant,
    ) -> Result<Box<dyn Read + '_>, TransportError>;

    /// Ends the service that was started last without a request.
    fn close(&mut self) {}

    /// Returns what the service wrote to its standard error, for a response that ended early.
    fn stderr(&mut self) -> Option<String> {
        None
    }

    /// Returns whether each request is independent, so that one advertisement serves several of them.
    fn stateless(&self) -> bool;
}
