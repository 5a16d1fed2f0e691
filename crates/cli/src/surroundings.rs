//! The environment and the clock, read once and handed on as values.

use std::time::{SystemTime, UNIX_EPOCH};

use delivery::pipeline::Surroundings;

use crate::exit::Failure;
use crate::progress;

/// The process's variables, and the time: `SOURCE_DATE_EPOCH` where it is set (reproducible-builds.org), else now.
///
/// # Errors
/// A `SOURCE_DATE_EPOCH` that is no number of seconds.
pub(crate) fn surroundings() -> Result<Surroundings, Failure> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut around =
        Surroundings { variables: variables.collect(), watch: progress::watch(), ..Surroundings::default() };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, nanoseconds) = match around.variables.get("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
        Some(text) => {
            let seconds = text.parse().map_err(|_| {
                Failure::Input(anyhow::anyhow!(
                    "SOURCE_DATE_EPOCH is `{text}`\n  hint: Give seconds since 1970, or unset it."
                ))
            })?;
            (seconds, 0)
        }
        None => (clock.as_secs().cast_signed(), clock.subsec_nanos()),
    };
    around.nanoseconds = nanoseconds;
    around.now = Some(delivery::pipeline::Moment { seconds, offset_minutes: 0 });
    Ok(around)
}
