//! The environment and the clock, read once and passed on as values.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use delivery::host::{InputTrust, RunContext};

use crate::outcome::Failure;
use crate::progress;

/// Whether the input of this process is trusted; set once, at the start.
static TRUST: OnceLock<InputTrust> = OnceLock::new();

/// Sets whether the input of this process is trusted. Only the first call has an effect.
pub(crate) fn set_trust(trust: InputTrust) {
    TRUST.get_or_init(|| trust);
}

/// Whether the input of this process is trusted; it is until [`set_trust`] is called.
pub(crate) fn trust() -> InputTrust {
    TRUST.get().copied().unwrap_or_default()
}

/// Returns the process's environment variables and the time: `SOURCE_DATE_EPOCH` if it is set (reproducible-builds.org), otherwise now.
///
/// # Errors
/// `SOURCE_DATE_EPOCH` is not a number of seconds.
pub(crate) fn run_context() -> Result<RunContext, Failure> {
    let variables =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut ctx = RunContext {
        variables: variables.collect(),
        progress: progress::progress(),
        trust: trust(),
        ..RunContext::default()
    };
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, nanoseconds) = match ctx.variables.get("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
        Some(text) => {
            let seconds = text.parse().map_err(|_| {
                Failure::Input(anyhow::anyhow!(
                    "invalid SOURCE_DATE_EPOCH {text:?}: expected seconds since 1970\n  hint: set it to a number of seconds, or unset it"
                ))
            })?;
            (seconds, 0)
        }
        None => (clock.as_secs().cast_signed(), clock.subsec_nanos()),
    };
    ctx.nanoseconds = nanoseconds;
    ctx.now = Some(delivery::host::Moment { seconds, offset_minutes: 0 });
    Ok(ctx)
}
