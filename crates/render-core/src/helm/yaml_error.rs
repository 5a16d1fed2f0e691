//! The errors of go-yaml v2, in libyaml's wording.

use gotemplate::strconv::{FloatFormat, format_float, quote};
use manifest::yaml::{Rules, StreamError, Value as Resolved, resolve};
use manifest::{Data, Node, Scalar};

/// What the reader says, and what libyaml says of the same. The longer ones come first where one contains the other.
const WORDING: [(&str, &str); 21] = [
    ("found a character that cannot start any token", "found character that cannot start any token"),
    ("find the expected ':'", "find expected ':'"),
    ("found an unexpected document marker", "found unexpected document indicator"),
    ("found an unexpected end of the file", "found unexpected end of stream"),
    ("found an unknown escape character", "found unknown escape character"),
    ("found an unexpected non-alphabetical character", "found unexpected non-alphabetical character"),
    ("find the expected hexadecimal number", "find expected hexdecimal number"),
    ("found an invalid Unicode escape code", "found invalid Unicode character escape code"),
    (
        "found a tab where an indentation space is expected",
        "found a tab character where an indentation space is expected",
    ),
    ("found a tab that violates indentation", "found a tab character that violates indentation"),
    ("find an alphabetic or numeric character", "find expected alphabetic or numeric character"),
    ("did not find the expected document start `---`", "did not find expected <document start>"),
    ("unknown directive `", "found unknown directive name"),
    ("found undefined tag handle `", "found undefined tag handle"),
    ("found incompatible YAML document", "found incompatible YAML document"),
    ("find the expected digit or '.'", "find expected digit or '.' character"),
    ("control characters are not allowed", "control characters are not allowed"),
    ("nested deeper than", "exceeded max depth of 10000"),
    (
        "while scanning a %TAG directive: did not find the expected line break",
        "did not find expected whitespace or line break",
    ),
    ("did not find the expected '>'", "did not find the expected '>'"),
    ("find the expected ", "find expected "),
];

/// Returns the error's text after `yaml: `.
pub(super) fn text(error: &StreamError, text: &[u8]) -> String {
    if let Some(key) = &error.key {
        return format!("invalid map key: {}", go_syntax(key, NIL));
    }
    let message = &error.error.message;
    if message == "invalid UTF-8" {
        return utf8_problem(text).to_owned();
    }
    let message =
        message.strip_prefix("while ").and_then(|rest| rest.split_once(": ")).map_or(&**message, |(_, rest)| rest);
    let known = WORDING.iter().find(|(ours, _)| error.error.message.contains(ours));
    let message = match known {
        Some((ours, theirs)) if theirs.starts_with("find ") => message.replace(ours, theirs),
        Some((_, theirs)) => (*theirs).to_owned(),
        None => message.to_owned(),
    };
    if error.line == 0 { message } else { format!("line {}: {message}", error.line) }
}

/// Returns what libyaml's reader says of the first byte that is not UTF-8.
fn utf8_problem(text: &[u8]) -> &'static str {
    let Err(error) = std::str::from_utf8(text) else { return "invalid leading UTF-8 octet" };
    let first = text.get(error.valid_up_to()).copied().unwrap_or_default();
    match first {
        0x80..=0xbf | 0xf8..=0xff => "invalid leading UTF-8 octet",
        _ if error.error_len().is_none() => "incomplete UTF-8 octet sequence",
        _ => "invalid trailing UTF-8 octet",
    }
}

const NIL: &str = "interface {}(nil)";

/// Returns a decoded value as Go's `%#v` shows it; a null at the top is `null`.
pub(super) fn go_syntax(node: &Node, null: &str) -> String {
    match &node.data {
        Data::Seq(items) => {
            let items: Vec<String> = items.iter().map(|item| go_syntax(item, NIL)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Data::Map(map) => {
            let entry = |key: &Scalar, value: &Node| format!("{}:{}", scalar_syntax(key, NIL), go_syntax(value, NIL));
            let entries: Vec<String> = map.entries().iter().map(|one| entry(&one.key, &one.value)).collect();
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
        Data::Scalar(scalar) => scalar_syntax(scalar, null),
    }
}

fn scalar_syntax(scalar: &Scalar, null: &str) -> String {
    match resolve(scalar, Rules::V2) {
        Resolved::Null => null.to_owned(),
        Resolved::Bool(value) => value.to_string(),
        Resolved::Int(value) => value.to_string(),
        Resolved::Uint(value) => format!("{value:#x}"),
        Resolved::Float(value) => format_float(value, FloatFormat::Shorter, None),
        Resolved::Str | Resolved::Timestamp(_) => quote(scalar.text.as_bytes()),
    }
}

/// Returns a float as sigs.k8s.io/yaml writes it as a key: with the digits of a `float32`.
pub(super) fn float_key(value: f64) -> String {
    let single = value as f32;
    if single.is_nan() {
        return ".nan".to_owned();
    }
    if single.is_infinite() {
        return if single > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // The shortest digits of a float32 are those of the float64 that they are read as.
    let shortest: f64 = format!("{single:e}").parse().unwrap_or(value);
    format_float(shortest, FloatFormat::Shorter, None)
}
