//! Numbers and times, as the characters of a value say.

use gotemplate::Value;
use gotemplate::strconv::{parse_float, parse_int, quote};

use crate::template_functions::times::{self, Time};
use crate::time::Offset;

/// The layouts of times, with the name of the zone of those without one.
const LAYOUTS: [(&str, &str); 7] = [
    ("2006-01-02T15:04:05.999999999Z07:00", ""),
    ("2006-01-02T15:04:05.999999999", "datetime-local"),
    ("2006-01-02", "date-local"),
    ("15:04:05.999999999", "time-local"),
    ("2006-01-02T15:04Z07:00", ""),
    ("2006-01-02T15:04", "datetime-local"),
    ("15:04", "time-local"),
];

/// Reads an integer.
pub(super) fn integer(text: &str) -> Result<Value, String> {
    if !underscores_are_right(text) {
        return Err(format!("Invalid integer {}: underscores must be surrounded by digits", shown(text)));
    }
    if has_leading_zero(text) {
        return Err(format!("Invalid integer {}: cannot have leading zeroes", shown(text)));
    }
    let number = parse_int(text.as_bytes(), 0).ok_or_else(|| format!("{text} is out of range for int64"))?;
    Ok(Value::int64(number))
}

/// Reads a float.
pub(super) fn float(text: &str) -> Result<Value, String> {
    let mut parts = text.split(['.', 'e', 'E']).filter(|part| !part.is_empty());
    if !parts.clone().all(underscores_are_right) {
        return Err(format!("Invalid float {}: underscores must be surrounded by digits", shown(text)));
    }
    if parts.next().is_some_and(has_leading_zero) {
        return Err(format!("Invalid float {}: cannot have leading zeroes", shown(text)));
    }
    let point_without_digit = |(at, _)| !text[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    if text.match_indices('.').any(point_without_digit) {
        return Err(format!("Invalid float {}: '.' must be followed by one or more digits", shown(text)));
    }
    let plain = text.replace('_', "");
    match plain.as_str() {
        "+nan" | "nan" => return Ok(Value::Float(f64::NAN)),
        "-nan" => return Ok(Value::Float(-f64::NAN)),
        _ => {}
    }
    match parse_float(plain.as_bytes()) {
        Some(number) => Ok(Value::Float(number)),
        None if plain.parse::<f64>().is_ok_and(f64::is_infinite) => Err(format!("{text} is out of range for float64")),
        None => Err(format!("Invalid float value: {}", shown(text))),
    }
}

/// Reads a time. `local` is the zone of times without one.
pub(super) fn time(text: &str, local: &Offset) -> Result<Value, String> {
    let text = text.replace('z', "Z").replace(['t', ' '], "T");
    let invalid = || format!("invalid datetime: {}", shown(&text));
    for (layout, name) in LAYOUTS {
        let zone = match name {
            "" => local.clone(),
            name => Offset { seconds: local.seconds, abbreviation: name.to_owned() },
        };
        let Ok(mut time) = times::parse(layout, &text, &zone) else { continue };
        if lacks_leading_zero(&text, layout) {
            return Err(invalid());
        }
        if name.is_empty() && !text.ends_with('Z') && time.zone.seconds == local.seconds {
            time = Time { zone: local.clone(), ..time };
        }
        return Ok(Value::object(time));
    }
    Err(invalid())
}

fn shown(text: &str) -> String {
    quote(text.as_bytes())
}

/// Returns whether a separator is not where the layout has it.
fn lacks_leading_zero(text: &str, layout: &str) -> bool {
    let fixed = layout.bytes().take_while(|byte| !matches!(byte, b'.' | b'Z'));
    fixed.zip(text.bytes()).any(|(expected, found)| !expected.is_ascii_digit() && expected != found)
}

fn has_leading_zero(text: &str) -> bool {
    match text.as_bytes() {
        [b'0', next, ..] => !matches!(next, b'b' | b'o' | b'x'),
        [b'-' | b'+', b'0', _, ..] => true,
        _ => false,
    }
}

/// Returns whether each underscore is between digits.
fn underscores_are_right(text: &str) -> bool {
    if matches!(text, "nan" | "+nan" | "-nan" | "inf" | "-inf" | "+inf") {
        return true;
    }
    let mut after_digit = false;
    for byte in text.bytes() {
        if byte == b'_' && !after_digit {
            return false;
        }
        after_digit = byte.is_ascii_hexdigit();
    }
    after_digit
}
