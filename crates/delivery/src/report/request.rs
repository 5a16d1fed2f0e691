//! The result of a unit's pull request, for the report.

use serde_json::{Value, json};

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestAction {
    /// Nothing.
    #[default]
    None,
    /// The host was asked by the push.
    Asked,
    /// A request was opened.
    Opened,
    /// The open one was changed.
    Updated,
    /// The open one is up to date.
    Unchanged,
    /// A person has closed the one for the same content; none was opened.
    Declined,
    /// It was merged while the delivery ran.
    Merged,
    /// The open one was closed, as the target holds what it proposed.
    Closed,
}

/// What became of a unit's request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestReport {
    /// What was done.
    pub action: RequestAction,
    /// Its number, where it is known.
    pub number: Option<u64>,
    /// Its page, where it is known.
    pub url: Option<String>,
    /// Failures after opening the pull request, each with the host's message.
    pub warnings: Vec<String>,
    /// Why the pull request could not be opened, and whether trying again may help.
    pub failed: Option<RequestFailure>,
}

/// Why a pull request could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFailure {
    /// The message.
    pub message: String,
    /// Whether trying again may help.
    pub is_transient: bool,
}

impl RequestAction {
    /// The name for scripts.
    pub fn name(self) -> &'static str {
        match self {
            RequestAction::None => "none",
            RequestAction::Asked => "asked",
            RequestAction::Opened => "opened",
            RequestAction::Updated => "updated",
            RequestAction::Unchanged => "unchanged",
            RequestAction::Declined => "declined",
            RequestAction::Merged => "merged",
            RequestAction::Closed => "closed",
        }
    }
}

impl RequestReport {
    /// A line for people, without what failed; nothing if there is nothing to report.
    pub fn line(&self) -> Option<String> {
        let place = match (&self.url, self.number) {
            (Some(url), _) => format!("request {url}"),
            (None, Some(number)) => format!("request #{number}"),
            (None, None) => "a request".to_owned(),
        };
        Some(match self.action {
            RequestAction::None => return None,
            RequestAction::Asked => format!("{place} requested"),
            RequestAction::Opened => format!("{place} opened"),
            RequestAction::Updated => format!("{place} updated"),
            RequestAction::Unchanged => format!("{place} is open"),
            RequestAction::Declined => format!("{place} was closed without a merge: reopen it, or deliver a change"),
            RequestAction::Merged => "merged during the delivery".to_owned(),
            RequestAction::Closed => format!("{place} closed: the branch already has its content"),
        })
    }

    /// Everything as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "action": self.action.name(),
            "number": self.number,
            "url": self.url,
            "warnings": self.warnings,
            "failed": self.failed.as_ref().map(|failure| &failure.message),
        })
    }
}
