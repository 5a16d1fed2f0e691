//! Errors, with the texts that Go gives.

use std::error::Error as StdError;
use std::fmt;

use crate::text::Str;

/// A template that does not parse or whose execution failed.
#[derive(Debug)]
pub enum Error {
    /// The text is not a template.
    Parse(ParseError),
    /// The execution stopped.
    Exec(Box<ExecError>),
    /// There is no template of that name.
    NotDefined {
        /// The requested name.
        name: String,
        /// The name of the set's own template, which Go's message mentions.
        set: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Parse(error) => fmt::Display::fmt(error, f),
            Error::Exec(error) => fmt::Display::fmt(error, f),
            Error::NotDefined { name, set } => {
                let quote = |text: &str| crate::strconv::quote(text.as_bytes());
                write!(f, "template: no template {} associated with template {}", quote(name), quote(set))
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Exec(error) => error.source(),
            _ => None,
        }
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Error {
        Error::Parse(error)
    }
}

impl From<ExecError> for Error {
    fn from(error: ExecError) -> Error {
        Error::Exec(Box::new(error))
    }
}

/// A parse error: `template: NAME:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name of the parsed text.
    pub name: String,
    /// The line, from 1; 0 if unknown, as in Go.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template: {}:{}: {}", self.name, self.line, self.message)
    }
}

impl StdError for ParseError {}

/// An execution error: `template: NAME:LINE:COLUMN: executing "TEMPLATE" at <EXPRESSION>: MESSAGE`.
#[derive(Debug)]
pub struct ExecError {
    /// Where it happened; `None` if nothing was executed yet.
    pub location: Option<ErrorLocation>,
    /// The name of the template that was executed.
    pub template: String,
    /// What is wrong. For a function's error this is `error calling NAME: `, and the text of `cause` follows.
    pub message: String,
    /// The error that a called function returned.
    pub cause: Option<FunctionError>,
}

/// A place in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLocation {
    /// The name of the parsed text.
    pub name: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 0.
    pub column: usize,
    /// The expression, printed back.
    pub context: String,
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ExecError { location, template, message, cause } = self;
        match location {
            None => write!(f, "template: {template}: {message}")?,
            Some(ErrorLocation { name, line, column, context }) => {
                let template = crate::strconv::quote(template.as_bytes());
                write!(f, "template: {name}:{line}:{column}: executing {template} at <{context}>: {message}")?;
            }
        }
        match cause {
            Some(cause) => crate::stack::grow(|| fmt::Display::fmt(cause, f)),
            None => Ok(()),
        }
    }
}

impl StdError for ExecError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

/// Errors of functions that execute templates are nested as deep as these.
impl Drop for ExecError {
    fn drop(&mut self) {
        if let Some(cause) = self.cause.take() {
            crate::stack::grow(|| drop(cause));
        }
    }
}

/// What a function answers instead of a value.
#[derive(Debug)]
pub struct FunctionError {
    /// What is wrong; before the text of the source, if there is one.
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl FunctionError {
    /// Makes an error with another one as its cause, whose text follows the message.
    #[must_use]
    pub fn with_source(message: impl Into<String>, source: impl StdError + Send + Sync + 'static) -> FunctionError {
        FunctionError { message: message.into(), source: Some(Box::new(source)) }
    }

    /// Returns whether the text is that of the cause alone.
    #[must_use]
    pub fn is_transparent(&self) -> bool {
        self.message.is_empty() && self.source.is_some()
    }

    /// Returns the cause if it is a template's error.
    #[must_use]
    pub fn template_error(&self) -> Option<&Error> {
        self.source.as_deref().and_then(|source| source.downcast_ref())
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.source.as_ref().map_or(Ok(()), |source| fmt::Display::fmt(source, f))
    }
}

impl StdError for FunctionError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<String> for FunctionError {
    fn from(message: String) -> FunctionError {
        FunctionError { message, source: None }
    }
}

impl From<&str> for FunctionError {
    fn from(message: &str) -> FunctionError {
        FunctionError::from(message.to_owned())
    }
}

impl From<Error> for FunctionError {
    fn from(error: Error) -> FunctionError {
        FunctionError::with_source("", error)
    }
}

/// Returns the text of bytes for messages.
pub(crate) fn text_of(bytes: &Str) -> String {
    bytes.to_text().into_owned()
}
