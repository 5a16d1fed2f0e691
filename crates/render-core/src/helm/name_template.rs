//! `--name-template`: a release's name from a template.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{Limits, Templates, Value};

use super::error::HelmError;
use super::{Clock, RandomBytes};
use crate::repeatable::{ChartCall, ChartSource, Repeatable};
use crate::template_functions::{self, FunctionState};

const NAME: &str = "name-template";
const LIMITS: Limits = Limits { depth: 1_000, nested: 1_000, steps: 10_000_000, output: 1 << 20, values: 256 << 20 };

/// Returns the name that a template gives. The template has Sprig's functions, `env` among them.
///
/// # Errors
/// Go's text of a template that is invalid or fails.
pub fn release_name(
    template: &str,
    environment: BTreeMap<String, String>,
    clock: Option<Clock>,
    random: Option<RandomBytes>,
    repeatable: Option<Arc<Repeatable>>,
) -> Result<String, HelmError> {
    let mut templates =
        Templates::new(NAME).with_functions(Arc::new(template_functions::functions())).with_limits(LIMITS);
    templates.parse(NAME, template.as_bytes()).map_err(|error| HelmError::new(error.to_string()))?;
    let state = FunctionState {
        clock,
        random: random.map(std::cell::RefCell::new),
        repeatable: repeatable.map(|source| ChartSource::new(source, ChartCall::default())),
        environment: Arc::new(environment),
        ..FunctionState::default()
    };
    let output = templates.execute_with(NAME, Value::Nil, &state).map_err(|error| HelmError::new(error.to_string()))?;
    Ok(String::from_utf8_lossy(&output).into_owned())
}
