//! Numbers from text, with the prefixes and underscores of Go's literals.

/// Parses an unsigned integer (`strconv.ParseUint` with 64 bits). Base 0 takes the prefixes `0x`, `0o`, `0b`, `0` and underscores.
#[must_use]
pub fn parse_uint(text: &[u8], base: u32) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let (base, digits, prefixed) = match base {
        0 => split_base(text),
        base => (base, text, false),
    };
    let mut value = 0_u64;
    let mut underscores = false;
    if digits.is_empty() {
        return None;
    }
    for byte in digits {
        if *byte == b'_' && prefixed {
            underscores = true;
            continue;
        }
        let digit = char::from(*byte).to_digit(base)?;
        value = value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))?;
    }
    (!underscores || underscores_fit(text)).then_some(value)
}

/// Returns the base of a literal, its digits, and whether underscores may separate them.
fn split_base(text: &[u8]) -> (u32, &[u8], bool) {
    if text[0] != b'0' {
        return (10, text, true);
    }
    match text.get(1).map(u8::to_ascii_lowercase) {
        Some(b'x') if text.len() >= 3 => (16, &text[2..], true),
        Some(b'o') if text.len() >= 3 => (8, &text[2..], true),
        Some(b'b') if text.len() >= 3 => (2, &text[2..], true),
        None => (10, text, true),
        Some(_) => (8, &text[1..], true),
    }
}

/// Parses a signed integer (`strconv.ParseInt` with 64 bits).
#[must_use]
pub fn parse_int(text: &[u8], base: u32) -> Option<i64> {
    let (negative, digits) = match text.first()? {
        b'+' => (false, &text[1..]),
        b'-' => (true, &text[1..]),
        _ => (false, text),
    };
    let value = parse_uint(digits, base)?;
    if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// Parses a float (`strconv.ParseFloat`): decimal or hexadecimal, `inf`, `infinity`, `nan`. Out of range is `None`.
#[must_use]
pub fn parse_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let (negative, body) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = body.to_ascii_lowercase();
    let value = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => return (text.len() == 3).then_some(f64::NAN),
        _ if lower.starts_with("0x") => parse_hex_float(body)?,
        _ => {
            let starts = lower.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            if !starts || (body.contains('_') && !underscores_fit(body.as_bytes())) {
                return None;
            }
            let value: f64 = body.replace('_', "").parse().ok()?;
            if value.is_infinite() {
                return None;
            }
            value
        }
    };
    Some(if negative { -value } else { value })
}

fn parse_hex_float(body: &str) -> Option<f64> {
    if body.contains('_') && !underscores_fit(body.as_bytes()) {
        return None;
    }
    let body = body[2..].replace('_', "");
    let at = body.find(['p', 'P'])?;
    let exponent: i64 = body[at + 1..].parse().ok()?;
    let (whole, fraction) = body[..at].split_once('.').unwrap_or((&body[..at], ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa = 0_u128;
    let mut shift = 0_i64;
    for (index, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u128::from(digit.to_digit(16)?);
        if mantissa >> 120 == 0 {
            mantissa = mantissa << 4 | digit;
        } else {
            // What no longer fits only decides how the last bit is rounded.
            mantissa |= u128::from(digit != 0);
            shift += 4;
        }
        if index >= whole.len() {
            shift -= 4;
        }
    }
    let value = scale(mantissa, exponent.checked_add(shift)?);
    value.is_finite().then_some(value)
}

/// Returns `mantissa * 2^exponent`, rounded once to the nearest even.
fn scale(mantissa: u128, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = 128 - i64::from(mantissa.leading_zeros());
    let top = bits + exponent;
    if top > 1024 {
        return f64::INFINITY;
    }
    // Subnormal numbers have fewer bits.
    let keep = if top < -1021 { 53 - (-1021 - top) } else { 53 };
    let drop = bits - keep;
    let (mut kept, mut power) = (mantissa, exponent);
    if drop > 128 {
        return 0.0;
    }
    if drop > 0 {
        let (rest, half) = if drop == 128 {
            (mantissa, 1_u128 << 127)
        } else {
            (mantissa & ((1_u128 << drop) - 1), 1_u128 << (drop - 1))
        };
        kept = if drop == 128 { 0 } else { mantissa >> drop };
        if rest > half || (rest == half && kept & 1 == 1) {
            kept += 1;
        }
        power += drop;
    }
    multiply_by_power_of_two(kept as f64, power)
}

fn multiply_by_power_of_two(mut value: f64, mut power: i64) -> f64 {
    while power > 1000 {
        value *= 2_f64.powi(1000);
        power -= 1000;
    }
    while power < -1000 {
        value *= 2_f64.powi(-1000);
        power += 1000;
    }
    value * 2_f64.powi(i32::try_from(power).unwrap_or_default())
}

/// Returns whether underscores only separate digits, or stand after the base's prefix.
fn underscores_fit(text: &[u8]) -> bool {
    let mut rest = text;
    let mut previous = b'^';
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let mut hex = false;
    if let [b'0', base, tail @ ..] = rest
        && matches!(base.to_ascii_lowercase(), b'b' | b'o' | b'x')
    {
        previous = b'0';
        hex = base.eq_ignore_ascii_case(&b'x');
        rest = tail;
    }
    for byte in rest {
        let digit = byte.is_ascii_digit() || (hex && byte.is_ascii_hexdigit());
        match byte {
            _ if digit => previous = b'0',
            b'_' if previous != b'0' => return false,
            b'_' => previous = b'_',
            _ if previous == b'_' => return false,
            _ => previous = b'!',
        }
    }
    previous != b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_with_their_base() {
        let table: [(&[u8], Option<i64>); 12] = [
            (b"017", Some(15)),
            (b"0x1F", Some(31)),
            (b"-0b11", Some(-3)),
            (b"1_000", Some(1000)),
            (b"0_7", Some(7)),
            (b"08", None),
            (b"1__0", None),
            (b"_1", None),
            (b"0x", None),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"9223372036854775808", None),
            (b"+5", Some(5)),
        ];
        for (text, expected) in table {
            assert_eq!(parse_int(text, 0), expected, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(parse_int(b"012", 10), Some(12));
        assert_eq!(parse_int(b"1_0", 10), None);
    }

    #[test]
    fn floats_are_read() {
        assert_eq!(parse_float(b"0x1p4"), Some(16.0));
        assert_eq!(parse_float(b"-0x1.8p-1"), Some(-0.75));
        assert_eq!(parse_float(b"0x1p-1074"), Some(f64::from_bits(1)));
        assert_eq!(parse_float(b"1_0.5e1"), Some(105.0));
        assert_eq!(parse_float(b".5"), Some(0.5));
        assert_eq!(parse_float(b"inf"), Some(f64::INFINITY));
        for bad in [&b"1e400"[..], b"", b".", b"e5", b"1_.5", b"0x1", b"+nan", b"1e"] {
            assert_eq!(parse_float(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }
}
