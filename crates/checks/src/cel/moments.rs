//! Timestamps and durations.

use super::evaluate::no_overload;
use super::value::Value;

const SECOND: i128 = 1_000_000_000;

/// Nanoseconds of a duration in Go's form (`1h30m`, `-1.5s`).
pub(super) fn parse_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
        let (unit, factor) = units.iter().find(|(unit, _)| rest[end..].starts_with(unit))?;
        total += number * factor;
        rest = &rest[end + unit.len()..];
    }
    (total < 1e19).then_some(sign * total as i128)
}

fn days(year: i64, month: i64, day: i64) -> i64 {
    // "days_from_civil" of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Nanoseconds since 1970 of a time of RFC 3339.
pub(super) fn parse_timestamp(text: &str) -> Option<i128> {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let bytes = text.as_bytes();
    if bytes[4] != b'-' || bytes[7] != b'-' || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|character: char| !character.is_ascii_digit())?),
        None => ("", rest),
    };
    let nanoseconds: i128 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let offset = match zone {
        "Z" => 0,
        zone => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60)
        }
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(i128::from(seconds) * SECOND + nanoseconds)
}

/// The functions of timestamps and durations, in UTC; absent if `name` is none.
pub(super) fn member<'a>(name: &str, target: &Value<'a>) -> Option<Result<Value<'a>, String>> {
    if !name.starts_with("get") {
        return None;
    }
    let parsed;
    let target = match target {
        Value::Text(text) => match parse_timestamp(text) {
            Some(time) => {
                parsed = Value::Timestamp(time);
                &parsed
            }
            None => return None,
        },
        other => other,
    };
    let int = |value: i128| Ok(Value::Int(i64::try_from(value).unwrap_or(i64::MAX)));
    Some(match (target, name) {
        (Value::Duration(value), "getHours") => int(value / (3600 * SECOND)),
        (Value::Duration(value), "getMinutes") => int(value / (60 * SECOND)),
        (Value::Duration(value), "getSeconds") => int(value / SECOND),
        (Value::Duration(value), "getMilliseconds") => int(value / 1_000_000),
        (Value::Timestamp(value), name) => {
            of_timestamp(*value, name).map_or_else(|| Err(no_overload(name, target)), |value| int(i128::from(value)))
        }
        _ => return None,
    })
}

fn of_timestamp(value: i128, name: &str) -> Option<i64> {
    let seconds = i64::try_from(value.div_euclid(SECOND)).ok()?;
    let (day, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // "civil_from_days" of the same page.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some(match name {
        "getFullYear" => year,
        "getMonth" => month - 1,
        "getDate" => date,
        "getDayOfMonth" => date - 1,
        "getDayOfWeek" => (day + 4).rem_euclid(7),
        "getDayOfYear" => day - days(year, 1, 1),
        "getHours" => time / 3600,
        "getMinutes" => time / 60 % 60,
        "getSeconds" => time % 60,
        "getMilliseconds" => i64::try_from(value.rem_euclid(SECOND) / 1_000_000).ok()?,
        _ => return None,
    })
}
