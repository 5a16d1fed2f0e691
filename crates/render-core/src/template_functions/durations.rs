//! Durations: Go's text form, and `duration` and `durationRound`.

use gotemplate::strconv::parse_int;
use gotemplate::{Function, Kind, Param, Type, Value};

use super::arguments::text;
use super::times::{Time, quote};

/// Nanoseconds of a second, a minute and an hour.
pub(crate) const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// `time.Duration`
pub(crate) static DURATION: Type =
    Type::basic("time.Duration", Kind::Int64).with_display(|value| format(nanoseconds(value))).with_methods(METHODS);

static METHODS: &[(&str, Function)] = &[
    ("Seconds", Function::new(&[], |args| Ok(Value::Float(nanoseconds(&args[0]) as f64 / SECOND as f64)))),
    ("Minutes", Function::new(&[], |args| Ok(Value::Float(nanoseconds(&args[0]) as f64 / MINUTE as f64)))),
    ("Hours", Function::new(&[], |args| Ok(Value::Float(nanoseconds(&args[0]) as f64 / HOUR as f64)))),
    ("Milliseconds", Function::new(&[], |args| Ok(Value::int64(nanoseconds(&args[0]) / 1_000_000)))),
    ("Microseconds", Function::new(&[], |args| Ok(Value::int64(nanoseconds(&args[0]) / 1_000)))),
    ("Nanoseconds", Function::new(&[], |args| Ok(Value::int64(nanoseconds(&args[0]))))),
    ("String", Function::new(&[], |args| Ok(format(nanoseconds(&args[0])).into()))),
];

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    (
        "duration",
        Function::new(&[Param::Any], |args| {
            let seconds = match &args[0] {
                Value::String(text) => parse_int(text, 10).unwrap_or_default(),
                Value::Int(value, of) if of.name == "int64" => *value,
                _ => 0,
            };
            Ok(format(seconds.wrapping_mul(SECOND)).into())
        }),
    ),
    (
        "durationRound",
        Function::with_context(&[Param::Any], |context, args| {
            let nanoseconds = match &args[0] {
                Value::String(_) => parse(&text(args, 0)).unwrap_or_default(),
                Value::Int(value, of) if of.name == "int64" => *value,
                other => match other.downcast::<Time>() {
                    Some(time) => super::times::now(context, "durationRound")?.since(time),
                    None => 0,
                },
            };
            Ok(rounded(nanoseconds).into())
        }),
    ),
];

fn nanoseconds(value: &Value) -> i64 {
    match value {
        Value::Int(value, _) => *value,
        _ => 0,
    }
}

/// Returns the largest unit of which there is more than one.
fn rounded(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let day = 24 * HOUR.unsigned_abs();
    let units = [
        (365 * day, "y"),
        (30 * day, "mo"),
        (day, "d"),
        (HOUR.unsigned_abs(), "h"),
        (MINUTE.unsigned_abs(), "m"),
        (SECOND.unsigned_abs(), "s"),
    ];
    let unit = units.iter().find(|unit| size > unit.0);
    unit.map_or_else(|| "0s".to_owned(), |(length, name)| format!("{}{name}", size / length))
}

/// Returns a duration as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`.
pub(crate) fn format(nanoseconds: i64) -> String {
    let size = nanoseconds.unsigned_abs();
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let second = SECOND.unsigned_abs();
    if size == 0 {
        return "0s".to_owned();
    }
    if size < second {
        let (unit, name) = match size {
            ..1_000 => (1, "ns"),
            1_000..1_000_000 => (1_000, "µs"),
            _ => (1_000_000, "ms"),
        };
        return format!("{sign}{}{name}", with_fraction(size / unit, size % unit, unit));
    }
    let (seconds, rest) = (size / second, size % second);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let mut out = sign.to_owned();
    if hours > 0 {
        out += &format!("{hours}h");
    }
    if seconds >= 60 {
        out += &format!("{minutes}m");
    }
    out + &with_fraction(seconds % 60, rest, second) + "s"
}

fn with_fraction(whole: u64, rest: u64, unit: u64) -> String {
    if rest == 0 {
        return whole.to_string();
    }
    let digits = unit.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// Returns what is wrong with the text of a duration.
pub(crate) fn check(written: &str) -> Option<String> {
    parse(written).err()
}

/// Reads a duration such as `-1h2m3.5s`.
///
/// # Errors
/// Go's text.
pub(crate) fn parse(written: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(written));
    let (negative, mut rest) = match written.as_bytes().first() {
        Some(b'-') => (true, &written[1..]),
        Some(b'+') => (false, &written[1..]),
        _ => (false, written),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (whole, after) = rest.split_at(digits);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, next) = after.split_at(end);
        let unit: i128 = match name {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND.into(),
            "m" => MINUTE.into(),
            "h" => HOUR.into(),
            "" => return Err(format!("time: missing unit in duration {}", quote(written))),
            name => {
                let (name, written) = (quote(name), quote(written));
                return Err(format!("time: unknown unit {name} in duration {written}"));
            }
        };
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        total = whole.checked_mul(unit).and_then(|part| total.checked_add(part)).ok_or_else(invalid)?;
        let fraction = &fraction[..fraction.len().min(18)];
        if !fraction.is_empty() {
            let power = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or_default());
            total += fraction.parse::<i128>().map_err(|_| invalid())? * unit / power;
        }
        rest = next;
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_printed() {
        for text in ["1h2m3.5s", "1.5ms", "0s", "-1h0m0s", "15ns", "2m0s"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(parse("1x").unwrap_err(), "time: unknown unit \"x\" in duration \"1x\"");
        assert_eq!(parse("x").unwrap_err(), "time: invalid duration \"x\"");
        assert_eq!(parse("1").unwrap_err(), "time: missing unit in duration \"1\"");
        assert_eq!(rounded(25 * HOUR), "1d");
        assert_eq!(rounded(24 * HOUR), "24h");
    }
}
