//! Functions with regular expressions.

use std::rc::Rc;

use gotemplate::strconv::quote;
use gotemplate::{Function, FunctionError, FunctionResult, List, Param, Value, allowance, chars, types};
use regex::bytes::{Captures, Match};

use super::arguments::{bytes, int, strings, text};
use super::regular_expression::{Pattern, compiled};
use super::strings::PART;

const STRING: Param = Param::String;
const TWO: &[Param] = &[STRING, STRING];
const THREE: &[Param] = &[STRING, STRING, STRING];
const COUNTED: &[Param] = &[STRING, STRING, Param::Int];

/// The functions of this file. The `must` forms return the error of a bad expression; the others panic in Go, with a longer text.
pub(super) const TABLE: &[(&str, Function)] = &[
    (
        "regexMatch",
        Function::new(TWO, |args| {
            Ok(Value::Bool(
                compiled(&text(args, 0), bytes(args, 1)).is_ok_and(|pattern| pattern.regex.is_match(bytes(args, 1))),
            ))
        }),
    ),
    ("mustRegexMatch", Function::new(TWO, |args| Ok(Value::Bool(expression(args)?.regex.is_match(bytes(args, 1)))))),
    ("regexFind", Function::new(TWO, |args| Ok(found(&*panicking(args)?, bytes(args, 1))))),
    ("mustRegexFind", Function::new(TWO, |args| Ok(found(&*expression(args)?, bytes(args, 1))))),
    ("regexFindAll", Function::new(COUNTED, |args| Ok(found_all(&*panicking(args)?, args)))),
    ("mustRegexFindAll", Function::new(COUNTED, |args| Ok(found_all(&*expression(args)?, args)))),
    ("regexReplaceAll", Function::new(THREE, |args| Ok(replaced(&*panicking(args)?, args)))),
    ("mustRegexReplaceAll", Function::new(THREE, |args| Ok(replaced(&*expression(args)?, args)))),
    ("regexReplaceAllLiteral", Function::new(THREE, |args| literally(&*panicking(args)?, args))),
    ("mustRegexReplaceAllLiteral", Function::new(THREE, |args| literally(&*expression(args)?, args))),
    ("regexSplit", Function::new(COUNTED, |args| Ok(split(&*panicking(args)?, args)))),
    ("mustRegexSplit", Function::new(COUNTED, |args| Ok(split(&*expression(args)?, args)))),
    (
        "regexQuoteMeta",
        Function::new(&[STRING], |args| {
            let mut out = Vec::new();
            for byte in bytes(args, 0) {
                if b"\\.+*?()|[]{}^$".contains(byte) {
                    out.push(b'\\');
                }
                out.push(*byte);
            }
            Ok(out.into())
        }),
    ),
];

/// Compiles the first argument, for the second.
fn expression(args: &[Value]) -> Result<Rc<Pattern>, String> {
    compiled(&text(args, 0), bytes(args, 1))
}

/// Compiles the first argument as `regexp.MustCompile` does.
fn panicking(args: &[Value]) -> Result<Rc<Pattern>, FunctionError> {
    let expression = text(args, 0);
    compiled(&expression, bytes(args, 1)).map_err(|error| {
        let shown = if expression.contains('`') { quote(expression.as_bytes()) } else { format!("`{expression}`") };
        format!("regexp: Compile({shown}): {error}").into()
    })
}

fn found(pattern: &Pattern, text: &[u8]) -> Value {
    Value::String(pattern.regex.find(text).map_or(&b""[..], |found| found.as_bytes()).into())
}

/// Returns the limit that the third argument is: a negative one is none.
fn limit(args: &[Value]) -> usize {
    usize::try_from(int(args, 2)).unwrap_or(usize::MAX)
}

fn found_all(pattern: &Pattern, args: &[Value]) -> Value {
    let matches = whole_matches(pattern, bytes(args, 1)).take(limit(args)).enumerate();
    let all: Vec<&[u8]> =
        matches.map_while(|(count, found)| allowance::allows(count * PART).then_some(found.as_bytes())).collect();
    if all.is_empty() { Value::List(List::nil(&types::STRINGS)) } else { strings(all) }
}

/// Returns the matches without empty ones inside a character, which the engine finds since it looks at bytes.
fn whole_matches<'t>(pattern: &'t Pattern, text: &'t [u8]) -> impl Iterator<Item = Match<'t>> {
    // A search that finds little can read all of the rest.
    let counted = move |found: &Match<'_>| allowance::take((text.len() - found.end()) / 16);
    pattern.regex.find_iter(text).take_while(counted).filter(|found| is_whole(text, found))
}

fn is_whole(text: &[u8], found: &Match<'_>) -> bool {
    let inside = text.get(found.start()).is_some_and(|byte| byte & 0xc0 == 0x80);
    !(found.is_empty() && inside && std::str::from_utf8(text).is_ok())
}

fn literally(pattern: &Pattern, args: &[Value]) -> FunctionResult {
    Ok(replaced_by(pattern, bytes(args, 1), |_| bytes(args, 2).to_vec()))
}

fn replaced(pattern: &Pattern, args: &[Value]) -> Value {
    replaced_by(pattern, bytes(args, 1), |captures| expanded(bytes(args, 2), pattern, captures))
}

fn replaced_by(pattern: &Pattern, text: &[u8], replacement: impl Fn(&Captures<'_>) -> Vec<u8>) -> Value {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for captures in pattern.regex.captures_iter(text) {
        let Some(found) = captures.get(0).filter(|found| is_whole(text, found)) else { continue };
        out.extend_from_slice(&text[at..found.start()]);
        out.extend_from_slice(&replacement(&captures));
        at = found.end();
        allowance::take((text.len() - at) / 16);
        if !allowance::allows(2 * out.len()) {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
    out.into()
}

/// Fills in `$1`, `${name}` and `$$`; the longest name of letters, digits and underscores counts.
fn expanded(template: &[u8], pattern: &Pattern, captures: &Captures<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.iter().position(|byte| *byte == b'$') {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if rest.first() == Some(&b'$') {
            out.push(b'$');
            rest = &rest[1..];
            continue;
        }
        let braced = rest.first() == Some(&b'{');
        let body = if braced { &rest[1..] } else { rest };
        let word = chars(body).take_while(|(c, _)| c.is_alphanumeric() || *c == '_');
        let length: usize = word.map(|(_, length)| length).sum();
        let closed = !braced || body.get(length) == Some(&b'}');
        if length == 0 || !closed {
            out.push(b'$');
            continue;
        }
        let name = String::from_utf8_lossy(&body[..length]);
        let number = name.parse::<usize>().ok().filter(|_| name.len() == 1 || !name.starts_with('0'));
        let group = number.map_or_else(|| pattern.named(&name, captures), |index| captures.get(index));
        out.extend_from_slice(group.map_or(&b""[..], |group| group.as_bytes()));
        rest = &body[length + usize::from(braced)..];
    }
    out.extend_from_slice(rest);
    out
}

/// Go's `Regexp.Split`.
fn split(pattern: &Pattern, args: &[Value]) -> Value {
    let (text, limit) = (bytes(args, 1), limit(args));
    if limit == 0 {
        return Value::List(List::nil(&types::STRINGS));
    }
    if text.is_empty() && !pattern.is_empty {
        return strings([""]);
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in whole_matches(pattern, text).take(limit) {
        if parts.len() + 1 == limit || !allowance::allows(parts.len() * PART) {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&text[start..end]);
        }
        start = found.end();
    }
    if end != text.len() {
        parts.push(&text[start..]);
    }
    strings(parts)
}
