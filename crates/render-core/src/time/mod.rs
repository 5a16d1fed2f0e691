//! Times, zones and Go's layouts. The current time is always passed in.

pub(crate) mod calendar;
pub(crate) mod go_layout;
pub(crate) mod posix_zone;
pub(crate) mod zone;

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// And nanoseconds, less than a second.
    pub nanoseconds: u32,
}

/// A zone's distance from UTC at one point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Seconds east of UTC.
    pub seconds: i64,
    /// Such as `CET`.
    pub abbreviation: String,
}

/// The time that counts as now, and the zone that it is shown in.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The time.
    pub now: Now,
    /// The local zone at that time.
    pub local: Offset,
}
