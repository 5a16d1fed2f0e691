//! Formatting a time in a layout of Go.
//!
//! Source of the rules: Go's `time.Format`.

use std::fmt::Write;

use super::calendar::{Date, civil, days_of};
use super::{Now, Offset};

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

/// The parts of a time: year, month, day, …
struct CivilTime<'a> {
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

impl<'a> CivilTime<'a> {
    fn new(now: Now, offset: &'a Offset) -> Self {
        let local = now.seconds.saturating_add(offset.seconds);
        let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let Date { year, month, day } = civil(days);
        let start = days_of(year, 1, 1);
        CivilTime {
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

/// The placeholders of a layout; those that start with another one come before it.
const PARTS: [&str; 33] = [
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

/// Returns the name of a month from 1 to 12, or as Go prints another number.
pub(crate) fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"%!Month")
}

/// Returns the name of a weekday from 0, which is Sunday, to 6.
pub(crate) fn day_name(day: i64) -> &'static str {
    usize::try_from(day).ok().and_then(|index| DAYS.get(index)).unwrap_or(&"%!Weekday")
}

/// Returns whether a layout begins with a placeholder, and the length of that or of the text up to the next one.
pub(crate) fn next_part(layout: &str) -> (bool, usize) {
    let mut length = 0;
    while let Some(c) = layout[length..].chars().next() {
        if let Some(part) = part_length(&layout[length..]) {
            return if length == 0 { (true, part) } else { (false, length) };
        }
        length += c.len_utf8();
    }
    (false, length)
}

fn part_length(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    if matches!(bytes.first(), Some(b'.' | b',')) {
        let digit = *bytes.get(1)?;
        let count = bytes[1..].iter().take_while(|&&byte| byte == digit).count();
        let fraction = matches!(digit, b'0' | b'9') && !bytes.get(count + 1).is_some_and(u8::is_ascii_digit);
        return fraction.then_some(1 + count);
    }
    PARTS.iter().find(|part| is_part(rest, part)).map(|part| part.len())
}

/// The time in a Go layout.
pub(crate) fn format(layout: &str, now: Now, offset: &Offset) -> String {
    let time = CivilTime::new(now, offset);
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = fraction(&mut out, &time, rest) {
            rest = &rest[length..];
        } else if let Some(part) = PARTS.iter().find(|part| is_part(rest, part)) {
            // Writing to a String cannot fail.
            _ = put(&mut out, &time, part);
            rest = &rest[part.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Whether `rest` of the layout starts with the placeholder. `Jan` and `Mon` before a small letter are text, and `_2006` is `_` and a year.
fn is_part(rest: &str, part: &str) -> bool {
    let Some(after) = rest.strip_prefix(part) else { return false };
    match part {
        "Jan" | "Mon" => !after.starts_with(|c: char| c.is_ascii_lowercase()),
        "_2" => !after.starts_with("006"),
        _ => true,
    }
}

/// `.000` and `.999` (or with a comma), not followed by a digit; `9` leaves zeros at the end out.
fn fraction(out: &mut String, time: &CivilTime<'_>, rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digit = *bytes.get(1).filter(|_| matches!(bytes[0], b'.' | b','))?;
    let count = bytes[1..].iter().take_while(|&&byte| byte == digit).count();
    if !matches!(digit, b'0' | b'9') || bytes.get(count + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let all = format!("{:09}", time.nanosecond);
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

fn put(out: &mut String, time: &CivilTime<'_>, part: &str) -> std::fmt::Result {
    let month = MONTHS[(time.month - 1) % 12];
    let hour = match time.hour % 12 {
        0 => 12,
        hour => hour,
    };
    match part {
        "January" => out.write_str(month),
        "Jan" => out.write_str(&month[..3]),
        "Monday" => out.write_str(DAYS[time.weekday % 7]),
        "Mon" => out.write_str(&DAYS[time.weekday % 7][..3]),
        "2006" => write!(out, "{:04}", time.year),
        "06" => write!(out, "{:02}", time.year.rem_euclid(100)),
        "01" => write!(out, "{:02}", time.month),
        "1" => write!(out, "{}", time.month),
        "02" => write!(out, "{:02}", time.day),
        "_2" => write!(out, "{:>2}", time.day),
        "2" => write!(out, "{}", time.day),
        "002" => write!(out, "{:03}", time.year_day),
        "__2" => write!(out, "{:>3}", time.year_day),
        "15" => write!(out, "{:02}", time.hour),
        "03" => write!(out, "{hour:02}"),
        "3" => write!(out, "{hour}"),
        "04" => write!(out, "{:02}", time.minute),
        "4" => write!(out, "{}", time.minute),
        "05" => write!(out, "{:02}", time.second),
        "5" => write!(out, "{}", time.second),
        "PM" => out.write_str(if time.hour < 12 { "AM" } else { "PM" }),
        "pm" => out.write_str(if time.hour < 12 { "am" } else { "pm" }),
        "MST" => put_abbreviation(out, time.offset),
        zone => put_zone(out, time.offset.seconds, zone),
    }
}

/// A zone without a name is written as its offset.
fn put_abbreviation(out: &mut String, offset: &Offset) -> std::fmt::Result {
    if !offset.abbreviation.is_empty() {
        return out.write_str(&offset.abbreviation);
    }
    put_zone(out, offset.seconds, "-0700")
}

fn put_zone(out: &mut String, seconds: i64, part: &str) -> std::fmt::Result {
    if part.starts_with('Z') && seconds == 0 {
        return out.write_char('Z');
    }
    let (sign, distance) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let colon = if part.contains(':') { ":" } else { "" };
    let parts = part.chars().filter(char::is_ascii_digit).count() / 2;
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
            ("2006-01-02_15-04-05.999_MST", &utc, "2015-03-05_17-52-15.12_UTC"),
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
}
