//! Errors, with the texts that helm prints.

/// Why a chart was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HelmError {
    message: String,
    rendering: bool,
    warnings: Vec<String>,
    /// What was rendered but is not valid YAML.
    invalid: Vec<u8>,
}

impl HelmError {
    /// Makes an error from before the templates are executed.
    pub(super) fn new(message: impl Into<String>) -> HelmError {
        HelmError { message: message.into(), rendering: false, warnings: Vec::new(), invalid: Vec::new() }
    }

    /// Makes an error from before the rendering, such as a file that cannot be read.
    #[must_use]
    pub fn before_rendering(message: String) -> HelmError {
        HelmError::new(message)
    }

    /// Makes an error from the rendering on, such as a file that cannot be written.
    #[must_use]
    pub fn while_rendering(message: String) -> HelmError {
        HelmError::rendering(message)
    }

    /// Makes an error of the rendering itself.
    pub(super) fn rendering(message: impl Into<String>) -> HelmError {
        HelmError { message: message.into(), rendering: true, warnings: Vec::new(), invalid: Vec::new() }
    }

    /// Keeps what was rendered.
    pub(super) fn with_invalid_files(mut self, files: Vec<u8>) -> HelmError {
        self.invalid = files;
        self
    }

    /// Puts the lines before the error that helm had printed when it failed.
    pub(super) fn after(mut self, warnings: &[String]) -> HelmError {
        self.warnings.splice(0..0, warnings.iter().cloned());
        self
    }

    /// Returns what helm prints on stderr: warnings, then the error.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.text(false)
    }

    /// Returns what helm prints on stderr with `--debug`, without the debug lines.
    #[must_use]
    pub fn debug_stderr(&self) -> String {
        self.text(true)
    }

    /// Returns what helm prints on stdout with `--debug` beside an error of the rendering: the files, if they are not valid YAML.
    #[must_use]
    pub fn debug_stdout(&self) -> Option<Vec<u8>> {
        self.rendering.then(|| [&self.invalid[..], b"\n"].concat())
    }

    fn text(&self, debug: bool) -> String {
        let tail = if self.rendering && !debug { "\n\nUse --debug flag to render out invalid YAML" } else { "" };
        let warnings: String = self.warnings.iter().map(|line| format!("{line}\n")).collect();
        format!("{warnings}Error: {}{tail}\n", self.message)
    }
}
