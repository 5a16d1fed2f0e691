//! What HTTP and a spawned process have in common: a service announces itself, then answers requests.

use std::io::{self, Cursor, Read};

use tempfile::SpooledTempFile;

use super::TransportError;

/// The two programs on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Gives.
    UploadPack,
    /// Takes.
    ReceivePack,
}

impl Service {
    /// The program's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::ReceivePack => "git-receive-pack",
        }
    }
}

/// What is sent to a service: lines, and behind them, with a push, a pack.
pub(super) struct Request {
    /// The lines.
    pub lines: Vec<u8>,
    /// The pack and its length.
    pub pack: Option<(SpooledTempFile, u64)>,
}

impl Request {
    /// Lines alone.
    pub(super) fn lines(lines: Vec<u8>) -> Self {
        Self { lines, pack: None }
    }

    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        self.lines.len() as u64 + self.pack.as_ref().map_or(0, |(_, length)| *length)
    }

    /// All of it, from its start.
    ///
    /// # Errors
    /// The disk's.
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

/// A way to talk to a service.
pub(super) trait Channel {
    /// Starts the service anew and gives what it announces.
    fn announce(&mut self, service: Service) -> Result<Box<dyn Read + '_>, TransportError>;

    /// Sends a request to the service that was started last and gives its answer.
    fn request(&mut self, service: Service, request: Request) -> Result<Box<dyn Read + '_>, TransportError>;

    /// Ends the service that was started last without a request.
    fn leave(&mut self) {}

    /// The layer's own words for an answer that ended too early (what `ssh` wrote to stderr), where it has any.
    fn last_words(&mut self) -> Option<String> {
        None
    }

    /// Whether every request stands alone, so that a service need not be started again for the next one.
    fn stateless(&self) -> bool;
}
