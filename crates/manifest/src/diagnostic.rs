//! What went wrong or is worth saying: a message, its place, and the next step.

use std::fmt;

use crate::node::At;

/// One finding. It prints as `FILE:LINE:COLUMN: FIELD: MESSAGE`, with each hint on a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is the matter, as a sentence without a full stop.
    pub message: String,
    /// The file as the user named it, if one is concerned.
    pub file: Option<String>,
    /// Where in the file.
    pub at: At,
    /// The field, as a path such as `patches[2].target.name`.
    pub field: Option<String>,
    /// What to do about it, each a sentence.
    pub hints: Vec<String>,
}

/// Why a value could not be made: one finding or several, never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors(Vec<Diagnostic>);

impl Errors {
    /// Several findings as one error; `Ok` where there is none.
    pub fn check(found: Vec<Diagnostic>) -> Result<(), Errors> {
        if found.is_empty() { Ok(()) } else { Err(Errors(found)) }
    }

    /// The findings, at least one.
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }

    /// The findings, taken.
    pub fn into_all(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The same error with `change` made to each finding, to add a file or a field that only the caller knows.
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
    /// A finding with nothing but its message.
    pub fn new(message: impl Into<String>) -> Self {
        Diagnostic { message: message.into(), ..Diagnostic::default() }
    }

    /// Names the file, unless a closer one is already named.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file.get_or_insert_with(|| file.into());
        self
    }

    /// Names the place in the file, unless a closer one is already named.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        if self.at == At::default() {
            self.at = at;
        }
        self
    }

    /// Names the field, unless a closer one is already named.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field.get_or_insert_with(|| field.into());
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}:")?;
            if self.at != At::default() {
                write!(f, "{}:{}:", self.at.line, self.at.column)?;
            }
            f.write_str(" ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\n  hint: {hint}"))
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

impl std::error::Error for Diagnostic {}
impl std::error::Error for Errors {}
