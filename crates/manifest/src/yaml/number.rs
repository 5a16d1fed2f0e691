//! Numbers as Go reads and writes them.

use super::types::Value;

/// The integer or float that `text` is to go-yaml (`resolve`, same in v2 and v3 but for `octal_sign`), if it is one.
/// `text` starts with a digit, a sign or a dot.
pub(super) fn parse(text: &str, v3: bool) -> Option<Value> {
    if text.starts_with('.') {
        return parse_float(text).map(Value::Float);
    }
    let joined: String;
    let plain = if text.contains('_') {
        joined = text.replace('_', "");
        joined.as_str()
    } else {
        text
    };
    if let Some(value) = parse_integer(plain) {
        return Some(value);
    }
    if is_float(plain)
        && let Some(value) = go_float(plain)
    {
        return Some(Value::Float(value));
    }
    let signed = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Value::Int);
    if let Some(digits) = plain.strip_prefix("0b") {
        return signed(digits, 2);
    }
    if let Some(digits) = plain.strip_prefix("0o").filter(|_| v3) {
        return signed(digits, 8);
    }
    None
}

/// Go's `ParseInt` and then `ParseUint` with base 0: `0x`, `0o`, `0b` and a leading `0` choose the base.
fn parse_integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(value)) {
        (false, Ok(value)) => Some(Value::Int(value)),
        (true, Ok(value)) => Some(Value::Int(-value)),
        (true, Err(_)) if value == i64::MIN.unsigned_abs() => Some(Value::Int(i64::MIN)),
        (false, Err(_)) if !text.starts_with('+') => Some(Value::Uint(value)),
        _ => None,
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let rest = &text[whole..];
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let len = digits(fraction);
            if whole == 0 && len == 0 {
                return false;
            }
            &fraction[len..]
        }
        None if whole == 0 => return false,
        None => rest,
    };
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

/// A float that starts with a dot, as Go's `ParseFloat` takes it: underscores may occur between digits.
fn parse_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let digit = |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    let separates = |(index, _)| digit(usize::checked_sub(index, 1)) && digit(Some(index + 1));
    if !text.match_indices('_').all(separates) {
        return None;
    }
    let plain = text.replace('_', "");
    if is_float(&plain) { go_float(&plain) } else { None }
}

/// Go refuses what overflows.
fn go_float(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Digits without leading and trailing zeros, and the decimal exponent of the first digit: the shortest that read back.
/// Where two are as short and as near, Go takes the even one, Rust the larger one.
fn shortest(value: f64) -> (String, i32) {
    let short = format!("{value:e}");
    let digits = short.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{value:.*e}", digits.saturating_sub(1));
    let text = if even.parse() == Ok(value) { even } else { short };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.replace('.', ""), exponent.parse().unwrap_or_default())
}

/// From this exponent on, Go's shortest `'g'` form has an exponent.
const GO_SHORTEST_LIMIT: i32 = 6;

/// A float as Go's `strconv.FormatFloat(value, 'g', -1, 64)` writes it, which go-yaml prints.
pub(super) fn format_g(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let (digits, exponent) = shortest(value.abs());
    let sign = if value < 0.0 { "-" } else { "" };
    if !(-4..GO_SHORTEST_LIMIT).contains(&exponent) {
        format!("{sign}{}e{}{:02}", with_point(&digits), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    } else {
        format!("{sign}{}", positional(&digits, exponent))
    }
}

/// A float as Go's `encoding/json` writes it.
pub(super) fn format_json(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let (digits, exponent) = shortest(value.abs());
    let sign = if value < 0.0 { "-" } else { "" };
    if value.abs() < 1e-6 || value.abs() >= 1e21 {
        format!("{sign}{}e{}{}", with_point(&digits), if exponent < 0 { '-' } else { '+' }, exponent.abs())
    } else {
        format!("{sign}{}", positional(&digits, exponent))
    }
}

fn with_point(digits: &str) -> String {
    if digits.len() == 1 { digits.to_owned() } else { format!("{}.{}", &digits[..1], &digits[1..]) }
}

fn positional(digits: &str, exponent: i32) -> String {
    if exponent < 0 {
        return format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize));
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        format!("{digits}{}", "0".repeat(whole - digits.len()))
    } else {
        format!("{}.{}", &digits[..whole], &digits[whole..])
    }
}

/// Whether the text is a base-60 number of YAML 1.1, which go-yaml quotes though it does not read it as a number:
/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
pub(super) fn is_base60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !text.starts_with(|first: char| first.is_ascii_digit()) || !text.contains(':') {
        return false;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (whole, fraction) = match text.rsplit_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    digits(first)
        && digits(fraction)
        && parts.all(|part| match part.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [ten, digit] => matches!(ten, b'0'..=b'5') && digit.is_ascii_digit(),
            _ => false,
        })
}
