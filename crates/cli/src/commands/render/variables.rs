//! The `SKAFFOLD_…` variables of the options. The command line wins; lists are joined, with the variable's items first.

use std::collections::BTreeMap;

use anyhow::anyhow;

use super::flags::Skaffold;
use crate::outcome::Failure;

/// Sets the options that are missing on the command line.
///
/// # Errors
/// The value of a variable is not a boolean.
pub(super) fn fill(flags: &mut Skaffold, environment: &BTreeMap<String, String>) -> Result<(), Failure> {
    let variables = Variables(environment);
    variables.text(&mut flags.filename, "FILENAME");
    variables.list(&mut flags.module, "MODULE");
    variables.list(&mut flags.profile, "PROFILE");
    variables.switch(&mut flags.profile_auto_activation, "PROFILE_AUTO_ACTIVATION")?;
    variables.switch(&mut flags.propagate_profiles, "PROPAGATE_PROFILES")?;
    variables.text(&mut flags.default_repo, "DEFAULT_REPO");
    variables.text(&mut flags.build_artifacts, "BUILD_ARTIFACTS");
    variables.list(&mut flags.images, "IMAGES");
    variables.text(&mut flags.tag, "TAG");
    variables.text(&mut flags.digest_source, "DIGEST_SOURCE");
    variables.text(&mut flags.output, "OUTPUT");
    variables.switch(&mut flags.offline, "OFFLINE")?;
    variables.switch(&mut flags.loud, "LOUD")?;
    variables.list(&mut flags.label, "LABEL");
    variables.text(&mut flags.namespace, "NAMESPACE");
    variables.text(&mut flags.namespace, "DEPLOY_NAMESPACE");
    variables.list(&mut flags.set, "SET");
    variables.text(&mut flags.set_value_file, "SET_VALUE_FILE");
    variables.text(&mut flags.resource_selector_rules_file, "RESOURCE_SELECTOR_RULES_FILE");
    variables.switch(&mut flags.enable_platform_node_affinity, "ENABLE_PLATFORM_NODE_AFFINITY")
}

struct Variables<'a>(&'a BTreeMap<String, String>);

impl Variables<'_> {
    fn value(&self, name: &str) -> Option<&String> {
        self.0.get(&format!("SKAFFOLD_{name}"))
    }

    fn text(&self, flag: &mut Option<String>, name: &str) {
        if flag.is_none() {
            *flag = self.value(name).cloned();
        }
    }

    fn list(&self, flag: &mut Vec<String>, name: &str) {
        let typed = std::mem::take(flag);
        let all = self.value(name).into_iter().chain(&typed);
        *flag = all.flat_map(|value| items(value)).filter(|item| !item.is_empty()).collect();
    }

    /// Parses the values that Go's `strconv.ParseBool` accepts.
    fn switch(&self, flag: &mut Option<bool>, name: &str) -> Result<(), Failure> {
        let Some(value) = self.value(name).filter(|_| flag.is_none()) else { return Ok(()) };
        *flag = Some(match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            other => return Err(Failure::Input(anyhow!("invalid SKAFFOLD_{name} {other:?}: expected true or false"))),
        });
        Ok(())
    }
}

/// Splits a list: one record of CSV, as Skaffold's options read it. A quoted item may contain commas, and `""` is a quote.
fn items(value: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = value;
    loop {
        let mut item = String::new();
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (part, after) = quoted.split_once('"').unwrap_or((quoted, ""));
                item.push_str(part);
                match after.strip_prefix('"') {
                    Some(more) => {
                        item.push('"');
                        quoted = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        }
        let end = rest.find(',').unwrap_or(rest.len());
        item.push_str(&rest[..end]);
        items.push(item);
        match rest.get(end + 1..) {
            Some(more) => rest = more,
            None => return items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_wins_and_lists_are_joined() {
        let set =
            [("PROFILE", "a,b"), ("TAG", "v1"), ("OFFLINE", "1"), ("DEPLOY_NAMESPACE", "old"), ("DEFAULT_REPO", "")];
        let environment = set.map(|(name, value)| (format!("SKAFFOLD_{name}"), value.to_owned())).into();
        let mut flags = Skaffold { profile: vec!["c".to_owned()], tag: Some("v2".to_owned()), ..Skaffold::default() };
        assert!(fill(&mut flags, &environment).is_ok());
        assert_eq!(flags.profile, ["a", "b", "c"]);
        assert_eq!(flags.tag.as_deref(), Some("v2"));
        assert_eq!((flags.offline, flags.namespace.as_deref()), (Some(true), Some("old")));
        assert_eq!(flags.default_repo.as_deref(), Some(""));
    }

    #[test]
    fn items_are_one_record_of_csv() {
        let cases = [
            ("a,b", vec!["a", "b"]),
            ("\"zones=[a,b]\",c", vec!["zones=[a,b]", "c"]),
            ("\"say \"\"x\"\"\"", vec!["say \"x\""]),
            ("zones=\"x\"", vec!["zones=\"x\""]),
            ("\"open,", vec!["open,"]),
            ("", vec![""]),
        ];
        for (value, expected) in cases {
            assert_eq!(items(value), expected, "{value}");
        }
    }

    #[test]
    fn a_switch_is_true_or_false() {
        let environment = [("SKAFFOLD_LOUD".to_owned(), "yes".to_owned())].into();
        assert!(fill(&mut Skaffold::default(), &environment).is_err());
    }
}
