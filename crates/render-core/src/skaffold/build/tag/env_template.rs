//! `envTemplate`: a template of environment variables and `IMAGE_NAME`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use super::tagging::Tagging;
use crate::skaffold::model::{Artifact, LocatedText};
use crate::skaffold::template::{Missing, Templates};
use crate::time::Clock;

/// The text of the template.
///
/// # Errors
/// A template that fails, and one that names a variable which is not set (unless a function such as `default` takes care).
pub(super) fn tag(tagging: &Tagging<'_>, artifact: &Artifact, template: &LocatedText) -> Result<String, Diagnostic> {
    let extra = BTreeMap::from([("IMAGE_NAME".to_owned(), artifact.image.text.clone())]);
    let clock = Clock { now: tagging.now, local: tagging.offset("Local")? };
    let templates = Templates { clock: Some(&clock), ..tagging.inputs.templates() };
    let text = templates.expand(template, &extra, Missing::NoValue).map_err(|error| error.at(template.at))?;
    if text.contains("<no value>") {
        return Err(Diagnostic::new(format!("a variable of the template {:?} is not set", template.text))
            .at(template.at)
            .hint("set it in the environment, or write `{{default \"value\" .NAME}}` (Skaffold uses `latest` here)"));
    }
    Ok(text)
}
