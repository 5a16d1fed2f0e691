//! Errors, with the texts that helm prints.

/// Why a chart was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HelmError {
    message: String,
    rendering: bool,
}

impl HelmError {
    /// Makes an error from before the templates are executed.
    pub(super) fn new(message: impl Into<String>) -> HelmError {
        HelmError { message: message.into(), rendering: false }
    }

    /// Makes the error of a values file that cannot be read.
    #[must_use]
    pub fn file(name: &str, error: &std::io::Error) -> HelmError {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            _ => error.to_string(),
        };
        HelmError::new(format!("open {name}: {why}"))
    }

    /// Makes an error of the rendering itself.
    pub(super) fn rendering(message: impl Into<String>) -> HelmError {
        HelmError { message: message.into(), rendering: true }
    }

    /// Makes the error for a feature of helm that hydrant does not support.
    pub(super) fn unsupported(what: &str) -> HelmError {
        HelmError::new(format!("{what} is not supported yet: run helm instead"))
    }

    /// Returns what helm prints on stderr.
    #[must_use]
    pub fn stderr(&self) -> String {
        let tail = if self.rendering { "\n\nUse --debug flag to render out invalid YAML" } else { "" };
        format!("Error: {}{tail}\n", self.message)
    }
}
