//! `${NAME}` in texts, by the rules of Flux's `postBuild.substitute`.

use std::collections::BTreeMap;

use manifest::Diagnostic;

/// The depth of defaults in defaults.
const MAX_DEPTH: usize = 16;

/// The bytes of a text after the replacement: a short expression may have a long value.
const MAX_BYTES: usize = 64 << 20;

/// Replaces every expression of a text.
///
/// # Errors
/// A variable that has no value, an expression that is not supported, and a result beyond 64 MiB.
pub(crate) fn expand(text: &str, variables: &BTreeMap<String, String>) -> Result<String, Diagnostic> {
    expand_nested(text, variables, 0)
}

fn expand_nested(text: &str, variables: &BTreeMap<String, String>, depth: usize) -> Result<String, Diagnostic> {
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
        if expanded.len() > MAX_BYTES {
            return Err(Diagnostic::new(format!("the text with its variables is larger than {} MiB", MAX_BYTES >> 20)));
        }
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
        (None, Some(default)) => expand_nested(default, variables, depth + 1),
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
        expand(text, &BTreeMap::from(variables)).map_err(|error| error.message)
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
    fn the_result_is_limited() {
        let variables = BTreeMap::from([("A".to_owned(), "x".repeat(1 << 20))]);
        let error = expand(&"${A}".repeat(100_000), &variables).unwrap_err();
        assert_eq!(error.message, "the text with its variables is larger than 64 MiB");
    }

    #[test]
    fn what_has_no_value_is_refused() {
        for text in ["${X}", "${", "${X", "${}", "${1}", "${a-b}", "${X/a/b}", "${X:=${Y}}", "${X:=\n}", "${#X}"] {
            assert!(expanded(text).is_err(), "{text}");
        }
    }
}
