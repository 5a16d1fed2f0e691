//! What the hosts say of requests: in the words of a push, and to those who ask for the open ones.

use std::collections::BTreeMap;

use committer::UnitResult;
use committer::github::OpenPull;
use manifest::Diagnostic;

use super::github::Api;
use super::told::{RequestAction, RequestReport};
use crate::config::Host;
use crate::host::RunContext;
use crate::plan::{Plan, Unit};

/// What a host that was asked by a push said: GitLab and Gitea name the request's page.
pub(super) fn asked(delivery: &UnitResult) -> RequestReport {
    let words = delivery.server_messages.iter().flat_map(|line| line.split_whitespace());
    let page = |word: &&str| {
        word.starts_with("http")
            && (word.contains("/merge_requests/") || word.contains("/pulls/"))
            && !word.contains("/new")
    };
    let url = words.into_iter().find(page).map(str::to_owned);
    let number = url.as_deref().and_then(|url| url.rsplit('/').next()?.parse().ok());
    let committed = matches!(delivery.outcome, committer::Outcome::Committed { .. });
    let action = if committed || url.is_some() { RequestAction::Asked } else { RequestAction::None };
    RequestReport { action, number, url, ..RequestReport::default() }
}

/// The open requests by unit, of those that are at GitHub and where a token is at hand; an entry a unit. A host that does not answer is a
/// warning: the board is about the branches.
pub(crate) fn open_requests(plan: &Plan, ctx: &RunContext) -> (Vec<Option<OpenPull>>, Vec<Diagnostic>) {
    let mut asked: BTreeMap<&str, Vec<OpenPull>> = BTreeMap::new();
    let mut warnings = Vec::new();
    for unit in &plan.units {
        let Some(request) = unit.review.as_ref().filter(|request| request.host == Host::Github) else { continue };
        if asked.contains_key(unit.repository.as_str()) {
            continue;
        }
        let open = Api::of(&unit.repository, ctx, request.api.as_deref()).ok().map(|api| api.open()).transpose();
        let open = open.unwrap_or_else(|error| {
            let words = format!("which requests are open is not known: {error}");
            warnings.push(Diagnostic::new(words).hint("What waits is told by the branches alone."));
            None
        });
        asked.insert(&unit.repository, open.unwrap_or_default());
    }
    let of = |unit: &Unit| {
        let request = unit.review.as_ref()?;
        let open = asked.get(unit.repository.as_str())?;
        open.iter().find(|pull| pull.head == request.topic && pull.base == unit.branch).cloned()
    };
    (plan.units.iter().map(of).collect(), warnings)
}
