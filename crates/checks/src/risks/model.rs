//! What a risk is.

use manifest::{At, Node, ObjectId};

/// How bad it is if the risk comes true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something may not work as it was meant to.
    Low,
    /// A service may be impaired, or a permission is larger than needed.
    Medium,
    /// Data, a service or the cluster's security may be lost.
    High,
}

/// What a delivery does with a unit that has the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing; the risk is not reported.
    Off,
    /// It is reported.
    Warn,
    /// The unit goes through review, also where it would be pushed.
    Ask,
    /// The unit is not delivered.
    Refuse,
}

/// A kind of risk.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The id, in kebab case. It does not change.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What a delivery does where `policy.risks` does not say.
    pub default: Action,
    /// Why it is a risk, one clause.
    pub reason: &'static str,
    /// A page that explains it, or the source that it follows.
    pub reference: &'static str,
}

/// A risk of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Which kind of risk.
    pub rule: &'static Rule,
    /// The object; that of the branch where it is deleted.
    pub object: ObjectId,
    /// The field, such as `spec.replicas`; empty where it is the whole object.
    pub field: String,
    /// What changes, such as `3 replicas become 1`.
    pub change: String,
    /// Where the object's field is in the new output; line 0 where it is not there.
    pub at: At,
}

/// An object before and after. Never neither.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) old: Option<&'a Node>,
    pub(crate) new: Option<&'a Node>,
}

impl Severity {
    /// `low`, `medium` or `high`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

impl Action {
    /// `off`, `warn`, `ask` or `refuse`.
    pub fn name(self) -> &'static str {
        match self {
            Action::Off => "off",
            Action::Warn => "warn",
            Action::Ask => "ask",
            Action::Refuse => "refuse",
        }
    }
}
