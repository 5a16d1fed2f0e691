//! What happens to random values in a unit's charts.

use manifest::Diagnostic;
use render_core::files::join;

use super::context::UnitContext;
use crate::config::{HelmEntry, RandomValues, Renderer, SeedSource};

/// What happens to functions of a unit's charts whose results differ from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedRandom {
    /// They are random, as in helm.
    AsHelm,
    /// A result that reaches the output is an error.
    Refuse,
    /// Results are derived from a seed. The path of a file is absolute.
    Stable(SeedSource),
    /// Results are those that the branch has.
    Keep,
}

impl PlannedRandom {
    /// The value as it is written in the config.
    pub fn name(&self) -> &'static str {
        match self {
            PlannedRandom::AsHelm => "helm",
            PlannedRandom::Refuse => "refuse",
            PlannedRandom::Stable(_) => "stable",
            PlannedRandom::Keep => "keep",
        }
    }
}

impl UnitContext<'_> {
    /// Decides by the overrides, the service, the environment and the file.
    ///
    /// # Errors
    /// `random: stable` without a seed.
    pub(super) fn random(&self) -> Result<PlannedRandom, Diagnostic> {
        let helm = match self.service.entry.renderer() {
            Renderer::Helm(HelmEntry::Chart(helm)) => Some(helm),
            _ => None,
        };
        let file = &self.config.helm;
        let random = self.nearest(|fields| fields.helm.random, helm.and_then(|helm| helm.random)).or(file.random);
        match random.unwrap_or_default() {
            RandomValues::Refuse => Ok(PlannedRandom::Refuse),
            RandomValues::Keep => Ok(PlannedRandom::Keep),
            RandomValues::Stable => {
                let own = helm.and_then(|helm| helm.seed.clone());
                let seed = self.nearest(|fields| fields.helm.seed.clone(), own).or_else(|| file.seed.clone());
                match seed {
                    Some(SeedSource::File(path)) => {
                        Ok(PlannedRandom::Stable(SeedSource::File(join(self.root, &path))))
                    }
                    Some(seed) => Ok(PlannedRandom::Stable(seed)),
                    None => Err(Diagnostic::new("`random: stable` requires a seed")
                        .field("helm.seed")
                        .hint("set `helm: {seed: {env: NAME}}` to the environment variable that has a secret, or `file` to a file")),
                }
            }
        }
    }

    /// The value of the overrides, of the service, or of the environment.
    fn nearest<T>(&self, get: impl Fn(&crate::config::Environment) -> Option<T>, own: Option<T>) -> Option<T> {
        let level = self.first(get);
        match level {
            Some(set) if set.field.starts_with("overrides") => Some(set.value),
            level => own.or(level.map(|set| set.value)),
        }
    }
}
