//! `customTemplate`: a template of other tags.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag/custom_template.go`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use crate::skaffold::model::{LocatedText, TagPolicy};
use crate::skaffold::template::{Missing, Templates};

/// The text of the template, each name in it being a component or one of `GIT`, `DATE`, `SHA`, `INPUT_DIGEST`.
///
/// # Errors
/// A name that is neither, a component that is given twice or a template itself, and the errors of `tag_of`, which returns the tag of a component.
pub(super) fn tag(
    templates: Templates<'_>,
    template: &LocatedText,
    components: &[(LocatedText, TagPolicy)],
    tag_of: impl Fn(&TagPolicy) -> Result<String, Diagnostic>,
) -> Result<String, Diagnostic> {
    let mut policies = BTreeMap::from([
        ("GIT".to_owned(), TagPolicy::default()),
        ("DATE".to_owned(), TagPolicy::DateTime { format: LocatedText::default(), timezone: LocatedText::default() }),
        ("SHA".to_owned(), TagPolicy::Sha256),
        ("INPUT_DIGEST".to_owned(), TagPolicy::InputDigest),
    ]);
    let mut seen = Vec::new();
    for (name, policy) in components {
        if seen.contains(&&name.text) {
            return Err(Diagnostic::new(format!("multiple components with name {}", name.text)).at(name.at));
        }
        if matches!(policy, TagPolicy::CustomTemplate { .. }) {
            return Err(Diagnostic::new(format!("component {} must not be a customTemplate", name.text)).at(name.at));
        }
        seen.push(&name.text);
        policies.insert(name.text.clone(), policy.clone());
    }
    let mut values = BTreeMap::new();
    for (name, policy) in policies.into_iter().filter(|(name, _)| names(template, name)) {
        let value = tag_of(&policy);
        let value = value.map_err(|error| Diagnostic { message: format!("{name}: {}", error.message), ..error })?;
        values.insert(name, value);
    }
    // The environment is not for these templates.
    let nothing = BTreeMap::new();
    let templates = Templates { environment: &nothing, hides_environment: false, ..templates };
    templates.expand(template, &values, Missing::Error).map_err(|error| Diagnostic {
        hints: vec!["use the names of `components`, GIT, DATE, SHA or INPUT_DIGEST".to_owned()],
        ..error.at(template.at)
    })
}

/// Whether a template has the field `.NAME`.
fn names(template: &str, name: &str) -> bool {
    let field = format!(".{name}");
    template.match_indices(&field).any(|(at, _)| {
        let after = template[at + field.len()..].chars().next();
        !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
