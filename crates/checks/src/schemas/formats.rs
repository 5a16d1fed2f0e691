//! The formats of strings and numbers that the API server checks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

/// What is wrong with a text, if `format` does not allow it. Unknown formats allow every text, as with the API server.
pub(super) fn problem(format: &str, text: &str) -> Option<String> {
    let is_valid = match format {
        "byte" => is_base64(text),
        "date-time" => is_date_time(text),
        "date" => is_date(text),
        "duration" => is_duration(text),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(format, text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "cidr" => is_cidr(text),
        "mac" => matches(&MAC, text),
        "email" => text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()),
        "hostname" => matches(&HOSTNAME, text) && text.len() <= 255,
        "uri" => matches(&URI, text),
        _ => true,
    };
    (!is_valid).then(|| format!("invalid {format} {}", super::values::quoted(text)))
}

static MAC: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}$").ok());
static HOSTNAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$").ok()
});
static URI: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^([A-Za-z][A-Za-z0-9+.-]*:[^\s]*|/[^\s]*)$").ok());
static DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[+-]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*)$|^\d+ ?(nanoseconds?|nanos?|microseconds?|micros?|milliseconds?|millis?|seconds?|sec|minutes?|min|hours?|hr|days?|d|weeks?|wk|w)$").ok()
});

/// A pattern of this file always compiles; where it did not, everything would be allowed.
fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

fn is_base64(text: &str) -> bool {
    // Go's decoder ignores line breaks.
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = &bytes[..bytes.len() - padding];
    padding <= 2
        && bytes.len().is_multiple_of(4)
        && body.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).and_then(|part| part.parse().ok())
    };
    let (Some(year), Some(month), Some(day)): (Option<u32>, Option<u32>, Option<u32>) =
        (digits(0..4), digits(5..7), digits(8..10))
    else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => {
            if is_leap {
                29
            } else {
                28
            }
        }
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    text.len() == 10
        && &text[4..5] == "-"
        && &text[7..8] == "-"
        && (1..=12).contains(&month)
        && (1..=days).contains(&day)
}

/// RFC 3339.
pub(super) fn is_date_time(text: &str) -> bool {
    let (Some(date), Some(time)) = (text.get(..10), text.get(11..)) else { return false };
    if !is_date(date) || !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return false;
    }
    let two = |text: Option<&str>, most: u32| {
        text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<u32>().ok())
            .is_some_and(|number| number <= most)
    };
    let clock = two(time.get(..2), 23) && two(time.get(3..5), 59) && two(time.get(6..8), 60);
    let colons = time.get(2..3) == Some(":") && time.get(5..6) == Some(":");
    let Some(rest) = time.get(8..) else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|character: char| character.is_ascii_digit()),
        None => rest,
    };
    let is_zone = matches!(zone, "Z" | "z")
        || (zone.len() == 6
            && zone.starts_with(['+', '-'])
            && two(zone.get(1..3), 24)
            && zone.get(3..4) == Some(":")
            && two(zone.get(4..6), 60));
    clock && colons && is_zone
}

fn is_duration(text: &str) -> bool {
    matches(&DURATION, text)
}

fn is_uuid(format: &str, text: &str) -> bool {
    let hex: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let version = format.strip_prefix("uuid").and_then(|version| version.bytes().next());
    hex.len() == 32
        && hex.iter().all(u8::is_ascii_hexdigit)
        && (text.len() == 32 || text.len() == 36)
        && version.is_none_or(|version| hex[12] == version)
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(bits) = bits.parse::<u8>() else { return false };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => bits <= 32,
        Ok(IpAddr::V6(_)) => bits <= 128,
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_checked() {
        for (format, valid, invalid) in [
            ("byte", "aGk=", "aGk"),
            ("byte", "", "a-b="),
            ("date-time", "2024-02-29T10:00:00.5+02:00", "2023-02-29T10:00:00Z"),
            ("date-time", "2024-01-01T00:00:00Z", "2024-01-01"),
            ("duration", "1h30m", "1 fortnight"),
            ("ipv4", "10.0.0.1", "10.0.0.256"),
            ("cidr", "fe80::/64", "10.0.0.0/33"),
            ("uuid", "123e4567-e89b-12d3-a456-426614174000", "123"),
            ("uri", "https://a/b?c", "a b"),
        ] {
            assert_eq!(problem(format, valid), None, "{format} {valid}");
            assert!(problem(format, invalid).is_some(), "{format} {invalid}");
        }
        assert_eq!(problem("anything-else", "x"), None);
    }
}
