//! Timestamps as go-yaml recognises them and Go's `encoding/json` writes them.

/// The timestamp that go-yaml reads from a plain scalar, as RFC 3339; `None` if it is not one.
///
/// Go's `time.Parse` with go-yaml's four layouts (`allowedTimestampFormats`): a date, a date and a time after a space
/// without a zone, or a date and a time after `T` or `t` with a zone. Months, days, hours, minutes and seconds may
/// have one digit.
pub(super) fn parse(text: &str) -> Option<String> {
    let year = text.get(..4).filter(|year| year.bytes().all(|digit| digit.is_ascii_digit()))?;
    let rest = text[4..].strip_prefix('-')?;
    let (month, rest) = number(rest)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    let last = last_day(year.parse().ok()?, month)?;
    if day == 0 || day > last {
        return None;
    }
    let date = format!("{year}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let separator = rest.as_bytes()[0];
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (time, rest) = clock(&rest[1..])?;
    let zone = if separator == b' ' { rest.is_empty().then(|| "Z".to_owned())? } else { zone(rest)? };
    Some(format!("{date}T{time}{zone}"))
}

/// One or two digits.
fn number(text: &str) -> Option<(u32, &str)> {
    let len = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let value = text.get(..len)?.parse().ok()?;
    Some((value, &text[len..]))
}

fn last_day(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// `H:M:S` with an optional fraction, of which nine digits count.
fn clock(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some((time, rest)) };
    let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if len == 0 {
        return Some((time, rest));
    }
    let digits = fraction[..len.min(9)].trim_end_matches('0');
    if !digits.is_empty() {
        time.push('.');
        time.push_str(digits);
    }
    Some((time, &fraction[len..]))
}

/// `Z` or `+hh:mm`.
fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some(text.to_owned());
    }
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    if ![h1, h2, m1, m2].iter().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let two = |high: &u8, low: &u8| u32::from(high - b'0') * 10 + u32::from(low - b'0');
    let (hours, minutes) = (two(h1, h2), two(m1, m2));
    if hours > 24 || minutes > 60 {
        return None;
    }
    let offset = hours * 60 + minutes;
    if offset == 0 {
        return Some("Z".to_owned());
    }
    Some(format!("{}{:02}:{:02}", char::from(*sign), offset / 60, offset % 60))
}
