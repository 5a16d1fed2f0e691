//! What one unit is decided from.

use super::discover::DiscoveredService;
use super::settings::Settings;
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
    /// The template's text for this unit.
    pub(super) fn fill(&self, template: &Template) -> String {
        template.fill(&self.service.name, self.environment)
    }

    /// The text of one of hydrant's own templates for this unit.
    pub(super) fn fill_text(&self, template: &str) -> String {
        template.replace("{service}", &self.service.name).replace("{environment}", self.environment)
    }
}
