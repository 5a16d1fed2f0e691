//! Reading a function's arguments the way Go's templates check them, and making values.

use std::sync::Arc;

use gotmpl::{Result, TemplateError, Value};

/// A template function.
pub(super) type Function = fn(&[Value]) -> Result<Value>;

/// The argument at `index`.
pub(super) fn value(given: &[Value], index: usize) -> Result<&Value> {
    let missing =
        || TemplateError::Exec(format!("wrong number of args: want at least {} got {}", index + 1, given.len()));
    given.get(index).ok_or_else(missing)
}

/// The argument at `index`, which must be a string.
pub(super) fn text(given: &[Value], index: usize) -> Result<&str> {
    match value(given, index)? {
        Value::String(text) => Ok(text),
        Value::Nil => Err(wrong("invalid value; expected string")),
        other => Err(wrong(&format!("wrong type for value; expected string; got {}", other.type_name()))),
    }
}

/// The argument at `index`, which must be a whole number.
pub(super) fn int(given: &[Value], index: usize) -> Result<i64> {
    match value(given, index)? {
        Value::Int(number) => Ok(*number),
        other => Err(wrong(&format!("wrong type for value; expected int; got {}", other.type_name()))),
    }
}

/// The argument at `index` as a count: what is below 0 counts as 0.
pub(super) fn count(given: &[Value], index: usize) -> Result<usize> {
    Ok(usize::try_from(int(given, index)?).unwrap_or_default())
}

/// The argument at `index`, which must be a list.
pub(super) fn list(given: &[Value], index: usize) -> Result<&[Value]> {
    match value(given, index)? {
        Value::List(items) => Ok(items),
        other => Err(wrong(&format!("wrong type for value; expected list; got {}", other.type_name()))),
    }
}

/// The error with that message.
pub(super) fn wrong(message: &str) -> TemplateError {
    TemplateError::Exec(message.to_owned())
}

/// A string value.
pub(super) fn string(text: &str) -> Value {
    Value::String(Arc::from(text))
}

/// A list of values.
pub(super) fn list_of(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

/// A list of strings.
pub(super) fn strings<'t>(items: impl IntoIterator<Item = &'t str>) -> Value {
    list_of(items.into_iter().map(string))
}

/// What a value is as text (Sprig's `strval`).
pub(super) fn shown(value: &Value) -> String {
    value.to_string()
}

/// The texts of a list, or of the one value; nothing for nil (Sprig's `strslice`).
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().filter(|item| !matches!(item, Value::Nil)).map(shown).collect(),
        Value::Nil => Vec::new(),
        other => vec![shown(other)],
    }
}

/// Whether a value is what Sprig calls empty.
pub(super) fn is_empty(value: &Value) -> bool {
    !value.is_truthy()
}
