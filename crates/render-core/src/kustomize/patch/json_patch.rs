//! JSON patches (RFC 6902) as kustomize runs them: `evanphx/json-patch` v4 on the object's JSON.
//!
//! It differs from the RFC: `replace` makes a missing key, indexes may count from the end (`-1`), `01` is 1, `test` of a
//! missing field against null passes, an operation without `value` sets null, `~2` is itself, the part of a path before
//! its first slash does not count.

use manifest::yaml::{Rules, Value, from_json, read_configuration, resolve, rewritten, to_json};
use manifest::{At, Data, Diagnostic, Node, Scalar, Style, Tag, Text};

use crate::kustomize::budget::{Budget, size_of_node};
use crate::kustomize::object::scalar::is_null_node;

/// The operations of RFC 6902.
const KINDS: [&str; 6] = ["add", "remove", "replace", "move", "copy", "test"];

/// A JSON patch: operations that are applied in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct JsonPatch {
    operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug)]
struct Operation {
    /// `add`, `remove`, `replace`, `move`, `copy`, `test`, or what was written.
    kind: Text,
    path: Option<Text>,
    from: Option<Text>,
    value: Node,
    at: At,
}

impl JsonPatch {
    /// Reads a patch: JSON where the text begins with `[`, else the first YAML document.
    ///
    /// # Errors
    /// Returns an error if it is not a list of operations.
    pub(crate) fn read(text: &str) -> Result<Self, Diagnostic> {
        let document = if text.starts_with('[') {
            let json = serde_json::from_str(text).map_err(|error| not_json(&error))?;
            from_json(&json)
        } else {
            read_configuration(text.as_bytes())?.0.into_iter().next().unwrap_or_default()
        };
        match &document.data {
            Data::Seq(items) => Ok(JsonPatch { operations: items.iter().map(operation).collect::<Result<_, _>>()? }),
            Data::Scalar(_) if is_null_node(&document) => Ok(JsonPatch::default()),
            _ => Err(Diagnostic::new("expected a list of operations").at(document.at)),
        }
    }

    /// Whether it has no operations.
    pub(crate) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Applies the operations to `object`, whose scalars are what JSON makes of them afterwards.
    ///
    /// # Errors
    /// Returns an error if an operation does not apply, with its position in the patch, or the values exceed the budget.
    pub(in crate::kustomize) fn apply(&self, object: &mut Node, budget: &Budget) -> Result<(), Diagnostic> {
        plain_json(object);
        for (index, operation) in self.operations.iter().enumerate() {
            budget.add(operation.size(object)).map_err(|error| error.at(operation.at))?;
            operation.apply(object).map_err(|reason| {
                let path = operation.path.as_deref().unwrap_or_default();
                let message = format!("operation {index} ({} {path}) does not apply: {reason}", operation.kind);
                let next = if KINDS.contains(&operation.kind.as_str()) {
                    "check the path: keys and indexes after `/`, with `~1` for a slash inside a key".to_owned()
                } else {
                    format!("use one of {}", KINDS.join(", "))
                };
                Diagnostic::new(message).at(operation.at).hint(next)
            })?;
        }
        Ok(())
    }
}

fn not_json(error: &serde_json::Error) -> Diagnostic {
    let at = At { line: u32::try_from(error.line()).unwrap_or_default(), column: 1 };
    Diagnostic::new(format!("invalid JSON: {error}"))
        .at(at)
        .hint("write one operation per line after `- ` for YAML; a patch that begins with `[` is read as JSON")
}

fn operation(node: &Node) -> Result<Operation, Diagnostic> {
    if node.as_map().is_none() && !is_null_node(node) {
        return Err(Diagnostic::new("expected an operation: a mapping with op, path and value").at(node.at));
    }
    let text = |key: &str| node.get(key).filter(|value| is_text(value)).and_then(Node::text).map(Text::from);
    let mut value = node.get("value").cloned().unwrap_or_default();
    let json = to_json(&value, Rules::V2)?;
    value = Node { at: value.at, ..from_json(&json) };
    plain_json(&mut value);
    Ok(Operation { kind: text("op").unwrap_or_default(), path: text("path"), from: text("from"), value, at: node.at })
}

fn is_text(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| matches!(resolve(scalar, Rules::V2), Value::Str | Value::Timestamp(_)))
}

impl Operation {
    fn apply(&self, object: &mut Node) -> Result<(), String> {
        let path = || self.path.as_deref().ok_or_else(|| "missing field \"path\"".to_owned());
        match self.kind.as_str() {
            "add" => Target::find(object, path()?)?.add(self.value.clone()),
            "remove" => Target::find(object, path()?)?.remove().map(drop),
            "replace" => self.replace(object, path()?),
            "test" => self.test(object, path()?),
            "move" => {
                let moved = Target::find(object, self.source()?)?.remove()?;
                Target::find(object, path()?)?.add(moved)
            }
            "copy" => {
                let copied = Target::find(object, self.source()?)?.get()?.cloned().unwrap_or_default();
                Target::find(object, path()?)?.add(copied)
            }
            "" => Err("missing field \"op\"".to_owned()),
            _ => Err("unknown operation".to_owned()),
        }
    }

    /// Returns the bytes of the value that the operation writes.
    fn size(&self, object: &mut Node) -> u64 {
        match self.kind.as_str() {
            "add" | "replace" => size_of_node(&self.value),
            "copy" => {
                let found = self.source().and_then(|from| Target::find(object, from));
                found.ok().and_then(|found| found.get().ok().flatten().map(size_of_node)).unwrap_or_default()
            }
            _ => 0,
        }
    }

    fn source(&self) -> Result<&str, String> {
        self.from.as_deref().ok_or_else(|| "missing field \"from\"".to_owned())
    }

    fn replace(&self, object: &mut Node, path: &str) -> Result<(), String> {
        if !path.is_empty() {
            return Target::find(object, path)?.set(self.value.clone());
        }
        if self.value.as_scalar().is_some() {
            return Err("expected a mapping as the whole object".to_owned());
        }
        *object = self.value.clone();
        Ok(())
    }

    fn test(&self, object: &mut Node, path: &str) -> Result<(), String> {
        let equal = if path.is_empty() {
            same(object, &self.value)
        } else {
            let target = Target::find(object, path)?;
            target.get()?.map_or_else(|| is_null_node(&self.value), |found| same(found, &self.value))
        };
        if equal { Ok(()) } else { Err("the value differs".to_owned()) }
    }
}

/// A mapping or list and a key or index in it.
struct Target<'a> {
    container: &'a mut Node,
    key: String,
}

impl<'a> Target<'a> {
    fn find(object: &'a mut Node, path: &str) -> Result<Self, String> {
        let Some((parents, key)) = path.split_once('/').map(|(_, path)| path.rsplit_once('/').unwrap_or(("", path)))
        else {
            return Err("the path does not contain a slash".to_owned());
        };
        let parts = parents.split('/').filter(|_| path.matches('/').count() > 1);
        let mut container = object;
        for part in parts {
            let missing = || format!("{part:?} not found");
            container = child(container, &unescape(part)).ok_or_else(missing)?;
        }
        if container.as_scalar().is_some() {
            return Err(format!("expected a mapping or a list that contains {key:?}"));
        }
        Ok(Target { container, key: unescape(key) })
    }

    /// The value; absent for a missing key of a mapping.
    fn get(&self) -> Result<Option<&Node>, String> {
        match &self.container.data {
            Data::Seq(items) => Ok(items.get(self.index(items.len())?)),
            _ => Ok(self.container.get(&self.key)),
        }
    }

    fn add(self, value: Node) -> Result<(), String> {
        if let Data::Seq(items) = &self.container.data
            && self.key != "-"
        {
            let index = position(&self.key, items.len() + 1)?;
            if let Data::Seq(items) = &mut self.container.data {
                items.insert(index, value);
            }
            return Ok(());
        }
        match &mut self.container.data {
            Data::Seq(items) => items.push(value),
            Data::Map(map) => map.set(&self.key, value),
            Data::Scalar(_) => {}
        }
        Ok(())
    }

    fn set(self, value: Node) -> Result<(), String> {
        let length = self.container.as_seq().map_or(0, Vec::len);
        match &mut self.container.data {
            Data::Seq(items) => items[position(&self.key, length)?] = value,
            Data::Map(map) => map.set(&self.key, value),
            Data::Scalar(_) => {}
        }
        Ok(())
    }

    fn remove(self) -> Result<Node, String> {
        let length = self.container.as_seq().map_or(0, Vec::len);
        match &mut self.container.data {
            Data::Seq(items) => Ok(items.remove(position(&self.key, length)?)),
            Data::Map(map) => map.remove(&self.key).ok_or_else(|| format!("{:?} not found", self.key)),
            Data::Scalar(_) => Err(format!("{:?} not found", self.key)),
        }
    }

    fn index(&self, length: usize) -> Result<usize, String> {
        position(&self.key, length)
    }
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let found = match &mut node.data {
        Data::Map(map) => map.get_mut(key)?,
        Data::Seq(items) => {
            let index = position(key, items.len()).ok()?;
            &mut items[index]
        }
        Data::Scalar(_) => return None,
    };
    (!is_null_node(found)).then_some(found)
}

/// An index below `length`; a negative one counts from the end.
fn position(key: &str, length: usize) -> Result<usize, String> {
    let index: i64 = key.parse().map_err(|_| format!("invalid list index {key:?}"))?;
    let size = i64::try_from(length).unwrap_or(i64::MAX);
    let from_start = if index < 0 { index.saturating_add(size) } else { index };
    match usize::try_from(from_start) {
        Ok(position) if position < length => Ok(position),
        _ => Err(format!("index {key} not found in the list")),
    }
}

fn unescape(part: &str) -> String {
    let mut result = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(tilde) = rest.find('~') {
        result.push_str(&rest[..tilde]);
        let (by, length) = match rest.as_bytes().get(tilde + 1) {
            Some(b'0') => ("~", 2),
            Some(b'1') => ("/", 2),
            _ => ("~", 1),
        };
        result.push_str(by);
        rest = &rest[tilde + length..];
    }
    result.push_str(rest);
    result
}

/// Whether two values are equal as JSON; the order of keys does not count.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.data, &b.data) {
        (Data::Map(a), Data::Map(b)) => {
            let in_b = |entry: &manifest::Entry| b.get(&entry.key.text).is_some_and(|other| same(&entry.value, other));
            a.len() == b.len() && a.entries().iter().all(in_b)
        }
        (Data::Seq(a), Data::Seq(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Data::Scalar(a), Data::Scalar(b)) => match (resolve(a, Rules::V3), resolve(b, Rules::V3)) {
            (Value::Str, Value::Str) => a.text == b.text,
            (a, b) => a == b,
        },
        _ => false,
    }
}

/// Makes of every scalar what it is after kustomize has turned the object into JSON and back: numbers pass through 64-bit
/// floating point, dates become strings, and a style is what a printer of JSON data chooses.
pub(crate) fn plain_json(node: &mut Node) {
    match &mut node.data {
        Data::Map(map) => map.entries_mut().iter_mut().for_each(|entry| {
            plain_json(&mut entry.value);
            plain_string(&mut entry.key);
        }),
        Data::Seq(items) => items.iter_mut().for_each(plain_json),
        Data::Scalar(scalar) => plain_scalar(scalar),
    }
}

fn plain_scalar(scalar: &mut Scalar) {
    match resolve(scalar, Rules::V3) {
        Value::Str => {
            // A scalar that cannot be rewritten keeps its style, and the printer reports it.
            if let Ok(text) = rewritten(scalar, At::default()) {
                scalar.text = text;
                plain_string(scalar);
            }
        }
        Value::Null => *scalar = Scalar::null(),
        Value::Bool(value) => *scalar = tagged(if value { "true" } else { "false" }, Tag::Bool),
        #[expect(clippy::cast_precision_loss, reason = "JSON numbers pass through 64-bit floating point")]
        Value::Int(value) => *scalar = number(value as f64),
        #[expect(clippy::cast_precision_loss, reason = "JSON numbers pass through 64-bit floating point")]
        Value::Uint(value) => *scalar = number(value as f64),
        Value::Float(value) if value.is_finite() => *scalar = number(value),
        Value::Float(_) => {}
        Value::Timestamp(text) => *scalar = quoted(text.into()),
    }
}

/// Sets the style of a string that was converted through JSON: plain if every reader resolves it to a string. A scalar that is not a string is
/// left unchanged, and the printer refuses it.
fn plain_string(scalar: &mut Scalar) {
    if resolve(scalar, Rules::V3) != Value::Str {
        return;
    }
    let bare = Scalar::plain(scalar.text.clone());
    let is_bare = resolve(&bare, Rules::V3) == Value::Str && resolve(&bare, Rules::V2) == Value::Str;
    *scalar = if is_bare { Scalar::string(bare.text) } else { quoted(bare.text) };
}

fn tagged(text: impl Into<Text>, tag: Tag) -> Scalar {
    Scalar { text: text.into(), style: Style::Plain, tag }
}

fn quoted(text: Text) -> Scalar {
    Scalar { text, style: Style::Double, tag: Tag::Implicit }
}

/// A number as go-yaml prints a float: with an exponent below 1e-4 and from 1e+06 on.
fn number(value: f64) -> Scalar {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent = exponent_of(exponent);
    if (-4..6).contains(&exponent) {
        let text = value.to_string();
        let tag = if text.contains('.') { Tag::Float } else { Tag::Int };
        return tagged(text, tag);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    tagged(format!("{digits}e{sign}{:02}", exponent.unsigned_abs()), Tag::Float)
}

fn exponent_of(text: &str) -> i32 {
    text.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_yaml_writes_floats() {
        for (value, expected) in [
            (0.0, "0"),
            (80.0, "80"),
            (-3.5, "-3.5"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1e6, "1e+06"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (1e22, "1e+22"),
        ] {
            assert_eq!(number(value).text, expected);
        }
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(unescape("a~1b~0c~2d~01~"), "a/b~c~2d~1~");
    }
}
