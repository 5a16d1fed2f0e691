//! Reading arguments, whose types the executor has checked, and making values.

use gotemplate::{FunctionError, List, Map, Str, Value, allowance, types};

/// The error of Go's runtime for a nil dereference.
pub(super) const NIL_POINTER: &str = "runtime error: invalid memory address or nil pointer dereference";

/// Returns the string at `index`.
pub(super) fn bytes(args: &[Value], index: usize) -> &[u8] {
    args.get(index).and_then(Value::as_str).map_or(&[], |text| text.as_bytes())
}

/// Returns the string at `index` as text.
pub(super) fn text(args: &[Value], index: usize) -> String {
    String::from_utf8_lossy(bytes(args, index)).into_owned()
}

/// Returns the integer at `index`.
pub(super) fn int(args: &[Value], index: usize) -> i64 {
    match args.get(index) {
        Some(Value::Int(value, _)) => *value,
        _ => 0,
    }
}

/// Returns the integer at `index` as a count; what is below 0 is `None`.
pub(super) fn count(args: &[Value], index: usize) -> Option<usize> {
    usize::try_from(int(args, index)).ok()
}

/// Returns the map at `index`.
pub(super) fn map(args: &[Value], index: usize) -> Map {
    match args.get(index) {
        Some(Value::Map(map)) => map.clone(),
        _ => Map::nil(&types::MAP),
    }
}

/// Returns the items of any kind of list; the error names what the function does.
pub(super) fn items(value: &Value, doing: &str) -> Result<Vec<Value>, FunctionError> {
    match value {
        Value::List(list) => Ok(list.to_vec()),
        Value::Bytes(bytes) => Ok(bytes.iter().map(|byte| Value::Uint(u64::from(*byte), &types::UINT8)).collect()),
        Value::Nil => Err(NIL_POINTER.into()),
        other => Err(format!("Cannot {doing} type {}", other.kind().name()).into()),
    }
}

/// Returns a value's text (Sprig's `strval`).
pub(super) fn shown(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) | Value::Bytes(text) => text.to_vec(),
        Value::Nil => b"<nil>".to_vec(),
        other => gotemplate::format::sprint_value(other),
    }
}

/// Returns the texts of a list without its nils; those of one value; none of nil (Sprig's `strslice`).
pub(super) fn texts(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::Nil => Vec::new(),
        Value::List(list) => {
            let mut bytes = 0;
            let texts = list.iter().filter(|item| !matches!(item, Value::Nil)).map(shown);
            // One long text can be in a list many times.
            texts
                .take_while(|text| {
                    bytes += text.len() + size_of::<Vec<u8>>();
                    allowance::allows(bytes)
                })
                .collect()
        }
        Value::Bytes(bytes) => bytes.iter().map(|byte| byte.to_string().into_bytes()).collect(),
        other => vec![shown(other)],
    }
}

/// Makes a `[]string`.
pub(super) fn strings<T: Into<Str>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(List::strings(items))
}

/// Makes a `float64`.
pub(super) fn float(value: f64) -> Value {
    Value::Float(value)
}
