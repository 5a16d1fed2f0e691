//! The errors of a delivery as a whole.

use git::{SigningError, TransportError};

use crate::validate::UnitError;

/// Why no unit could be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// A unit is invalid.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A commit could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The remote could not be used.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// libgit2's errors come from the repository in which the commits are built.
impl From<git2::Error> for DeliverError {
    fn from(error: git2::Error) -> Self {
        Self::Transport(TransportError::object_store(error))
    }
}

impl DeliverError {
    /// Whether another attempt may succeed without a change of the input.
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_outside())
    }

    /// What the user can do about it: one imperative sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unit(error) => error.hint(),
            Self::Signing(error) => error.hint(),
            Self::Transport(error) => error.hint(),
        }
    }

    /// Whether the connection was lost.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Transport(TransportError::Unreachable { .. }))
    }
}
