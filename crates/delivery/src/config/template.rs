//! A text with placeholders such as `{service}` in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// A text in which `{service}`, `{environment}` and the captures of `services` (`{region}`) stand for a unit's names.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Template(String);

/// The placeholders that every unit has.
pub const UNIT_PLACEHOLDERS: [&str; 2] = ["service", "environment"];

/// The names of a unit, by placeholder.
#[derive(Clone, Copy, Debug)]
pub struct UnitNames<'a> {
    /// The service's name.
    pub service: &'a str,
    /// The environment's name.
    pub environment: &'a str,
    /// The values of the captures, by name.
    pub captures: &'a BTreeMap<String, String>,
}

impl<'a> UnitNames<'a> {
    fn get(&self, placeholder: &str) -> Option<&'a str> {
        match placeholder {
            "service" => Some(self.service),
            "environment" => Some(self.environment),
            other => self.captures.get(other).map(String::as_str),
        }
    }
}

/// A placeholder that a unit has no value for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown placeholder {{{name}}}, expected {}", listed(known))]
pub struct UnknownPlaceholder {
    /// The placeholder.
    pub name: String,
    /// The placeholders that have a value.
    pub known: Vec<String>,
}

fn listed(known: &[String]) -> String {
    let braced: Vec<String> = known.iter().map(|name| format!("{{{name}}}")).collect();
    match braced.as_slice() {
        [] => "no placeholder".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// A part of a template.
enum Part<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

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
            if !is_placeholder(placeholder) {
                return Err(format!("invalid placeholder {{{placeholder}}}: expected a name such as {{service}}"));
            }
            rest = tail;
        }
        if rest.contains('}') {
            return Err(format!("invalid template \"{text}\": unmatched `}}`"));
        }
        Ok(Template(text))
    }
}

/// Whether a placeholder or a capture may have this name: a letter, then letters, digits, `_` and `-`.
pub(crate) fn is_placeholder(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
}

impl Template {
    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The template's placeholders, in the order of the text.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts().into_iter().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name),
            Part::Text(_) => None,
        })
    }

    /// The text for one unit.
    ///
    /// # Errors
    /// A placeholder that the unit has no value for.
    pub fn fill(&self, names: UnitNames<'_>) -> Result<String, UnknownPlaceholder> {
        // Replaced in one pass, so that a service called `{environment}` is not replaced again.
        let mut filled = String::with_capacity(self.0.len() + names.service.len() + names.environment.len());
        for part in self.parts() {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Placeholder(name) => match names.get(name) {
                    Some(value) => filled.push_str(value),
                    None => return Err(unknown(name, names.captures.keys())),
                },
            }
        }
        Ok(filled)
    }

    /// Checks the placeholders against those that a unit has always and `captures`.
    ///
    /// # Errors
    /// The first placeholder that is neither.
    pub fn check(&self, captures: &[String]) -> Result<(), UnknownPlaceholder> {
        let known = |name: &str| UNIT_PLACEHOLDERS.contains(&name) || captures.iter().any(|capture| capture == name);
        match self.placeholders().find(|name| !known(name)) {
            Some(name) => Err(unknown(name, captures)),
            None => Ok(()),
        }
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.0.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, tail) = after.split_once('}').unwrap_or((after, ""));
            parts.extend([Part::Text(before), Part::Placeholder(placeholder)]);
            rest = tail;
        }
        parts.push(Part::Text(rest));
        parts
    }
}

fn unknown<'a>(name: &str, captures: impl IntoIterator<Item = &'a String>) -> UnknownPlaceholder {
    let known = UNIT_PLACEHOLDERS.map(str::to_owned).into_iter().chain(captures.into_iter().cloned());
    UnknownPlaceholder { name: name.to_owned(), known: known.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn fills_each_placeholder_once() {
        let captures = BTreeMap::from([("region".to_owned(), "{service}".to_owned())]);
        let names = UnitNames { service: "{environment}", environment: "b", captures: &captures };
        assert_eq!(
            template("{service}/{environment}-{service}/{region}").fill(names).unwrap(),
            "{environment}/b-{environment}/{service}"
        );
        let error = template("{zone}").fill(names).unwrap_err().to_string();
        assert_eq!(error, "unknown placeholder {zone}, expected {service}, {environment} or {region}");
    }

    #[test]
    fn refuses_what_is_no_template() {
        for text in ["{service", "service}", "}{", "{}", "{service}}", "{{service}}", "{a b}", "{a,b}", "{1}"] {
            assert!(Template::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(template("{servce}").check(&[]).is_err());
        assert!(template("{region}").check(&["region".to_owned()]).is_ok());
    }
}
