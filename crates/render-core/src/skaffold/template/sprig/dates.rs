//! Dates. A time is its seconds since 1970-01-01T00:00:00Z; what is no time counts as now, as in Sprig.

use gotmpl::{Result, Value};

use super::arguments::{string, text, value, wrong};
use crate::skaffold::time::go_layout::format;
use crate::skaffold::time::{Clock, Now, Offset};

/// A function that reads a clock.
type Function = fn(&Clock, &[Value]) -> Result<Value>;

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("now", |clock, _| Ok(Value::Int(clock.now.seconds))),
    ("date", |clock, given| Ok(string(&format(text(given, 0)?, moment(clock, given, 1)?, &clock.local)))),
    ("dateInZone", date_in_zone),
    ("date_in_zone", date_in_zone),
    ("htmlDate", |clock, given| Ok(string(&format("2006-01-02", moment(clock, given, 0)?, &clock.local)))),
    ("htmlDateInZone", |clock, given| {
        Ok(string(&format("2006-01-02", moment(clock, given, 0)?, &zone(clock, text(given, 1)?)?)))
    }),
    ("unixEpoch", |clock, given| Ok(string(&moment(clock, given, 0)?.seconds.to_string()))),
    ("dateModify", date_modify),
    ("date_modify", date_modify),
];

fn date_in_zone(clock: &Clock, given: &[Value]) -> Result<Value> {
    Ok(string(&format(text(given, 0)?, moment(clock, given, 1)?, &zone(clock, text(given, 2)?)?)))
}

fn date_modify(clock: &Clock, given: &[Value]) -> Result<Value> {
    let written = text(given, 0)?;
    let shift = seconds(written).ok_or_else(|| wrong(&format!("`{written}` is no duration such as -1h30m")))?;
    Ok(Value::Int(moment(clock, given, 1)?.seconds.saturating_add(shift)))
}

fn moment(clock: &Clock, given: &[Value], index: usize) -> Result<Now> {
    Ok(match value(given, index)? {
        // The current second keeps its fraction.
        Value::Int(seconds) if *seconds != clock.now.seconds => Now { seconds: *seconds, nanoseconds: 0 },
        _ => clock.now,
    })
}

fn zone(clock: &Clock, name: &str) -> Result<Offset> {
    match name {
        "Local" => Ok(clock.local.clone()),
        "" | "UTC" => Ok(Offset { seconds: 0, abbreviation: "UTC".to_owned() }),
        other => Err(wrong(&format!("the zone {other} is not known to templates: take UTC or Local"))),
    }
}

/// The whole seconds of a Go duration in hours, minutes and seconds.
fn seconds(written: &str) -> Option<i64> {
    let (sign, mut rest) = written.strip_prefix('-').map_or((1, written), |rest| (-1, rest));
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes()[end] {
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total = total.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[end + 1..];
    }
    (!written.is_empty()).then_some(sign * total)
}
