//! Times and people as text.

use git::{Identity, Moment};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// `3d`, `5h`, `20m` or `now`.
pub(crate) fn age(then: Moment, now: Option<Moment>) -> String {
    let Some(now) = now else { return String::new() };
    let seconds = now.seconds.saturating_sub(then.seconds).max(0);
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// `Name <mail>`
pub fn person(person: &Identity) -> String {
    format!("{} <{}>", person.name, person.email)
}

/// A moment as RFC 3339 writes it, in its own distance from UTC.
pub fn rfc3339(moment: Moment) -> String {
    let time = OffsetDateTime::from_unix_timestamp(moment.seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let offset = UtcOffset::from_whole_seconds(moment.offset_minutes * 60).unwrap_or(UtcOffset::UTC);
    time.to_offset(offset).format(&Rfc3339).unwrap_or_default()
}

/// A moment that RFC 3339 describes; `None` for any other text.
pub fn parse_rfc3339(text: &str) -> Option<Moment> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(Moment { seconds: time.unix_timestamp(), offset_minutes: time.offset().whole_minutes().into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_its_distance_from_utc() {
        assert_eq!(rfc3339(Moment { seconds: 1_795_255_200, offset_minutes: 540 }), "2026-11-21T19:00:00+09:00");
        assert_eq!(rfc3339(Moment { seconds: 0, offset_minutes: 0 }), "1970-01-01T00:00:00Z");
    }
}
