//! A finding: what a check says of an object.

use manifest::{At, ObjectId};

/// What a finding does to the unit of its object, from the mildest to the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is reported, for example that a kind has no schema.
    Note,
    /// It is reported as a warning.
    Warn,
    /// The unit goes through review, even if it would be pushed.
    Ask,
    /// The unit is not delivered.
    Refuse,
}

impl Severity {
    /// `note`, `warn`, `ask` or `refuse`, as the policy and reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warn => "warn",
            Severity::Ask => "ask",
            Severity::Refuse => "refuse",
        }
    }
}

/// What a check says of an object: `message` is in lower case without a full stop, and `hint` is one imperative sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The id of the check, in kebab case, such as `unknown-field`.
    pub id: &'static str,
    /// What happens to the unit.
    pub severity: Severity,
    /// The object; absent for a finding about several.
    pub object: Option<ObjectId>,
    /// The path of the field in the object, such as `spec.ports[0].port`; empty for the whole object.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The file that the field is in; absent where it is not known.
    pub file: Option<String>,
    /// The position in the file; unset where it is not known.
    pub at: At,
    /// A page that explains the rule, as a URL.
    pub reference: Option<&'static str>,
}

impl Finding {
    /// A finding about a field of an object, as a warning.
    pub fn new(id: &'static str, object: ObjectId, field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        Finding { object: Some(object), field, ..Finding::general(id, message) }
    }

    /// A finding about no single object, as a warning.
    pub fn general(id: &'static str, message: impl Into<String>) -> Self {
        Finding {
            id,
            severity: Severity::Warn,
            object: None,
            field: String::new(),
            message: message.into(),
            hint: None,
            file: None,
            at: At::default(),
            reference: None,
        }
    }

    /// Sets the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the position in the file that the object was read from.
    #[must_use]
    pub fn at(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    /// Sets the page that explains the rule.
    #[must_use]
    pub fn reference(mut self, url: &'static str) -> Self {
        self.reference = Some(url);
        self
    }
}
