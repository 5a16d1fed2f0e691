//! The rule at the end of a zone file for the time after its last entry: POSIX's `TZ`, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
//!
//! Source of the rules: RFC 9636 section 3.3.1 and POSIX.1-2017 section 8.3.

use super::Offset;
use super::calendar::{civil, days_of};

const DAY: i64 = 86_400;

/// The offset at a time by the rule; `None` if the rule is none.
pub(crate) fn offset(rule: &str, at: i64) -> Option<Offset> {
    let mut rest = rule;
    let standard = Offset { abbreviation: name(&mut rest)?, seconds: -clock(&mut rest)? };
    if rest.is_empty() {
        return Some(standard);
    }
    let abbreviation = name(&mut rest)?;
    let ahead = if rest.starts_with(',') { standard.seconds + 3_600 } else { -clock(&mut rest)? };
    let summer = Offset { abbreviation, seconds: ahead };
    let (start, end) = rest.strip_prefix(',')?.split_once(',')?;
    let (start, end) = (Change::read(start)?, Change::read(end)?);
    let year = civil(at.saturating_add(standard.seconds).div_euclid(DAY)).year;
    let start = start.in_year(year) - standard.seconds;
    let end = end.in_year(year) - summer.seconds;
    let is_summer = if start <= end { (start..end).contains(&at) } else { !(end..start).contains(&at) };
    Some(if is_summer { summer } else { standard })
}

/// `CET` or `<+03>`.
fn name(rest: &mut &str) -> Option<String> {
    let (name, after) = match rest.strip_prefix('<') {
        Some(inner) => inner.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = after;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn clock(rest: &mut &str) -> Option<i64> {
    let end = rest.find(|c: char| !matches!(c, '+' | '-' | ':' | '0'..='9')).unwrap_or(rest.len());
    let (text, after) = rest.split_at(end);
    *rest = after;
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let parts = text.split(':').map(str::parse::<u8>).collect::<Result<Vec<_>, _>>().ok()?;
    let seconds = parts.iter().zip([3_600, 60, 1]).map(|(part, unit)| i64::from(*part) * unit).sum::<i64>();
    (parts.len() <= 3).then_some(sign * seconds)
}

/// When the clock changes: a day of the year and a time of that day.
struct Change {
    day: Day,
    time: i64,
}

enum Day {
    /// `Mm.w.d`: month, week (5 for the last), weekday from Sunday.
    Week(i64, i64, i64),
    /// `Jn`: the day of the year from 1, without 29 February.
    Plain(i64),
    /// `n`: the day of the year from 0.
    Zero(i64),
}

impl Change {
    fn read(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').map_or((text, None), |(day, time)| (day, Some(time)));
        let time = match time {
            Some(mut time) => clock(&mut time)?,
            None => 2 * 3_600,
        };
        let day = if let Some(parts) = day.strip_prefix('M') {
            let parts = parts.split('.').map(str::parse).collect::<Result<Vec<i64>, _>>().ok()?;
            let [month @ 1..=12, week @ 1..=5, weekday @ 0..=6] = parts[..] else { return None };
            Day::Week(month, week, weekday)
        } else if let Some(number) = day.strip_prefix('J') {
            Day::Plain(number.parse::<u16>().ok()?.into())
        } else {
            Day::Zero(day.parse::<u16>().ok()?.into())
        };
        Some(Change { day, time })
    }

    /// Seconds since 1970 by the wall clock.
    fn in_year(&self, year: i64) -> i64 {
        let days = match self.day {
            Day::Zero(number) => days_of(year, 1, 1) + number,
            Day::Plain(number) => {
                let leap = days_of(year + 1, 1, 1) - days_of(year, 1, 1) == 366;
                days_of(year, 1, 1) + number - 1 + i64::from(leap && number >= 60)
            }
            Day::Week(month, week, weekday) => {
                let first = days_of(year, month, 1);
                let next = if month == 12 { days_of(year + 1, 1, 1) } else { days_of(year, month + 1, 1) };
                let day = first + (weekday - (first + 4)).rem_euclid(7) + (week - 1) * 7;
                if day >= next { day - 7 } else { day }
            }
        };
        days * DAY + self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_tell_summer_from_winter() {
        // 2026-03-29T00:59:59Z, 01:00:00Z; 2026-10-25T00:59:59Z, 01:00:00Z; 2026-07-01; 2026-01-01
        let cases = [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_745_999, "CET 3600"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, "CEST 7200"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_889_999, "CEST 7200"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_792_890_000, "CET 3600"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, "AEDT 39600"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_782_864_000, "AEST 36000"),
            ("<+0330>-3:30", 0, "+0330 12600"),
            ("EST5EDT,M3.2.0,M11.1.0", 1_782_864_000, "EDT -14400"),
        ];
        for (rule, at, expected) in cases {
            let found = offset(rule, at).unwrap();
            assert_eq!(format!("{} {}", found.abbreviation, found.seconds), expected, "{rule} {at}");
        }
        for rule in ["", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M1.1.0"] {
            assert_eq!(offset(rule, 0), None, "{rule}");
        }
    }
}
