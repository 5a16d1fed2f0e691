//! Strings.

use gotemplate::strconv::quote;
use gotemplate::{Function, FunctionResult, Map, Param, Value, chars, types};

use super::arguments::{bytes, count, int, shown, strings, texts};
use super::unicode_case::{lower, upper};

const ANY: Param = Param::Any;
const INT: Param = Param::Int;
const STRING: Param = Param::String;
const TWO: &[Param] = &[STRING, STRING];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("trim", Function::new(&[STRING], |given| Ok(trim_space(bytes(given, 0)).into_value()))),
    ("trimAll", Function::new(TWO, trim_all)),
    ("trimall", Function::new(TWO, trim_all)),
    (
        "trimPrefix",
        Function::new(TWO, |given| {
            let text = bytes(given, 1);
            Ok(text.strip_prefix(bytes(given, 0)).unwrap_or(text).into_value())
        }),
    ),
    (
        "trimSuffix",
        Function::new(TWO, |given| {
            let text = bytes(given, 1);
            Ok(text.strip_suffix(bytes(given, 0)).unwrap_or(text).into_value())
        }),
    ),
    ("upper", Function::new(&[STRING], |given| Ok(map_chars(bytes(given, 0), upper)))),
    ("lower", Function::new(&[STRING], |given| Ok(map_chars(bytes(given, 0), lower)))),
    (
        "repeat",
        Function::with_context(&[INT, STRING], |context, given| {
            let Some(times) = count(given, 0) else { return Err("strings: negative Repeat count".into()) };
            let text = bytes(given, 1);
            let length = text.len().checked_mul(times).filter(|length| *length <= context.output_limit().min(1 << 30));
            let Some(length) = length else { return Err("strings: Repeat output length overflow".into()) };
            context.charge(u64::try_from(length / 64).unwrap_or(u64::MAX))?;
            Ok(text.repeat(times).into())
        }),
    ),
    ("substr", Function::new(&[INT, INT, STRING], substr)),
    ("trunc", Function::new(&[INT, STRING], trunc)),
    ("contains", Function::new(TWO, |given| Ok(Value::Bool(find(bytes(given, 1), bytes(given, 0)).is_some())))),
    ("hasPrefix", Function::new(TWO, |given| Ok(Value::Bool(bytes(given, 1).starts_with(bytes(given, 0)))))),
    ("hasSuffix", Function::new(TWO, |given| Ok(Value::Bool(bytes(given, 1).ends_with(bytes(given, 0)))))),
    (
        "replace",
        Function::new(&[STRING, STRING, STRING], |given| {
            Ok(replace(bytes(given, 2), bytes(given, 0), bytes(given, 1)).into())
        }),
    ),
    ("quote", Function::new(&[], |given| Ok(joined(given, |value| quote(&shown(value)).into_bytes()))).variadic(ANY)),
    (
        "squote",
        Function::new(&[], |given| {
            Ok(joined(given, |value| [b"'", &gotemplate::format::sprint_value(value)[..], b"'"].concat()))
        })
        .variadic(ANY),
    ),
    ("cat", Function::new(&[], |given| Ok(joined(given, gotemplate::format::sprint_value))).variadic(ANY)),
    ("indent", Function::new(&[INT, STRING], |given| Ok(indented(given, "")?.into()))),
    ("nindent", Function::new(&[INT, STRING], |given| Ok(indented(given, "\n")?.into()))),
    ("plural", Function::new(&[STRING, STRING, INT], |given| Ok(given[usize::from(int(given, 2) != 1)].clone()))),
    ("toString", Function::new(&[ANY], |given| Ok(shown(&given[0]).into()))),
    ("toStrings", Function::new(&[ANY], |given| Ok(strings(texts(&given[0]))))),
    ("join", Function::new(&[STRING, ANY], |given| Ok(texts(&given[1]).join(bytes(given, 0)).into()))),
    ("split", Function::new(TWO, |given| Ok(numbered(split(bytes(given, 1), bytes(given, 0), None))))),
    (
        "splitn",
        Function::new(&[STRING, INT, STRING], |given| {
            let limit = count(given, 1);
            if limit == Some(0) {
                return Ok(numbered(Vec::new()));
            }
            Ok(numbered(split(bytes(given, 2), bytes(given, 0), limit)))
        }),
    ),
    ("splitList", Function::new(TWO, |given| Ok(strings(split(bytes(given, 1), bytes(given, 0), None))))),
    (
        "sortAlpha",
        Function::new(&[ANY], |given| {
            let mut items = match &given[0] {
                list @ (Value::List(_) | Value::Bytes(_)) => texts(list),
                other => vec![shown(other)],
            };
            items.sort();
            Ok(strings(items))
        }),
    ),
    ("nospace", Function::new(&[STRING], |given| Ok(no_space(bytes(given, 0)).into()))),
    ("initials", Function::new(&[STRING], |given| Ok(initials(bytes(given, 0)).into()))),
];

trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for &[u8] {
    fn into_value(self) -> Value {
        Value::String(self.into())
    }
}

fn map_chars(text: &[u8], change: fn(char) -> char) -> Value {
    let mut out = String::with_capacity(text.len());
    out.extend(chars(text).map(|(c, _)| change(c)));
    out.into()
}

/// Cuts Unicode white space at both ends.
pub(super) fn trim_space(text: &[u8]) -> &[u8] {
    trim_matching(text, char::is_whitespace)
}

fn trim_matching(text: &[u8], matches: impl Fn(char) -> bool) -> &[u8] {
    let start: usize = chars(text).take_while(|(c, _)| matches(*c)).map(|(_, length)| length).sum();
    let rest = &text[start..];
    let mut at = 0;
    let mut end = 0;
    for (c, length) in chars(rest) {
        at += length;
        if !matches(c) {
            end = at;
        }
    }
    &rest[..end]
}

fn trim_all(given: &[Value]) -> FunctionResult {
    let cut: Vec<char> = chars(bytes(given, 0)).map(|(c, _)| c).collect();
    Ok(trim_matching(bytes(given, 1), |c| cut.contains(&c)).into_value())
}

fn substr(given: &[Value]) -> FunctionResult {
    let text = bytes(given, 2);
    let (start, end) = (int(given, 0), int(given, 1));
    let out_of_range = |shown: String| Err(format!("runtime error: slice bounds out of range {shown}").into());
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (from, to) = match (start, end) {
        (start, end) if start < 0 => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        bounds => bounds,
    };
    if to < 0 {
        return out_of_range(format!("[:{to}]"));
    }
    if to > length {
        return out_of_range(format!("[:{to}] with length {length}"));
    }
    match (usize::try_from(from), usize::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to => Ok(text[from..to].into_value()),
        _ => out_of_range(format!("[{from}:{to}]")),
    }
}

fn trunc(given: &[Value]) -> FunctionResult {
    let text = bytes(given, 1);
    let size = usize::try_from(int(given, 0).unsigned_abs()).unwrap_or(usize::MAX);
    Ok(match int(given, 0) {
        keep if keep < 0 && text.len() > size => text[text.len() - size..].into_value(),
        keep if keep >= 0 && text.len() > size => text[..size].into_value(),
        _ => text.into_value(),
    })
}

fn joined(given: &[Value], shown: impl Fn(&Value) -> Vec<u8>) -> Value {
    let parts: Vec<Vec<u8>> = given.iter().filter(|value| !matches!(value, Value::Nil)).map(shown).collect();
    parts.join(&b' ').into()
}

fn indented(given: &[Value], start: &str) -> Result<Vec<u8>, gotemplate::FunctionError> {
    let Some(width) = count(given, 0) else { return Err("strings: negative Repeat count".into()) };
    if width > 1 << 20 {
        return Err("strings: Repeat output length overflow".into());
    }
    let text = bytes(given, 1);
    let pad = vec![b' '; width];
    let mut out = Vec::with_capacity(text.len() + width + 1);
    out.extend_from_slice(start.as_bytes());
    out.extend_from_slice(&pad);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
            out.extend_from_slice(&pad);
        }
        out.extend_from_slice(line);
    }
    Ok(out)
}

/// Returns where `wanted` begins.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        let mut rest = text;
        for (_, length) in chars(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut rest = text;
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Splits at a separator, into at most `limit` parts; without one, into characters.
fn split(text: &[u8], separator: &[u8], limit: Option<usize>) -> Vec<Vec<u8>> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < limit {
            let (_, length) = gotemplate::decode_char(rest);
            parts.push(rest[..length].to_vec());
            rest = &rest[length..];
        }
        if !rest.is_empty() {
            parts.push(rest.to_vec());
        }
        return parts;
    }
    while parts.len() + 1 < limit {
        let Some(at) = find(rest, separator) else { break };
        parts.push(rest[..at].to_vec());
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest.to_vec());
    parts
}

/// Makes a `map[string]string` with the keys `_0`, `_1`, ….
fn numbered(parts: Vec<Vec<u8>>) -> Value {
    let entries = parts.into_iter().enumerate().map(|(index, part)| (format!("_{index}").into(), part.into()));
    Value::Map(Map::new(&types::STRING_MAP, entries.collect()))
}

/// Removes white space. As in Go's goutils, which looks at single bytes: those above 0x7f count as the characters of their number.
fn no_space(text: &[u8]) -> Vec<u8> {
    let kept: Vec<char> = text.iter().map(|byte| char::from(*byte)).filter(|c| !c.is_whitespace()).collect();
    if kept.len() == text.len() {
        return text.to_vec();
    }
    kept.into_iter().collect::<String>().into_bytes()
}

/// Returns the first character of each word; see [`no_space`] for characters.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    let mut gap = true;
    for c in text.iter().map(|byte| char::from(*byte)) {
        if c.is_whitespace() {
            gap = true;
        } else if gap {
            out.push(c);
            gap = false;
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_split_and_replaced_as_go_does() {
        assert_eq!(replace("é".as_bytes(), b"", b"-"), "-é-".as_bytes());
        assert_eq!(split(b"a,b,c", b",", Some(2)), [&b"a"[..], b"b,c"]);
        assert_eq!(split(b"", b",", None), [b""]);
        assert_eq!(trim_space("\u{a0} x ".as_bytes()), b"x");
    }
}
