//! What one unit is decided from.

use manifest::Diagnostic;

use super::destination::UnitDestination;
use super::discover::DiscoveredService;
use super::settings::Settings;
use super::{PlannedUnit, Request};
use crate::config::{Config, Environment, Template};

/// A service and an environment with all settings that apply. The first that sets a field wins:
/// the flag, the environment, the file, hydrant's default.
#[derive(Clone, Copy)]
pub(super) struct UnitContext<'a> {
    pub(super) settings: &'a Settings,
    pub(super) config: &'a Config,
    /// The config's folder.
    pub(super) root: &'a str,
    /// The config's path; empty where it was made from flags.
    pub(super) file: &'a str,
    pub(super) service: &'a DiscoveredService,
    /// The environment's name.
    pub(super) environment: &'a str,
    /// What the environment says.
    pub(super) special: &'a Environment,
}

impl UnitContext<'_> {
    /// The unit.
    ///
    /// # Errors
    /// A destination or a review that is not valid.
    pub(super) fn unit(&self) -> Result<PlannedUnit, Diagnostic> {
        let (settings, special, general) = (self.settings, self.special, &self.config.policy);
        let destination = UnitDestination::decide(self)?;
        let review = Request::decide(self, &destination)?;
        let images = settings.images.or(special.policy.images).or(general.images).unwrap_or_default();
        let subject = settings.message.as_ref().or(self.config.commit.message.as_ref());
        Ok(PlannedUnit {
            service: self.service.name.clone(),
            environment: self.environment.to_owned(),
            folder: self.service.folder.clone(),
            source: self.source(images),
            repository: destination.repository,
            branch: destination.branch,
            path: destination.path,
            review,
            images,
            digests: settings.digests.or(special.policy.digests).or(general.digests).unwrap_or_default(),
            secrets: settings.secrets.or(special.policy.secrets).or(general.secrets).unwrap_or_default(),
            message: match subject {
                Some(template) => self.fill(template),
                None => format!("deliver {} to {}", self.service.name, self.environment),
            },
            pinned_inputs: None,
        })
    }

    /// The template's text for this unit.
    pub(super) fn fill(&self, template: &Template) -> String {
        template.fill(&self.service.name, self.environment)
    }

    /// The text of one of hydrant's own templates for this unit.
    pub(super) fn fill_text(&self, template: &str) -> String {
        template.replace("{service}", &self.service.name).replace("{environment}", self.environment)
    }
}
