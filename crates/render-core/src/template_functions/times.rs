//! `time.Time` as a value, and reading a time by a layout.

use std::borrow::Cow;

use gotemplate::{Context, Field, Function, FunctionError, Kind, Object, Param, Type, Value};

use super::arguments::text;
use crate::time::calendar::{civil, days_of};
use crate::time::go_layout;
use crate::time::{Now, Offset};

/// A time and the zone that it is shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) at: Now,
    pub(crate) zone: Offset,
    pub(crate) location: Location,
}

/// Which of Go's locations a time has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// `time.UTC`
    Utc,
    /// `time.Local`
    Local,
    /// A zone of its own.
    Fixed,
}

/// Returns the current time for a function.
pub(super) fn now(context: &dyn Context, name: &'static str) -> Result<Time, FunctionError> {
    let clock = super::state::of(context).and_then(|state| state.clock.as_ref());
    let zone = clock.map_or_else(utc, |clock| clock.local.clone());
    match super::draw::time(context, name) {
        Some(at) => Ok(Time { at, zone, location: Location::Local }),
        None => Err(format!("{name} depends on the clock, so two runs would differ: pass the value in").into()),
    }
}

/// Returns UTC.
pub(crate) fn utc() -> Offset {
    Offset { seconds: 0, abbreviation: "UTC".to_owned() }
}

impl Time {
    /// Returns Go's zero time: the first of January of the year 1.
    pub(crate) fn zero() -> Time {
        Time { at: Now { seconds: -62_135_596_800, nanoseconds: 0 }, zone: utc(), location: Location::Utc }
    }

    pub(crate) fn format(&self, layout: &str) -> String {
        go_layout::format(layout, self.at, &self.zone)
    }

    pub(crate) fn rfc3339(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }

    /// Returns the nanoseconds from another time to this one.
    pub(crate) fn since(&self, earlier: &Time) -> i64 {
        let nanoseconds = i128::from(self.at.seconds - earlier.at.seconds) * 1_000_000_000
            + i128::from(self.at.nanoseconds)
            - i128::from(earlier.at.nanoseconds);
        i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
    }

    /// Returns the time so many nanoseconds later.
    pub(crate) fn plus(&self, nanoseconds: i64) -> Time {
        let sum = i64::from(self.at.nanoseconds) + nanoseconds.rem_euclid(1_000_000_000);
        let seconds = self.at.seconds.saturating_add(nanoseconds.div_euclid(1_000_000_000) + sum / 1_000_000_000);
        let at = Now { seconds, nanoseconds: u32::try_from(sum % 1_000_000_000).unwrap_or_default() };
        Time { at, ..self.clone() }
    }

    fn number(&self, layout: &str) -> Value {
        self.format(layout).trim_start_matches('0').parse::<i64>().unwrap_or_default().into()
    }
}

fn of(args: &[Value]) -> Time {
    args.first().and_then(Value::downcast::<Time>).cloned().unwrap_or_else(Time::zero)
}

static MONTH: Type = Type::basic("time.Month", Kind::Int).with_display(|value| match value {
    Value::Int(month, _) => go_layout::month_name(*month).to_owned(),
    _ => String::new(),
});
static WEEKDAY: Type = Type::basic("time.Weekday", Kind::Int).with_display(|value| match value {
    Value::Int(day, _) => go_layout::day_name(*day).to_owned(),
    _ => String::new(),
});

static METHODS: &[(&str, Function)] = &[
    ("Year", Function::new(&[], |args| Ok(of(args).number("2006")))),
    (
        "Month",
        Function::new(&[], |args| {
            let days = (of(args).at.seconds + of(args).zone.seconds).div_euclid(86_400);
            Ok(Value::Int(civil(days).month, &MONTH))
        }),
    ),
    ("Day", Function::new(&[], |args| Ok(of(args).number("2")))),
    ("Hour", Function::new(&[], |args| Ok(of(args).number("15")))),
    ("Minute", Function::new(&[], |args| Ok(of(args).number("4")))),
    ("Second", Function::new(&[], |args| Ok(of(args).number("5")))),
    ("Nanosecond", Function::new(&[], |args| Ok(i64::from(of(args).at.nanoseconds).into()))),
    ("YearDay", Function::new(&[], |args| Ok(of(args).number("002")))),
    (
        "Weekday",
        Function::new(&[], |args| {
            let days = (of(args).at.seconds + of(args).zone.seconds).div_euclid(86_400);
            Ok(Value::Int((days + 4).rem_euclid(7), &WEEKDAY))
        }),
    ),
    ("Unix", Function::new(&[], |args| Ok(Value::int64(of(args).at.seconds)))),
    (
        "UnixNano",
        Function::new(&[], |args| {
            let at = of(args).at;
            Ok(Value::int64(at.seconds.wrapping_mul(1_000_000_000).wrapping_add(i64::from(at.nanoseconds))))
        }),
    ),
    ("UTC", Function::new(&[], |args| Ok(Value::object(Time { zone: utc(), location: Location::Utc, ..of(args) })))),
    ("IsZero", Function::new(&[], |args| Ok(Value::Bool(of(args).at == Time::zero().at)))),
    ("Format", Function::new(&[Param::String], |args| Ok(of(args).format(&text(args, 1)).into()))),
    ("String", Function::new(&[], |args| Ok(of(args).display().unwrap_or_default().into()))),
];

impl Object for Time {
    fn type_name(&self) -> Cow<'static, str> {
        "time.Time".into()
    }

    fn fields(&self) -> Vec<Field> {
        Vec::new()
    }

    fn method(&self, name: &[u8]) -> Option<&'static Function> {
        METHODS.iter().find(|method| method.0.as_bytes() == name).map(|method| &method.1)
    }

    fn display(&self) -> Option<String> {
        Some(self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }

    fn go_string(&self) -> Option<String> {
        let location = match self.location {
            Location::Utc => "time.UTC".to_owned(),
            Location::Local => "time.Local".to_owned(),
            Location::Fixed => format!("time.Location({})", quote(&self.zone.abbreviation)),
        };
        let date = self.format("2006, time.January, 2, 15, 4, 5");
        let mut parts: Vec<&str> = date.split(", ").collect();
        // The layout fills the year, the minute and the second up with zeros.
        parts.iter_mut().for_each(|part| {
            let trimmed = part.trim_start_matches('0');
            *part = if trimmed.is_empty() { "0" } else { trimmed };
        });
        Some(format!("time.Date({}, {}, {location})", parts.join(", "), self.at.nanoseconds))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Time>() == Some(self)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The fields that a layout fills in.
struct Fields {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    afternoon: Option<bool>,
    zone: Option<Offset>,
    /// The zone is UTC itself, not one of the same offset.
    is_utc: bool,
}

/// Reads a time by a layout. Without a zone in the text it is one of `local`.
///
/// # Errors
/// Go's text.
pub(crate) fn parse(layout: &str, written: &str, local: &Offset) -> Result<Time, String> {
    let mut fields = Fields {
        year: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        nanoseconds: 0,
        afternoon: None,
        zone: None,
        is_utc: false,
    };
    let mut rest = written;
    let mut layout_rest = layout;
    let quoted = quote;
    while !layout_rest.is_empty() {
        let (part, length) = go_layout::next_part(layout_rest);
        let element = &layout_rest[..length];
        layout_rest = &layout_rest[length..];
        let read =
            if part { read(&mut fields, element, rest, layout_rest) } else { rest.strip_prefix(element).map(Ok) };
        match read {
            Some(Ok(after)) => rest = after,
            Some(Err(what)) => return Err(format!("parsing time {}: {what} out of range", quoted(written))),
            None => {
                let (rest, element) = (quoted(rest), quoted(element));
                return Err(format!(
                    "parsing time {} as {}: cannot parse {rest} as {element}",
                    quoted(written),
                    quoted(layout)
                ));
            }
        }
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quoted(written), quoted(rest)));
    }
    fields.finish(local).map_err(|what| format!("parsing time {}: {what} out of range", quoted(written)))
}

impl Fields {
    fn finish(self, local: &Offset) -> Result<Time, &'static str> {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let last = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if self.day < 1 || self.day > last {
            return Err("day");
        }
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let (zone, location) = match self.zone {
            None => (local.clone(), Location::Local),
            Some(zone) if self.is_utc => (zone, Location::Utc),
            Some(zone) if zone == *local || (zone.abbreviation.is_empty() && zone.seconds == local.seconds) => {
                (local.clone(), Location::Local)
            }
            Some(zone) => (zone, Location::Fixed),
        };
        let days = days_of(self.year, self.month, self.day);
        let seconds = days * 86_400 + hour * 3_600 + self.minute * 60 + self.second - zone.seconds;
        Ok(Time { at: Now { seconds, nanoseconds: self.nanoseconds }, zone, location })
    }
}

/// Quotes as Go's `time` package does: every byte that is not printable ASCII is escaped.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out + "\""
}

type Read<'t> = Option<Result<&'t str, &'static str>>;

/// Reads one element of a layout. `next` is the layout after it.
fn read<'t>(fields: &mut Fields, element: &str, rest: &'t str, next: &str) -> Read<'t> {
    let (number, after) = match element {
        "2006" => digits(rest, 4, 4)?,
        "01" | "02" | "03" | "04" | "05" | "06" | "002" => digits(rest, element.len(), element.len())?,
        "15" => digits(rest, 1, 2)?,
        "1" | "2" | "3" | "4" | "5" => digits(rest, 1, 2)?,
        "_2" => digits(rest.strip_prefix(' ').unwrap_or(rest), 1, 2)?,
        _ => return read_text(fields, element, rest),
    };
    let range = match element {
        "01" | "1" => Some((1..=12, "month")),
        "15" => Some((0..=23, "hour")),
        "03" | "3" => Some((0..=12, "hour")),
        "04" | "4" => Some((0..=59, "minute")),
        "05" | "5" => Some((0..=59, "second")),
        _ => None,
    };
    if let Some((_, what)) = range.filter(|(range, _)| !range.contains(&number)) {
        return Some(Err(what));
    }
    match element {
        "2006" => fields.year = number,
        "06" => fields.year = if number >= 69 { 1900 + number } else { 2000 + number },
        "01" | "1" => fields.month = number,
        "02" | "2" | "_2" => fields.day = number,
        "15" | "03" | "3" => fields.hour = number,
        "04" | "4" => fields.minute = number,
        "05" | "5" => fields.second = number,
        _ => {}
    }
    // A fraction may follow the seconds even where the layout has none.
    if matches!(element, "05" | "5") && !next.starts_with(['.', ',']) && after.starts_with(['.', ',']) {
        return Some(Ok(read_fraction(fields, after).unwrap_or(after)));
    }
    Some(Ok(after))
}

fn read_fraction<'t>(fields: &mut Fields, rest: &'t str) -> Option<&'t str> {
    let digits = rest.strip_prefix(['.', ','])?;
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return None;
    }
    let shown = format!("{:0<9}", &digits[..length.min(9)]);
    fields.nanoseconds = shown.parse().unwrap_or_default();
    Some(&digits[length..])
}

fn read_text<'t>(fields: &mut Fields, element: &str, rest: &'t str) -> Read<'t> {
    let named = |name: fn(i64) -> &'static str, range: std::ops::RangeInclusive<i64>, short: bool| {
        range.into_iter().find_map(|index| {
            let name = name(index);
            let name = if short { name.get(..3)? } else { name };
            let head = rest.get(..name.len())?;
            head.eq_ignore_ascii_case(name).then(|| (index, &rest[name.len()..]))
        })
    };
    let after = match element {
        "January" | "Jan" => {
            let (month, after) = named(go_layout::month_name, 1..=12, element == "Jan")?;
            fields.month = month;
            after
        }
        "Monday" | "Mon" => named(go_layout::day_name, 0..=6, element == "Mon")?.1,
        "PM" | "pm" => {
            let head = rest.get(..2)?;
            let (am, pm) = if element == "PM" { ("AM", "PM") } else { ("am", "pm") };
            if head != am && head != pm {
                return None;
            }
            fields.afternoon = Some(head == pm);
            &rest[2..]
        }
        "MST" => {
            if let Some(after) = rest.strip_prefix("UTC") {
                (fields.zone, fields.is_utc) = (Some(utc()), true);
                return Some(Ok(after));
            }
            let length = zone_name_length(rest)?;
            let (name, after) = rest.split_at(length);
            let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).unwrap_or_default();
            fields.zone = Some(Offset { seconds: hours * 3_600, abbreviation: name.to_owned() });
            after
        }
        element if element.starts_with(['.', ',']) => match read_fraction(fields, rest) {
            Some(after) => after,
            None if element[1..].starts_with('9') => rest,
            None => return None,
        },
        element => return read_zone(fields, element, rest),
    };
    Some(Ok(after))
}

/// Returns the length of a zone's name (`parseTimeZone` of Go's `time/format.go`).
fn zone_name_length(text: &str) -> Option<usize> {
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(offset) = text.strip_prefix("GMT") {
        return Some(3 + signed_hours_length(offset));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_hours_length(text)).filter(|length| *length > 0);
    }
    match text.bytes().take(6).take_while(u8::is_ascii_uppercase).count() {
        length @ 3 => Some(length),
        length @ 4 if &text[3..4] == "T" || text.starts_with("WITA") => Some(length),
        length @ 5 if &text[4..5] == "T" => Some(length),
        _ => None,
    }
}

/// Returns the length of a sign and hours up to 23; 0 if there are none.
fn signed_hours_length(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return 0 };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    match digits[..length].parse::<u32>() {
        Ok(0..=23) => 1 + length,
        _ => 0,
    }
}

fn read_zone<'t>(fields: &mut Fields, element: &str, rest: &'t str) -> Read<'t> {
    if element.starts_with('Z') && rest.starts_with('Z') {
        (fields.zone, fields.is_utc) = (Some(utc()), true);
        return Some(Ok(&rest[1..]));
    }
    let sign = match rest.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut after = &rest[1..];
    let mut seconds = 0;
    let mut unit = 3_600;
    for (index, c) in element[1..].char_indices() {
        if c == ':' {
            after = after.strip_prefix(':')?;
        } else if element[1..index + 1].chars().filter(|c| *c != ':').count() % 2 == 0 {
            let (number, next) = digits(after, 2, 2)?;
            seconds += number * unit;
            unit /= 60;
            after = next;
        }
    }
    // A name that was read before stays.
    let abbreviation = fields.zone.take().map(|zone| zone.abbreviation).unwrap_or_default();
    fields.zone = Some(Offset { seconds: sign * seconds, abbreviation });
    Some(Ok(after))
}

fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}
