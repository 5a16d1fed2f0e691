//! What the hosts say of requests: in the words of a push, and to those who ask for the open ones.

use committer::Delivery;

use super::github::Api;
use super::told::{RequestAction, RequestReport};
use crate::config::Host;
use crate::pipeline::Surroundings;
use crate::plan::Plan;

/// What a host that was asked by a push said: GitLab and Gitea name the request's page.
pub(super) fn asked(delivery: &Delivery) -> RequestReport {
    let words = delivery.server_words.iter().flat_map(|line| line.split_whitespace());
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

/// The pages of the open requests by unit, of those that are at GitHub and where a token is at hand; an entry a unit. A host that does not
/// answer is told in the second place, and is no error: the board is about the branches.
pub(crate) fn open_requests(plan: &Plan, around: &Surroundings) -> (Vec<Option<String>>, Vec<String>) {
    let mut found = vec![None; plan.units.len()];
    let mut told = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    for unit in &plan.units {
        let Some(request) = unit.review.as_ref().filter(|request| request.host == Host::Github) else { continue };
        if asked.contains(&unit.repository.as_str()) {
            continue;
        }
        asked.push(&unit.repository);
        let Ok(api) = Api::of(&unit.repository, around, request.api.as_deref()) else { continue };
        match api.open() {
            Ok(open) => {
                for (entry, unit) in found.iter_mut().zip(&plan.units) {
                    let of = |request: &crate::plan::Request| {
                        open.iter().find(|pull| pull.head == request.topic && pull.base == unit.branch)
                    };
                    let same = asked.last() == Some(&unit.repository.as_str());
                    if let Some(pull) = unit.review.as_ref().filter(|_| same).and_then(of) {
                        *entry = Some(pull.url.clone());
                    }
                }
            }
            Err(error) => told.push(error.to_string()),
        }
    }
    (found, told)
}
