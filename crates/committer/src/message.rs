//! Commit messages: subject, body, trailers.

use std::fmt;
use std::sync::Arc;

use git::Change;

use crate::metadata::SourceRecord;

/// What a commit message can refer to: the state of the branch when the commit was planned.
#[derive(Clone, Debug, Default)]
pub struct MessageContext {
    /// The commit that the branch pointed to; `None` where the branch did not exist.
    pub commit: Option<String>,
    /// That commit's trailers.
    pub trailers: Vec<(String, String)>,
    /// What the unit's folder recorded of its source.
    pub record: Option<SourceRecord>,
    /// The images that the unit's folder recorded; empty where an older hydrant wrote the record.
    pub images: Vec<String>,
    /// What the commit is to change, sorted by path.
    pub changes: Vec<Change>,
}

/// The message of a unit's commit: fixed, or computed from the state of the branch (again in every attempt).
#[derive(Clone)]
pub enum Message {
    /// A fixed text.
    Text(String),
    /// Computed from the state of the branch.
    Computed(Arc<dyn Fn(&MessageContext) -> String + Send + Sync>),
}

impl Message {
    /// The message for a branch in the state that `context` describes.
    pub(crate) fn render(&self, context: &MessageContext) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Computed(compute) => compute(context),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.debug_tuple("Text").field(text).finish(),
            Self::Computed(_) => f.write_str("Computed"),
        }
    }
}

/// Composes a message: subject, blank line, body, blank line, trailers. Empty parts are left out.
///
/// A line break in a trailer's value would end it, so it becomes a space.
pub fn compose(subject: &str, body: &str, trailers: &[(String, String)]) -> String {
    let lines: Vec<String> = trailers.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect();
    let parts = [one_line(subject), body.trim_matches('\n').trim_end().to_owned(), lines.join("\n")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_blank_lines() {
        let trailers = [("Image".to_owned(), "a:b\nSigned-off-by: eve".to_owned())];
        assert_eq!(
            compose("cart:  one\ntwo", "\nWhy.\n", &trailers),
            "cart: one two\n\nWhy.\n\nImage: a:b Signed-off-by: eve\n"
        );
        assert_eq!(compose("cart", "", &[]), "cart\n");
    }
}
