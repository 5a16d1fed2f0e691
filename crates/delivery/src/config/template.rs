//! A text with `{service}` and `{environment}` in it.

use schemars::JsonSchema;
use serde::Deserialize;

/// A text in which `{service}` and `{environment}` stand for a unit's names. Any other placeholder is refused when
/// the file is read.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Template(String);

/// What a template may name.
const PLACEHOLDERS: [&str; 2] = ["service", "environment"];

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            if before.contains('}') {
                return Err(format!("invalid template \"{text}\": unmatched `}}`"));
            }
            let (placeholder, tail) =
                after.split_once('}').ok_or_else(|| format!("invalid template \"{text}\": unmatched `{{`"))?;
            if !PLACEHOLDERS.contains(&placeholder) {
                return Err(format!("unknown placeholder {{{placeholder}}}, expected {{service}} or {{environment}}"));
            }
            rest = tail;
        }
        if rest.contains('}') {
            return Err(format!("invalid template \"{text}\": unmatched `}}`"));
        }
        Ok(Template(text))
    }
}

impl Template {
    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The text for one unit.
    pub fn fill(&self, service: &str, environment: &str) -> String {
        // Replaced in one pass, so that a service called `{environment}` is not replaced again.
        let mut filled = String::with_capacity(self.0.len() + service.len() + environment.len());
        let mut rest = self.0.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, tail) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(before);
            filled.push_str(if placeholder == "service" { service } else { environment });
            rest = tail;
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn fills_each_word_once() {
        let template = Template::try_from("{service}/{environment}-{service}".to_owned()).unwrap();
        assert_eq!(template.fill("{environment}", "b"), "{environment}/b-{environment}");
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for text in ["{servce}", "{service", "service}", "}{", "{}", "{service}}", "{{service}}"] {
            assert!(Template::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
