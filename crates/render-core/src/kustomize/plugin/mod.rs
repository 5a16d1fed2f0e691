//! Plugins: generators, transformers and validators that are configured by objects.

pub mod helm;

use manifest::Diagnostic;

use super::context::Context;
use super::field_spec::Configuration;
use super::resource::Resource;

/// Runs the generator that `config` configures.
///
/// # Errors
/// A plugin that is not known, and whatever goes wrong in it.
pub fn generate(config: &Resource, _context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    Err(config.blame(Diagnostic::new("generator plugins are not written yet")))
}

/// Runs the transformer or validator that `config` configures.
///
/// # Errors
/// A plugin that is not known, and whatever goes wrong in it.
pub fn transform(
    _resources: &mut Vec<Resource>,
    config: &Resource,
    _configuration: &Configuration,
    _context: Context<'_>,
) -> Result<(), Diagnostic> {
    Err(config.blame(Diagnostic::new("transformer plugins are not written yet")))
}
