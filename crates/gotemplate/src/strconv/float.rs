//! Floats to text (`strconv.AppendFloat`).

/// The digits that a float has at most, before and after the point. The formatter of the standard library takes fewer than 65,536.
const MAX_DIGITS: usize = 1100;

/// The verbs of `strconv.FormatFloat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatFormat {
    /// `%e`: `-d.dddde±dd`
    Exponent,
    /// `%f`: `-ddd.dddd`
    Decimal,
    /// `%g`: `%e` for large and small exponents, `%f` otherwise.
    Shorter,
    /// `%x`: `-0xd.ddddp±dd`
    Hexadecimal,
    /// `%b`: `-ddddp±ddd`
    Binary,
}

/// Returns the float as text. Without a precision it has as many digits as are needed to read the same float again.
#[must_use]
pub fn format_float(value: f64, format: FloatFormat, precision: Option<usize>) -> String {
    let mut out = String::new();
    append_float(&mut out, value, format, precision);
    out
}

/// Appends the float as text; see [`format_float`].
pub fn append_float(out: &mut String, value: f64, format: FloatFormat, precision: Option<usize>) {
    if value.is_nan() {
        out.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        return;
    }
    if value.is_sign_negative() {
        out.push('-');
    }
    let value = value.abs();
    match format {
        FloatFormat::Exponent => exponent(out, &Digits::of(value, precision.map(|precision| precision + 1)), precision),
        FloatFormat::Decimal => match precision {
            Some(precision) => {
                let digits = precision.min(MAX_DIGITS);
                out.push_str(&format!("{value:.digits$}"));
                out.extend(std::iter::repeat_n('0', precision - digits));
            }
            None => out.push_str(&format!("{value}")),
        },
        FloatFormat::Shorter => shorter(out, value, precision),
        FloatFormat::Hexadecimal => hexadecimal(out, value, precision),
        FloatFormat::Binary => binary(out, value),
    }
}

/// A number's decimal digits, without the point, and its exponent: `0.d1d2d3 * 10^point`.
struct Digits {
    digits: String,
    point: i32,
}

impl Digits {
    /// Returns so many significant digits, rounded to the nearest even, or the shortest ones.
    fn of(value: f64, count: Option<usize>) -> Digits {
        let text = match count {
            Some(count) => format!("{value:.*e}", count.clamp(1, MAX_DIGITS) - 1),
            None => format!("{value:e}"),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or_default();
        Digits { digits: mantissa.replace('.', ""), point: exponent + 1 }
    }
}

fn exponent(out: &mut String, number: &Digits, precision: Option<usize>) {
    let (first, rest) = number.digits.split_at(1);
    out.push_str(first);
    let places = precision.unwrap_or(rest.len());
    if places > 0 {
        out.push('.');
        out.push_str(&rest[..rest.len().min(places)]);
        out.extend(std::iter::repeat_n('0', places.saturating_sub(rest.len())));
    }
    push_exponent(out, 'e', number.point - 1);
}

fn push_exponent(out: &mut String, letter: char, exponent: i32) {
    out.push(letter);
    out.push(if exponent < 0 { '-' } else { '+' });
    let size = exponent.unsigned_abs();
    if size < 10 {
        out.push('0');
    }
    out.push_str(&size.to_string());
}

fn shorter(out: &mut String, value: f64, precision: Option<usize>) {
    if value == 0.0 {
        out.push('0');
        return;
    }
    let mut number = Digits::of(value, precision);
    // Trailing zeros are not significant.
    number.digits.truncate(number.digits.trim_end_matches('0').len());
    let count = i32::try_from(number.digits.len()).unwrap_or(i32::MAX);
    let threshold = match precision {
        None => 6,
        Some(precision) => {
            let precision = i32::try_from(precision).unwrap_or(i32::MAX).max(1);
            if precision > count && count >= number.point { count } else { precision }
        }
    };
    let power = number.point - 1;
    if power < -4 || power >= threshold { exponent(out, &number, None) } else { decimal(out, &number) }
}

fn decimal(out: &mut String, number: &Digits) {
    let digits = &number.digits;
    let point = number.point.unsigned_abs() as usize;
    if number.point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point));
        out.push_str(digits);
    } else if digits.len() <= point {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', point - digits.len()));
    } else {
        out.push_str(&digits[..point]);
        out.push('.');
        out.push_str(&digits[point..]);
    }
}

/// Returns the mantissa of 53 bits and the exponent of its last bit.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default();
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

fn binary(out: &mut String, value: f64) {
    let (mantissa, exponent) = parts(value);
    out.push_str(&mantissa.to_string());
    out.push('p');
    if exponent >= 0 {
        out.push('+');
    }
    out.push_str(&exponent.to_string());
}

fn hexadecimal(out: &mut String, value: f64, precision: Option<usize>) {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One bit before the point, 60 after it.
        let shift = i32::try_from(mantissa.leading_zeros()).unwrap_or_default() - 3;
        mantissa <<= shift.unsigned_abs();
        exponent += 60 - shift;
    }
    if let Some(precision) = precision.filter(|precision| *precision < 15) {
        let shift = 4 * precision;
        let extra = (mantissa << shift) & ((1 << 60) - 1);
        mantissa >>= 60 - shift;
        if extra | (mantissa & 1) > 1 << 59 {
            mantissa += 1;
        }
        mantissa <<= 60 - shift;
        if mantissa & (1 << 61) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    out.push_str("0x");
    out.push(if mantissa >> 60 & 1 == 1 { '1' } else { '0' });
    let mut digits = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => digits.truncate(digits.trim_end_matches('0').len()),
        Some(precision) if precision < 15 => digits.truncate(precision),
        Some(precision) => digits.extend(std::iter::repeat_n('0', precision - 15)),
    }
    if !digits.is_empty() {
        out.push('.');
        out.push_str(&digits);
    }
    push_exponent(out, 'p', exponent);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        let shortest = |value| format_float(value, FloatFormat::Shorter, None);
        let table = [
            (0.0, "0"),
            (-0.0, "-0"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (123_456.789, "123456.789"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, expected) in table {
            assert_eq!(shortest(value), expected);
        }
    }

    #[test]
    fn a_precision_rounds_to_even() {
        assert_eq!(format_float(2.5, FloatFormat::Decimal, Some(0)), "2");
        assert_eq!(format_float(1.25, FloatFormat::Exponent, Some(1)), "1.2e+00");
        assert_eq!(format_float(1234.5678, FloatFormat::Shorter, Some(3)), "1.23e+03");
        assert_eq!(format_float(100.0, FloatFormat::Shorter, Some(3)), "100");
        assert_eq!(format_float(100.0, FloatFormat::Shorter, Some(2)), "1e+02");
        assert_eq!(format_float(0.0, FloatFormat::Shorter, Some(0)), "0");
        assert_eq!(format_float(1.5, FloatFormat::Hexadecimal, None), "0x1.8p+00");
        assert_eq!(format_float(1.5, FloatFormat::Binary, None), "6755399441055744p-52");
        assert_eq!(format_float(1.0, FloatFormat::Hexadecimal, Some(3)), "0x1.000p+00");
    }

    #[test]
    fn a_precision_has_no_limit() {
        let zeros = |count| "0".repeat(count);
        for precision in [1_099, 1_100, 1_101, 65_535, 65_536, 1_000_000] {
            let print = |value, format| format_float(value, format, Some(precision));
            assert_eq!(print(2.5, FloatFormat::Decimal), format!("2.5{}", zeros(precision - 1)));
            assert_eq!(print(2.5, FloatFormat::Exponent), format!("2.5{}e+00", zeros(precision - 1)));
            assert_eq!(print(2.5, FloatFormat::Shorter), "2.5");
            assert_eq!(print(1.5, FloatFormat::Hexadecimal), format!("0x1.8{}p+00", zeros(precision - 1)));
        }
        // The float with the most digits after the point.
        let text = format_float(5e-324, FloatFormat::Decimal, Some(1_074));
        let padded = format_float(5e-324, FloatFormat::Decimal, Some(2_000));
        assert_eq!(padded, format!("{text}{}", zeros(2_000 - 1_074)));
        assert!(text.ends_with("625"), "{text}");
    }
}
