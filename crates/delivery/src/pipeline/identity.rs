//! Who a delivery's commits are by.

use std::path::Path;

use git::source::{SourceRepository, UserConfig};
use git::{Identity, Moment};
use manifest::Diagnostic;

use crate::error::Failure;
use crate::host::RunContext;
use crate::plan::Plan;

/// The two identities of a commit.
pub(crate) struct CommitIdentities {
    pub(crate) author: Identity,
    pub(crate) committer: Identity,
}

/// The author and the committer of a commit. The author's time is given; the committer's is that of the run.
///
/// # Errors
/// An identity that is not `Name <mail>`.
pub(crate) fn identities(plan: &Plan, ctx: &RunContext, authored: Moment) -> Result<CommitIdentities, Failure> {
    let configured = if plan.author.is_none() { configured(plan) } else { None }.unwrap_or_default();
    let author = identity(plan.author.as_deref(), authored, ctx, "GIT_AUTHOR", &configured)?;
    let given = plan.committer.as_ref().or(plan.author.as_ref());
    let time = ctx.now.unwrap_or(authored);
    let committer = identity(given.map(String::as_str), time, ctx, "GIT_COMMITTER", &configured)?;
    Ok(CommitIdentities { author, committer })
}

/// The identity where none is configured; not that of a person.
const FALLBACK: (&str, &str) = ("hydrant", "noreply@hydrant.invalid");

/// `user.name` and `user.email` of git's configuration for the source repository.
fn configured(plan: &Plan) -> Option<UserConfig> {
    Some(SourceRepository::discover(Path::new(&plan.root)).ok()?.user())
}

/// Returns `Name <mail>` as given; else from git's own variables (`GIT_AUTHOR_NAME` and the like); else from git's configuration; else
/// hydrant itself.
fn identity(
    given: Option<&str>,
    time: Moment,
    ctx: &RunContext,
    variables: &str,
    configured: &UserConfig,
) -> Result<Identity, Failure> {
    if let Some(text) = given {
        let parts = text.trim().strip_suffix('>').and_then(|text| text.split_once('<'));
        let parts = parts.map(|(name, email)| (name.trim(), email.trim()));
        let parts = parts.filter(|(name, email)| !name.is_empty() && !email.is_empty());
        let Some((name, email)) = parts else {
            let invalid = Diagnostic::new(format!("invalid identity \"{text}\""));
            let hint = "write `Name <mail@example.com>` in commit.author, commit.committer, --author and --committer";
            return Err(invalid.hint(hint).into());
        };
        return Ok(Identity { name: name.to_owned(), email: email.to_owned(), time });
    }
    let variable = |part: &str| ctx.variables.get(&format!("{variables}_{part}")).filter(|text| !text.is_empty());
    let name = variable("NAME").or(configured.name.as_ref()).map_or(FALLBACK.0, String::as_str);
    let email = variable("EMAIL").or(configured.email.as_ref()).map_or(FALLBACK.1, String::as_str);
    Ok(Identity { name: name.to_owned(), email: email.to_owned(), time })
}
