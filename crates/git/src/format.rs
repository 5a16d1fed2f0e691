//! Formats of repositories that libgit2 cannot read, so that they are refused by name.

/// A format that hydrant does not support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedFormat {
    /// `extensions.objectFormat = sha256`.
    #[error("SHA-256 object ids")]
    Sha256,
    /// `extensions.refStorage = reftable`.
    #[error("reftable ref storage")]
    Reftable,
    /// Another extension or object format, as libgit2 names it.
    #[error("{0}")]
    Other(String),
}

impl UnsupportedFormat {
    /// The format because of which libgit2 does not open a repository; `None` for another error.
    pub(crate) fn of(error: &git2::Error) -> Option<Self> {
        let message = error.message();
        if let Some(format) = message.strip_prefix("unknown object format ") {
            let format = format.trim_matches('\'');
            return Some(if format == "sha256" {
                Self::Sha256
            } else {
                Self::Other(format!("object format {format}"))
            });
        }
        let extension = message.strip_prefix("unsupported extension name extensions.")?;
        Some(match extension {
            "refstorage" => Self::Reftable,
            "objectformat" => Self::Sha256,
            name => Self::Other(format!("extension {name}")),
        })
    }

    /// Returns what to do about it, as an imperative sentence.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Sha256 => "use a repository with SHA-1 object ids (`git init --object-format=sha1`)",
            Self::Reftable => "convert it with `git refs migrate --ref-format=files`",
            Self::Other(_) => "use a repository without it",
        }
    }
}
