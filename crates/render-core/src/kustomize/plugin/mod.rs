//! Plugins: generators, transformers and validators that are configured by objects.
//!
//! `apiVersion: builtin` names one of kustomize's own; an object with a function annotation is the configuration of a KRM
//! function. Executables in a plugin folder of the user's home and container functions are refused by name.

pub(super) mod builtin;
mod config;
pub(super) mod function;
pub(super) mod generators;
pub(super) mod helm;
pub(super) mod value_add;

use manifest::{Diagnostic, Node};

use crate::kustomize::context::Context;
use crate::kustomize::object::resource::Resource;

pub use self::builtin::TRANSFORMERS;
pub use self::generators::GENERATORS;

/// Runs the generator that `config` configures.
///
/// # Errors
/// Returns an error if the plugin is unknown, and the errors of the plugin.
pub(super) fn generate(config: &Resource, context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    let made =
        if is_builtin(config) { generators::generate(config, context) } else { function::generate(config, context) };
    made.map_err(|error| config.in_object(error))
}

/// Runs the transformer or validator that `config` configures.
///
/// # Errors
/// Returns an error if the plugin is unknown, and the errors of the plugin.
pub(super) fn transform(
    resources: &mut Vec<Resource>,
    config: &Resource,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let done = if is_builtin(config) {
        builtin::transform(resources, config, context)
    } else {
        function::transform(resources, config, context)
    };
    done.map_err(|error| config.in_object(error))
}

fn is_builtin(config: &Resource) -> bool {
    config.node.get("apiVersion").and_then(Node::text) == Some("builtin")
}
