//! `dateTime`: the time of the run in a Go layout.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag/date_time.go` and Go's `time.Format`.

use std::fmt::Write;

use manifest::Diagnostic;

use super::zone::{Offset, offset};
use super::{Now, Tagging};
use crate::skaffold::model::Placed;

/// Skaffold's layout where none is given.
const LAYOUT: &str = "2006-01-02_15-04-05.999_MST";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The time in the layout and zone.
///
/// # Errors
/// A zone that is not known.
pub(super) fn tag(tagging: &Tagging<'_>, layout: &Placed, zone: &Placed) -> Result<String, Diagnostic> {
    let zone_name = if zone.is_empty() { "Local" } else { zone.text.as_str() };
    let offset = offset(tagging, zone_name).map_err(|found| found.at(zone.at))?;
    Ok(format(if layout.is_empty() { LAYOUT } else { layout }, tagging.now, &offset))
}

/// A time taken apart.
struct Clock<'a> {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    year_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: u32,
    offset: &'a Offset,
}

impl<'a> Clock<'a> {
    fn new(now: Now, offset: &'a Offset) -> Self {
        let local = now.seconds.saturating_add(offset.seconds);
        let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let start = days_of(year, 1, 1);
        Clock {
            year,
            month: usize::try_from(month).unwrap_or(1),
            day,
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            year_day: days - start + 1,
            hour: seconds / 3_600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            nanosecond: now.nanoseconds,
            offset,
        }
    }
}

/// Year, month and day of a count of days since 1970-01-01 (Howard Hinnant's `civil_from_days`).
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The count of days since 1970-01-01 (`days_from_civil`).
pub(super) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// The words of a layout that stand for a part of the time, longer ones before those they begin with.
const WORDS: [&str; 33] = [
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "__2",
    "_2",
    "002",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "-07:00:00",
    "-07:00",
    "-070000",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z070000",
    "Z0700",
    "Z07",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// The time in a Go layout.
pub(in crate::skaffold) fn format(layout: &str, now: Now, offset: &Offset) -> String {
    let clock = Clock::new(now, offset);
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = fraction(&mut out, &clock, rest) {
            rest = &rest[length..];
        } else if let Some(word) = WORDS.iter().find(|word| is_word(rest, word)) {
            // Writing to a String cannot fail.
            _ = put(&mut out, &clock, word);
            rest = &rest[word.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Whether the layout goes on with the word. `Jan` and `Mon` before a small letter are text, and `_2006` is `_` and a year.
fn is_word(rest: &str, word: &str) -> bool {
    let Some(after) = rest.strip_prefix(word) else { return false };
    match word {
        "Jan" | "Mon" => !after.starts_with(|c: char| c.is_ascii_lowercase()),
        "_2" => !after.starts_with("006"),
        _ => true,
    }
}

/// `.000` and `.999` (or with a comma), not followed by a digit; `9` leaves zeros at the end out.
fn fraction(out: &mut String, clock: &Clock<'_>, rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digit = *bytes.get(1).filter(|_| matches!(bytes[0], b'.' | b','))?;
    let count = bytes[1..].iter().take_while(|&&byte| byte == digit).count();
    if !matches!(digit, b'0' | b'9') || bytes.get(count + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let all = format!("{:09}", clock.nanosecond);
    let mut shown = all[..count.min(9)].to_owned();
    if digit == b'9' {
        shown.truncate(shown.trim_end_matches('0').len());
    }
    if digit == b'0' || !shown.is_empty() {
        out.push(char::from(bytes[0]));
        out.push_str(&shown);
    }
    Some(count + 1)
}

fn put(out: &mut String, clock: &Clock<'_>, word: &str) -> std::fmt::Result {
    let month = MONTHS[(clock.month - 1) % 12];
    let hour = match clock.hour % 12 {
        0 => 12,
        hour => hour,
    };
    match word {
        "January" => out.write_str(month),
        "Jan" => out.write_str(&month[..3]),
        "Monday" => out.write_str(DAYS[clock.weekday % 7]),
        "Mon" => out.write_str(&DAYS[clock.weekday % 7][..3]),
        "2006" => write!(out, "{:04}", clock.year),
        "06" => write!(out, "{:02}", clock.year.rem_euclid(100)),
        "01" => write!(out, "{:02}", clock.month),
        "1" => write!(out, "{}", clock.month),
        "02" => write!(out, "{:02}", clock.day),
        "_2" => write!(out, "{:>2}", clock.day),
        "2" => write!(out, "{}", clock.day),
        "002" => write!(out, "{:03}", clock.year_day),
        "__2" => write!(out, "{:>3}", clock.year_day),
        "15" => write!(out, "{:02}", clock.hour),
        "03" => write!(out, "{hour:02}"),
        "3" => write!(out, "{hour}"),
        "04" => write!(out, "{:02}", clock.minute),
        "4" => write!(out, "{}", clock.minute),
        "05" => write!(out, "{:02}", clock.second),
        "5" => write!(out, "{}", clock.second),
        "PM" => out.write_str(if clock.hour < 12 { "AM" } else { "PM" }),
        "pm" => out.write_str(if clock.hour < 12 { "am" } else { "pm" }),
        "MST" => put_abbreviation(out, clock.offset),
        zone => put_zone(out, clock.offset.seconds, zone),
    }
}

/// A zone without letters of its own (`+03`) is written as Go writes it: the sign and two or four digits.
fn put_abbreviation(out: &mut String, offset: &Offset) -> std::fmt::Result {
    if !offset.abbreviation.is_empty() {
        return out.write_str(&offset.abbreviation);
    }
    put_zone(out, offset.seconds, if offset.seconds % 3_600 == 0 { "-07" } else { "-0700" })
}

fn put_zone(out: &mut String, seconds: i64, word: &str) -> std::fmt::Result {
    if word.starts_with('Z') && seconds == 0 {
        return out.write_char('Z');
    }
    let (sign, distance) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let colon = if word.contains(':') { ":" } else { "" };
    let parts = word.chars().filter(char::is_ascii_digit).count() / 2;
    write!(out, "{sign}{:02}", distance / 3_600)?;
    if parts > 1 {
        write!(out, "{colon}{:02}", distance / 60 % 60)?;
    }
    if parts > 2 {
        write!(out, "{colon}{:02}", distance % 60)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_go_s() {
        let now = Now { seconds: 1_425_577_935, nanoseconds: 120_000_000 };
        let utc = Offset { seconds: 0, abbreviation: "UTC".to_owned() };
        let india = Offset { seconds: 19_800, abbreviation: "IST".to_owned() };
        let cases = [
            (LAYOUT, &utc, "2015-03-05_17-52-15.12_UTC"),
            ("2006-01-02", &utc, "2015-03-05"),
            ("Mon Jan _2 3:04PM", &utc, "Thu Mar  5 5:52PM"),
            ("Monday January 2 06 002 15.000", &utc, "Thursday March 5 15 064 17.120"),
            ("150405Z0700", &utc, "175215Z"),
            ("1504 -07:00 MST", &india, "2322 +05:30 IST"),
            ("v2006.99x", &utc, "v2015.12x"),
            ("_2006", &utc, "_2015"),
        ];
        for (layout, offset, expected) in cases {
            assert_eq!(format(layout, now, offset), expected, "{layout}");
        }
    }

    #[test]
    fn days_and_dates_agree() {
        for days in [-719_468, -1, 0, 59, 60, 11_016, 16_499, 20_000] {
            let (year, month, day) = civil(days);
            assert_eq!(days_of(year, month, day), days);
        }
    }
}
