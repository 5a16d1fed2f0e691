//! What git hosts report about pull requests: in the output of a push, and by their API.

use std::collections::BTreeMap;

use committer::UnitResult;
use git::RemoteUrl;
use github::OpenPull;
use manifest::Diagnostic;

use super::github::Api;
use crate::config::Host;
use crate::host::RunContext;
use crate::plan::PlannedUnit;
use crate::report::{RequestAction, RequestReport};

/// The pull request that a push requested: GitLab and Gitea print the URL of its page.
pub(super) fn asked(delivery: &UnitResult) -> RequestReport {
    let parts = delivery.server_messages.iter().flat_map(|line| line.split_whitespace());
    let page = |part: &&str| {
        part.starts_with("http")
            && (part.contains("/merge_requests/") || part.contains("/pulls/"))
            && !part.contains("/new")
    };
    let url = parts.into_iter().find(page).map(str::to_owned);
    let number = url.as_deref().and_then(|url| url.rsplit('/').next()?.parse().ok());
    let committed = matches!(delivery.outcome, committer::Outcome::Committed { .. });
    let action = if committed || url.is_some() { RequestAction::Asked } else { RequestAction::None };
    RequestReport { action, number, url, ..RequestReport::default() }
}

/// The open requests at GitHub of the repositories that units are delivered to.
#[derive(Debug, Default)]
pub(crate) struct OpenRequests {
    by_repository: BTreeMap<RemoteUrl, Vec<OpenPull>>,
    /// Repositories whose requests could not be read.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl OpenRequests {
    /// Reads the open requests of the units that are reviewed at GitHub, where a token is available. Each repository is asked once; one
    /// that does not answer is a warning.
    pub(crate) fn read<'a>(units: impl IntoIterator<Item = &'a PlannedUnit>, ctx: &RunContext) -> Self {
        let mut all = Self::default();
        for unit in units {
            let Some(request) = unit.review.as_ref().filter(|request| request.host == Host::Github) else { continue };
            if all.by_repository.contains_key(&unit.repository) {
                continue;
            }
            let api = Api::of(&unit.repository, ctx, request.api.as_deref()).ok();
            let open = api.map(|api| api.open()).transpose().unwrap_or_else(|error| {
                let message = format!("cannot read the open pull requests of {}: {error}", unit.repository);
                all.warnings.push(Diagnostic::new(message));
                None
            });
            all.by_repository.insert(unit.repository.clone(), open.unwrap_or_default());
        }
        all
    }

    /// The open request from the unit's topic branch to its branch.
    pub(crate) fn of(&self, unit: &PlannedUnit) -> Option<&OpenPull> {
        let request = unit.review.as_ref()?;
        let open = self.by_repository.get(&unit.repository)?;
        open.iter().find(|pull| pull.head == request.topic && pull.base == unit.branch)
    }
}
