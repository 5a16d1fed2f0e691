//! Strings.

use gotemplate::strconv::quote;
use gotemplate::{Function, FunctionResult, Map, Param, Value, allowance, chars, types};

use super::arguments::{bytes, count, int, shown, strings, texts};
use super::unicode_case::{lower, upper};

const ANY: Param = Param::Any;
const INT: Param = Param::Int;
const STRING: Param = Param::String;
const TWO: &[Param] = &[STRING, STRING];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("trim", Function::new(&[STRING], |args| Ok(trim_space(bytes(args, 0)).into_value()))),
    ("trimAll", Function::new(TWO, trim_all)),
    ("trimall", Function::new(TWO, trim_all)),
    (
        "trimPrefix",
        Function::new(TWO, |args| {
            let text = bytes(args, 1);
            Ok(text.strip_prefix(bytes(args, 0)).unwrap_or(text).into_value())
        }),
    ),
    (
        "trimSuffix",
        Function::new(TWO, |args| {
            let text = bytes(args, 1);
            Ok(text.strip_suffix(bytes(args, 0)).unwrap_or(text).into_value())
        }),
    ),
    ("upper", Function::new(&[STRING], |args| Ok(map_chars(bytes(args, 0), upper)))),
    ("lower", Function::new(&[STRING], |args| Ok(map_chars(bytes(args, 0), lower)))),
    (
        "repeat",
        Function::with_context(&[INT, STRING], |context, args| {
            let Some(times) = count(args, 0) else { return Err("strings: negative Repeat count".into()) };
            let text = bytes(args, 1);
            let length = text.len().checked_mul(times).filter(|length| *length <= context.output_limit().min(1 << 30));
            let Some(length) = length else { return Err("strings: Repeat output length overflow".into()) };
            context.charge(u64::try_from(length / 64).unwrap_or(u64::MAX))?;
            Ok(text.repeat(times).into())
        }),
    ),
    ("substr", Function::new(&[INT, INT, STRING], substr)),
    ("trunc", Function::new(&[INT, STRING], trunc)),
    ("contains", Function::new(TWO, |args| Ok(Value::Bool(find(bytes(args, 1), bytes(args, 0)).is_some())))),
    ("hasPrefix", Function::new(TWO, |args| Ok(Value::Bool(bytes(args, 1).starts_with(bytes(args, 0)))))),
    ("hasSuffix", Function::new(TWO, |args| Ok(Value::Bool(bytes(args, 1).ends_with(bytes(args, 0)))))),
    (
        "replace",
        Function::new(&[STRING, STRING, STRING], |args| {
            Ok(replace(bytes(args, 2), bytes(args, 0), bytes(args, 1)).into())
        }),
    ),
    ("quote", Function::new(&[], |args| Ok(joined(args, |value| quote(&shown(value)).into_bytes()))).variadic(ANY)),
    (
        "squote",
        Function::new(&[], |args| {
            Ok(joined(args, |value| [b"'", &gotemplate::format::sprint_value(value)[..], b"'"].concat()))
        })
        .variadic(ANY),
    ),
    ("cat", Function::new(&[], |args| Ok(joined(args, gotemplate::format::sprint_value))).variadic(ANY)),
    ("indent", Function::new(&[INT, STRING], |args| Ok(indented(args, "")?.into()))),
    ("nindent", Function::new(&[INT, STRING], |args| Ok(indented(args, "\n")?.into()))),
    ("plural", Function::new(&[STRING, STRING, INT], |args| Ok(args[usize::from(int(args, 2) != 1)].clone()))),
    ("toString", Function::new(&[ANY], |args| Ok(shown(&args[0]).into()))),
    ("toStrings", Function::new(&[ANY], |args| Ok(strings(texts(&args[0]))))),
    (
        "join",
        Function::new(&[STRING, ANY], |args| {
            let (parts, separator) = (texts(&args[1]), bytes(args, 0));
            let length = parts.iter().map(|part| part.len() + separator.len()).sum();
            Ok(if allowance::allows(length) { parts.join(separator).into() } else { Value::Nil })
        }),
    ),
    ("split", Function::new(TWO, |args| Ok(numbered(split(bytes(args, 1), bytes(args, 0), None))))),
    (
        "splitn",
        Function::new(&[STRING, INT, STRING], |args| {
            let limit = count(args, 1);
            if limit == Some(0) {
                return Ok(numbered(Vec::new()));
            }
            Ok(numbered(split(bytes(args, 2), bytes(args, 0), limit)))
        }),
    ),
    ("splitList", Function::new(TWO, |args| Ok(strings(split(bytes(args, 1), bytes(args, 0), None))))),
    (
        "sortAlpha",
        Function::new(&[ANY], |args| {
            let mut items = match &args[0] {
                list @ (Value::List(_) | Value::Bytes(_)) => texts(list),
                other => vec![shown(other)],
            };
            items.sort();
            Ok(strings(items))
        }),
    ),
    ("nospace", Function::new(&[STRING], |args| Ok(no_space(bytes(args, 0)).into()))),
    ("initials", Function::new(&[STRING], |args| Ok(initials(bytes(args, 0)).into()))),
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

fn trim_all(args: &[Value]) -> FunctionResult {
    let cut: Vec<char> = chars(bytes(args, 0)).map(|(c, _)| c).collect();
    Ok(trim_matching(bytes(args, 1), |c| cut.contains(&c)).into_value())
}

fn substr(args: &[Value]) -> FunctionResult {
    let text = bytes(args, 2);
    let (start, end) = (int(args, 0), int(args, 1));
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

fn trunc(args: &[Value]) -> FunctionResult {
    let text = bytes(args, 1);
    let size = usize::try_from(int(args, 0).unsigned_abs()).unwrap_or(usize::MAX);
    Ok(match int(args, 0) {
        keep if keep < 0 && text.len() > size => text[text.len() - size..].into_value(),
        keep if keep >= 0 && text.len() > size => text[..size].into_value(),
        _ => text.into_value(),
    })
}

fn joined(args: &[Value], shown: impl Fn(&Value) -> Vec<u8>) -> Value {
    let parts: Vec<Vec<u8>> = args.iter().filter(|value| !matches!(value, Value::Nil)).map(shown).collect();
    if !allowance::allows(parts.iter().map(|part| part.len() + 1).sum()) {
        return Value::Nil;
    }
    parts.join(&b' ').into()
}

fn indented(args: &[Value], start: &str) -> Result<Vec<u8>, gotemplate::FunctionError> {
    let Some(width) = count(args, 0) else { return Err("strings: negative Repeat count".into()) };
    if width > 1 << 20 {
        return Err("strings: Repeat output length overflow".into());
    }
    let text = bytes(args, 1);
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
        if !allowance::allows(2 * out.len()) {
            break;
        }
    }
    Ok(out)
}

/// Returns the offset of the first occurrence of `needle`.
pub(super) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, needle)
}

fn replace(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    if old.is_empty() {
        let mut rest = text;
        for (_, length) in chars(text) {
            out.extend_from_slice(new);
            out.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
            if !allowance::allows(2 * out.len()) {
                break;
            }
        }
        out.extend_from_slice(new);
        return out;
    }
    let mut rest = text;
    while let Some(at) = find(rest, old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
        if !allowance::allows(2 * out.len()) {
            break;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// The bytes that a part of a text takes, as a list or a map has it.
pub(super) const PART: usize = 160;

/// Splits at a separator, into at most `limit` parts; without one, into characters.
fn split(text: &[u8], separator: &[u8], limit: Option<usize>) -> Vec<Vec<u8>> {
    let limit = limit.unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut rest = text;
    if separator.is_empty() {
        while !rest.is_empty() && parts.len() + 1 < limit && allowance::allows(parts.len() * PART) {
            let (_, length) = gotemplate::decode_char(rest);
            parts.push(rest[..length].to_vec());
            rest = &rest[length..];
        }
        if !rest.is_empty() {
            parts.push(rest.to_vec());
        }
        return parts;
    }
    while parts.len() + 1 < limit && allowance::allows(parts.len() * PART) {
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
