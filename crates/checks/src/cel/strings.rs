//! Functions of strings: the standard ones, cel-go's `strings` extension, and Kubernetes' `regex` library.

use regex::RegexBuilder;

use super::budget::Budget;
use super::value::{MapEntry, Value, number};

/// The largest compiled regular expression, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

/// The text of a value; absent if it has none.
pub(super) fn shown(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok()?,
        Value::Duration(value) => format!("{}s", *value as f64 / 1e9),
        Value::Ip(ip) => ip.to_string(),
        Value::Cidr(ip, bits) => format!("{ip}/{bits}"),
        Value::Type(name) => (*name).to_owned(),
        Value::Url(url) => url.text.clone(),
        _ => return None,
    })
}

fn int(value: usize) -> Value<'static> {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn found(position: Option<usize>) -> Value<'static> {
    position.map_or(Value::Int(-1), int)
}

fn texts<'a>(all: impl Iterator<Item = String>) -> Value<'a> {
    Value::list(all.map(Value::text).collect())
}

/// Calls a function of a string, or `join` of a list; absent if there is none.
pub(super) fn member<'a>(
    name: &str,
    target: &Value<'a>,
    arguments: &[Value<'a>],
    budget: &mut Budget,
) -> Option<Result<Value<'a>, String>> {
    if name == "join" {
        return join(target, arguments, budget);
    }
    let text = target.as_text()?;
    if let Err(error) = budget.charge(text.len() / 16) {
        return Some(Err(error));
    }
    let first = arguments.first().and_then(Value::as_text);
    Some(match (name, arguments) {
        ("contains", [_]) => Ok(Value::Bool(text.contains(first?))),
        ("startsWith", [_]) => Ok(Value::Bool(text.starts_with(first?))),
        ("endsWith", [_]) => Ok(Value::Bool(text.ends_with(first?))),
        ("matches", [_]) => pattern(first?, budget).map(|pattern| Value::Bool(pattern.is_match(text))),
        ("find", [_]) => {
            pattern(first?, budget).map(|pattern| Value::text(pattern.find(text).map_or("", |found| found.as_str())))
        }
        ("findAll", [_, rest @ ..]) => {
            let most = limit(rest);
            pattern(first?, budget)
                .map(|pattern| texts(pattern.find_iter(text).take(most).map(|found| found.as_str().to_owned())))
        }
        ("charAt", [Value::Int(position)]) => char_at(text, *position),
        ("lowerAscii", []) => Ok(Value::text(text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(Value::text(text.to_ascii_uppercase())),
        ("trim", []) => Ok(Value::text(text.trim())),
        ("reverse", []) => Ok(Value::text(text.chars().rev().collect::<String>())),
        ("indexOf", [_, rest @ ..]) => Ok(index_of(text, first?, rest)),
        ("lastIndexOf", [_, ..]) => Ok(found(text.rfind(first?).map(|at| text[..at].chars().count()))),
        ("split", [_, rest @ ..]) => {
            let parts: Vec<String> = split(text, first?, limit(rest));
            budget.charge(parts.len()).map(|()| texts(parts.into_iter()))
        }
        ("replace", [_, with, rest @ ..]) => replace(text, first?, with.as_text()?, limit(rest), budget),
        ("substring", [Value::Int(start), rest @ ..]) => substring(text, *start, rest),
        ("format", [values]) => format(text, values, budget),
        _ => return None,
    })
}

fn limit(rest: &[Value<'_>]) -> usize {
    match rest {
        [Value::Int(most)] => usize::try_from(*most).unwrap_or(usize::MAX),
        _ => usize::MAX,
    }
}

fn pattern(pattern: &str, budget: &mut Budget) -> Result<regex::Regex, String> {
    budget.charge(10 + pattern.len())?;
    RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE)
        .build()
        .map_err(|_| format!("invalid regular expression {pattern:?}"))
}

fn char_at<'a>(text: &str, position: i64) -> Result<Value<'a>, String> {
    let count = text.chars().count();
    let position = usize::try_from(position).ok().filter(|position| *position <= count);
    let position = position.ok_or_else(|| "index out of range".to_owned())?;
    Ok(Value::text(text.chars().nth(position).map(String::from).unwrap_or_default()))
}

fn index_of<'a>(text: &str, what: &str, rest: &[Value<'_>]) -> Value<'a> {
    let skipped = if let [Value::Int(start)] = rest { usize::try_from(*start).unwrap_or(0) } else { 0 };
    let start = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
    found(text[start..].find(what).map(|at| text[..start + at].chars().count()))
}

fn split(text: &str, separator: &str, most: usize) -> Vec<String> {
    match most {
        0 => Vec::new(),
        _ if separator.is_empty() => text.chars().map(String::from).collect(),
        most => text.splitn(most, separator).map(str::to_owned).collect(),
    }
}

fn replace<'a>(text: &str, what: &str, with: &str, most: usize, budget: &mut Budget) -> Result<Value<'a>, String> {
    let count = if what.is_empty() { text.chars().count() + 1 } else { text.matches(what).count() }.min(most);
    budget.charge((text.len() + count.saturating_mul(with.len())) / 16)?;
    Ok(Value::text(text.replacen(what, with, count)))
}

fn substring<'a>(text: &str, start: i64, rest: &[Value<'_>]) -> Result<Value<'a>, String> {
    let count = text.chars().count();
    let end = if let [Value::Int(end)] = rest { usize::try_from(*end).ok() } else { Some(count) };
    match (usize::try_from(start).ok(), end) {
        (Some(start), Some(end)) if start <= end && end <= count => {
            Ok(Value::text(text.chars().skip(start).take(end - start).collect::<String>()))
        }
        _ => Err("index out of range".to_owned()),
    }
}

fn join<'a>(target: &Value<'a>, arguments: &[Value<'a>], budget: &mut Budget) -> Option<Result<Value<'a>, String>> {
    let items = target.items()?;
    let separator = arguments.first().map_or(Some(""), Value::as_text)?;
    let parts: Option<Vec<&str>> = items.iter().map(Value::as_text).collect();
    let parts = parts?;
    let length: usize = parts.iter().map(|part| part.len() + separator.len()).sum();
    Some(budget.charge(length / 16 + parts.len()).map(|()| Value::text(parts.join(separator))))
}

/// `format` of cel-go: `%s`, `%d`, `%f`, `%e`, `%b`, `%x`, `%X`, `%o` and `%%`.
fn format<'a>(text: &str, values: &Value<'a>, budget: &mut Budget) -> Result<Value<'a>, String> {
    let mut values = values.items().unwrap_or_default().into_iter();
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let mut precision = String::new();
        let mut verb = characters.next().unwrap_or('%');
        while verb == '.' || verb.is_ascii_digit() {
            precision.push(verb);
            verb = characters.next().unwrap_or('%');
        }
        if verb == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| "too few arguments of format".to_owned())?;
        let digits = precision.trim_start_matches('.').parse::<usize>().unwrap_or(6).min(100);
        let piece =
            formatted(verb, digits, &value).ok_or_else(|| format!("cannot format {} by %{verb}", value.type_name()))?;
        budget.charge(piece.len() / 16)?;
        out.push_str(&piece);
    }
    Ok(Value::text(out))
}

fn formatted(verb: char, digits: usize, value: &Value<'_>) -> Option<String> {
    Some(match (verb, value) {
        ('s', value) => listed(value, 0)?,
        ('d', Value::Int(_) | Value::Uint(_)) => shown(value)?,
        ('f', value) => format!("{:.digits$}", number(value)?),
        ('e', value) => format!("{:.digits$e}", number(value)?),
        ('b', Value::Int(value)) => format!("{value:b}"),
        ('b', Value::Bool(value)) => u8::from(*value).to_string(),
        ('x', Value::Int(value)) => format!("{value:x}"),
        ('X', Value::Int(value)) => format!("{value:X}"),
        ('o', Value::Int(value)) => format!("{value:o}"),
        _ => return None,
    })
}

fn listed(value: &Value<'_>, depth: usize) -> Option<String> {
    if depth > 20 {
        return None;
    }
    if matches!(value, Value::Null) {
        return Some("null".to_owned());
    }
    if let Some(items) = value.items() {
        let parts: Option<Vec<String>> = items.iter().map(|item| listed(item, depth + 1)).collect();
        return Some(format!("[{}]", parts?.join(", ")));
    }
    if let Some(entries) = value.entries() {
        let part = |entry: &MapEntry<'_>| {
            Some(format!("{}: {}", listed(&entry.key, depth + 1)?, listed(&entry.value, depth + 1)?))
        };
        let mut parts: Vec<String> = entries.iter().map(part).collect::<Option<_>>()?;
        parts.sort();
        return Some(format!("{{{}}}", parts.join(", ")));
    }
    shown(value)
}
