//! Errors, with the texts that helm prints.

/// Why a chart was not rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HelmError {
    message: String,
    rendering: bool,
    warnings: Vec<String>,
}

impl HelmError {
    /// Makes an error from before the templates are executed.
    pub(super) fn new(message: impl Into<String>) -> HelmError {
        HelmError { message: message.into(), rendering: false, warnings: Vec::new() }
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
        HelmError { message: message.into(), rendering: true, warnings: Vec::new() }
    }

    /// Puts the lines before the error that helm had printed when it failed.
    pub(super) fn after(mut self, warnings: &[String]) -> HelmError {
        self.warnings.splice(0..0, warnings.iter().cloned());
        self
    }

    /// Returns what helm prints on stderr: warnings, then the error.
    #[must_use]
    pub fn stderr(&self) -> String {
        let tail = if self.rendering { "\n\nUse --debug flag to render out invalid YAML" } else { "" };
        let warnings: String = self.warnings.iter().map(|line| format!("{line}\n")).collect();
        format!("{warnings}Error: {}{tail}\n", self.message)
    }
}
