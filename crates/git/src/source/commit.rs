//! The metadata of commits.

use super::encoding::decode;
use crate::identity::{Identity, Moment};

/// The metadata of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The full id, 40 hex digits.
    pub id: String,
    /// The abbreviated id.
    pub short_id: String,
    /// The author.
    pub author: Identity,
    /// The committer.
    pub committer: Identity,
    /// The first paragraph of the message, on one line.
    pub subject: String,
    /// The rest of the message with its trailers, without surrounding blank lines.
    pub body: String,
    /// The trailers of the message, in order.
    pub trailers: Vec<(String, String)>,
}

impl CommitInfo {
    /// Reads the metadata of a commit, decoded as its `encoding` header says. `short_id` is its abbreviated id.
    ///
    /// # Errors
    /// A message whose trailers libgit2 cannot parse.
    pub fn read(commit: &git2::Commit<'_>, short_id: String) -> Result<Self, git2::Error> {
        let encoding = commit.message_encoding().ok().flatten();
        let message = decode(commit.message_bytes(), encoding).into_owned();
        let trailers = git2::message_trailers_strs(&message)?;
        let trailers = trailers.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let (subject, body) = split_message(&message);
        Ok(Self {
            id: commit.id().to_string(),
            short_id,
            author: person(&commit.author(), encoding),
            committer: person(&commit.committer(), encoding),
            subject,
            body,
            trailers,
        })
    }
}

/// Splits a commit message as `git log --format=%s` and `%b` do; the body without surrounding blank lines.
fn split_message(message: &str) -> (String, String) {
    let message = message.trim_start_matches('\n');
    let mut lines = message.lines();
    let subject: Vec<&str> = lines.by_ref().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let body: Vec<&str> = lines.collect();
    (subject.join(" "), body.join("\n").trim_matches(['\n', ' ', '\t', '\r']).to_owned())
}

fn person(signature: &git2::Signature<'_>, encoding: Option<&str>) -> Identity {
    let when = signature.when();
    Identity {
        name: decode(signature.name_bytes(), encoding).into_owned(),
        email: decode(signature.email_bytes(), encoding).into_owned(),
        time: Moment { seconds: when.seconds(), offset_minutes: when.offset_minutes() },
    }
}
