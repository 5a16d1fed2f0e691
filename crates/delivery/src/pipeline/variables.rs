//! `variables`: values for `${NAME}` in the objects, by the rules of Flux's `postBuild.substitute`.
//!
//! Source of the rules: Flux's documentation of `spec.postBuild` (kustomize-controller) with `strict` substitution: names have letters, digits
//! and `_`; `${NAME:-text}`, `${NAME:=text}` and `${NAME=text}` give a default for what is empty or not set; `$${NAME}` stays `${NAME}`; `$NAME`
//! is not replaced; the result is read as YAML again, so a number stays a number; an object with `kustomize.toolkit.fluxcd.io/substitute: disabled`
//! is left alone.

use std::collections::BTreeMap;

use manifest::yaml::read_objects;
use manifest::{Diagnostic, Errors, Node, ObjectId};

use super::file_set::Style;

const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// The depth of defaults in defaults.
const MAX_DEPTH: usize = 16;

/// Replaces the variables in the objects of one unit.
///
/// # Errors
/// Every object with a variable that has no value, an expression that is not supported, or a result that is no YAML.
pub(super) fn substitute(
    unit: &str,
    objects: Vec<Node>,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<Node>, Errors> {
    let mut wrong = Vec::new();
    let mut replaced = Vec::with_capacity(objects.len());
    for object in objects {
        match one(object, variables) {
            Ok(objects) => replaced.extend(objects),
            Err(error) => wrong.push(Diagnostic { message: format!("{unit}: {}", error.message), ..error }),
        }
    }
    Errors::check(wrong)?;
    Ok(replaced)
}

fn one(object: Node, variables: &BTreeMap<String, String>) -> Result<Vec<Node>, Diagnostic> {
    if is_disabled(&object) {
        return Ok(vec![object]);
    }
    let text = Style::Kustomize.document(&object)?;
    if !text.contains("${") {
        return Ok(vec![object]);
    }
    let id = ObjectId::of(&object);
    let named = |error: Diagnostic| Diagnostic { message: format!("{id}: {}", error.message), ..error };
    let expanded = expand(&text, variables, 0).map_err(named)?;
    read_objects(expanded.as_bytes()).map_err(|error| {
        named(Diagnostic::new(format!("invalid YAML after the variables were replaced: {}", error.message)))
            .hint("set a value that is valid YAML in its place")
    })
}

fn is_disabled(object: &Node) -> bool {
    let metadata = object.get("metadata");
    ["annotations", "labels"].iter().any(|field| {
        let value = metadata.and_then(|metadata| metadata.get(field)?.get(SWITCH)?.text());
        value == Some("disabled")
    })
}

/// Replaces every expression of a text.
fn expand(text: &str, variables: &BTreeMap<String, String>, depth: usize) -> Result<String, Diagnostic> {
    if depth > MAX_DEPTH {
        return Err(Diagnostic::new(format!("defaults are nested deeper than {MAX_DEPTH}")));
    }
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, expression) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            // An escaped expression stays, without its first `$`.
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &expression[2..];
            continue;
        }
        expanded.push_str(before);
        let end = closing_brace(expression)
            .ok_or_else(|| Diagnostic::new("unmatched `${`").hint("write `$${` for a literal `${`"))?;
        expanded.push_str(&value(&expression[2..end], variables, depth)?);
        rest = &expression[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// The place of the brace that closes the expression at the start of the text. An expression ends on its line.
fn closing_brace(expression: &str) -> Option<usize> {
    let mut depth = 0;
    for (place, letter) in expression.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(place),
            '}' => depth -= 1,
            '\n' => return None,
            _ => {}
        }
    }
    None
}

/// The value of the expression between the braces.
fn value(expression: &str, variables: &BTreeMap<String, String>, depth: usize) -> Result<String, Diagnostic> {
    let end = expression.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    let (name, operation) = expression.split_at(end.unwrap_or(expression.len()));
    if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(Diagnostic::new(format!("invalid variable \"${{{expression}}}\""))
            .hint(format!("write `$${{{expression}}}` for a literal `${{{expression}}}`")));
    }
    let default = [":=", ":-", "="].iter().find_map(|operator| operation.strip_prefix(operator));
    match (variables.get(name).filter(|value| default.is_none() || !value.is_empty()), default) {
        (_, None) if !operation.is_empty() => {
            Err(Diagnostic::new(format!("unsupported expression \"${{{expression}}}\""))
                .hint("use `${NAME}` or `${NAME:=default}`, or write `$${` for a literal `${`"))
        }
        (Some(value), _) => Ok(value.clone()),
        (None, Some(default)) => expand(default, variables, depth + 1),
        (None, None) => Err(Diagnostic::new(format!("variable {name} is not set"))
            .field("variables")
            .hint(format!("set it in the environment's `variables`, or write `${{{name}:=default}}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Result<String, String> {
        let variables = [("REGION", "eu-west-1"), ("N", "3"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        expand(text, &BTreeMap::from(variables), 0).map_err(|error| error.message)
    }

    #[test]
    fn expressions_are_replaced() {
        let table = [
            ("a-${REGION}-b", "a-eu-west-1-b"),
            ("${REGION}${N}", "eu-west-13"),
            ("$REGION $ {REGION} $(REGION)", "$REGION $ {REGION} $(REGION)"),
            ("$${REGION}", "${REGION}"),
            ("$${NOT SET}", "${NOT SET}"),
            ("${X:=1}${X:-2}${X=3}", "123"),
            ("${EMPTY:=full}${EMPTY}", "full"),
            ("${X:=${REGION}}", "eu-west-1"),
            ("${X:=}", ""),
            ("${X:=a:b=c}", "a:b=c"),
        ];
        for (text, want) in table {
            assert_eq!(expanded(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_is_refused() {
        for text in ["${X}", "${", "${X", "${}", "${1}", "${a-b}", "${X/a/b}", "${X:=${Y}}", "${X:=\n}", "${#X}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }
}
