//! Errors and warnings as people see them: a message, its location, hints, and the error that caused it.
//!
//! ```
//! use manifest::Diagnostic;
//!
//! let number = "x".parse::<u32>().unwrap_err();
//! let error = Diagnostic::new("invalid replica count \"x\"")
//!     .in_file("kustomization.yaml")
//!     .field("replicas[0].count")
//!     .hint("write a whole number")
//!     .caused_by(number);
//! assert_eq!(
//!     error.to_string(),
//!     "kustomization.yaml: replicas[0].count: invalid replica count \"x\"\n  hint: write a whole number",
//! );
//! assert_eq!(error.causes(), ["invalid digit found in string"]);
//! ```

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::escape;
use crate::node::At;

/// An error or a warning. It prints as `FILE:LINE:COLUMN: FIELD: MESSAGE`, with each hint on a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong: lower case, without a full stop, the problem first.
    pub message: String,
    /// The file as the user named it, if one is concerned.
    pub file: Option<String>,
    /// The position in the file.
    pub at: At,
    /// The field, as a path such as `patches[2].target.name`.
    pub field: Option<String>,
    /// What to do about it: each one imperative sentence, lower case and without a full stop.
    pub hints: Vec<String>,
    /// The error that caused this one, also returned by [`Error::source`].
    pub source: Option<Cause>,
}

/// The typed error below a [`Diagnostic`], shared so that diagnostics can be cloned. Two causes are equal when the texts of their
/// chains are.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Keeps an error as a cause.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Cause(Arc::new(error))
    }

    /// The error itself, to be downcast.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// The text of the error and of each error below it.
    pub fn chain(&self) -> Vec<String> {
        let first: &(dyn Error + 'static) = &*self.0;
        std::iter::successors(Some(first), |&error| error.source()).map(ToString::to_string).collect()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl PartialEq for Cause {
    fn eq(&self, other: &Self) -> bool {
        self.chain() == other.chain()
    }
}

impl Eq for Cause {}

/// One error or several, never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(Vec<Diagnostic>);

impl Errors {
    /// Returns the diagnostics as one error; `Ok` if there is none.
    pub fn check(errors: Vec<Diagnostic>) -> Result<(), Errors> {
        if errors.is_empty() { Ok(()) } else { Err(Errors(errors)) }
    }

    /// The diagnostics, at least one.
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The diagnostics, at least one, by value.
    pub fn into_all(self) -> Vec<Diagnostic> {
        self.0
    }

    /// Both errors as one, each diagnostic once.
    #[must_use]
    pub fn and(mut self, other: Errors) -> Self {
        for diagnostic in other.0 {
            if !self.0.contains(&diagnostic) {
                self.0.push(diagnostic);
            }
        }
        self
    }

    /// Applies `change` to each diagnostic, to add a file or a field that only the caller knows.
    #[must_use]
    pub fn map(mut self, change: impl Fn(Diagnostic) -> Diagnostic) -> Self {
        self.0 = self.0.into_iter().map(change).collect();
        self
    }
}

impl From<Diagnostic> for Errors {
    fn from(one: Diagnostic) -> Self {
        Errors(vec![one])
    }
}

impl Diagnostic {
    /// A diagnostic with nothing but its message.
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), ..Diagnostic::default() }
    }

    /// Sets the file, unless one is already set.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file.get_or_insert_with(|| file.into());
        self
    }

    /// Sets the position in the file, unless one is already set.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        if self.at == At::default() {
            self.at = at;
        }
        self
    }

    /// Sets the field, unless one is already set.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field.get_or_insert_with(|| field.into());
        self
    }

    /// Adds a hint: one imperative sentence, lower case and without a full stop.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Keeps the error that caused this one, unless one is already kept.
    #[must_use]
    pub fn caused_by(mut self, error: impl Error + Send + Sync + 'static) -> Self {
        self.source.get_or_insert_with(|| Cause::new(error));
        self
    }

    /// The texts of the errors below this one, from the nearest to the root cause, without those that the message or an
    /// earlier text already contains.
    pub fn causes(&self) -> Vec<String> {
        let mut texts = vec![self.message.clone()];
        for text in self.source.iter().flat_map(Cause::chain) {
            if !texts.iter().any(|earlier| earlier.contains(&text)) {
                texts.push(text);
            }
        }
        texts.split_off(1)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", escape::line(file))?;
            if self.at != At::default() {
                write!(f, "{}:{}:", self.at.line, self.at.column)?;
            }
            f.write_str(" ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{}: ", escape::line(field))?;
        }
        f.write_str(&escape::message(&self.message))?;
        self.hints.iter().try_for_each(|hint| write!(f, "\n  hint: {}", escape::line(hint)))
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, one) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{one}")?;
        }
        Ok(())
    }
}

impl Error for Diagnostic {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(Cause(error)) => Some(&**error),
            None => None,
        }
    }
}

impl Error for Errors {}
