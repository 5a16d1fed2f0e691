//! What HTTP and a spawned process have in common: a service announces itself, then answers requests.

use std::io::Read;

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

/// A way to talk to a service.
pub(super) trait Channel {
    /// Starts the service anew and gives what it announces.
    fn announce(&mut self, service: Service) -> Result<Box<dyn Read + '_>, TransportError>;

    /// Sends a request to the service that was started last and gives its answer.
    fn request(&mut self, service: Service, body: Vec<u8>) -> Result<Box<dyn Read + '_>, TransportError>;

    /// The layer's own words for an answer that ended too early (what `ssh` wrote to stderr), where it has any.
    fn last_words(&mut self) -> Option<String> {
        None
    }

    /// Whether every request stands alone, so that a service need not be started again for the next one.
    fn stateless(&self) -> bool;
}
