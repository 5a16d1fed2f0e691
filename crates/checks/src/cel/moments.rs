//! Functions of timestamps and durations.

use super::times::{SECOND, days, parse_timestamp};
use super::value::{Value, no_overload};

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
