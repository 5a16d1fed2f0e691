//! When a request is sent again: on which results, after which wait, how often.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ureq::http::{HeaderMap, StatusCode};

use crate::error::HttpError;

/// How often a request is sent and how long to wait between two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at most, at least 1.
    pub attempts: u32,
    /// The longest wait before the second attempt; it doubles with each further one. The wait is chosen at random between
    /// nothing and this ("full jitter"), so that many threads and jobs do not come back together.
    pub backoff: Duration,
    /// What the wait never grows beyond.
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is waited for; a longer one ends the attempts.
    pub max_retry_after: Duration,
}

impl RetryPolicy {
    /// Five attempts, from half a second on, at most 30 seconds apart; a `Retry-After` of up to a minute.
    pub const fn standard() -> Self {
        RetryPolicy {
            attempts: 5,
            backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(60),
        }
    }

    /// One attempt.
    pub const fn once() -> Self {
        RetryPolicy { attempts: 1, ..RetryPolicy::standard() }
    }

    /// The longest wait after an attempt, counted from 1.
    fn longest_wait(&self, attempt: u32) -> Duration {
        let doubled = self.backoff.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        doubled.min(self.max_backoff)
    }
}

/// How the attempts of one request are made.
#[derive(Clone, Copy, Debug)]
pub struct Retry<'a> {
    /// The policy.
    pub policy: RetryPolicy,
    /// No further attempt begins after it.
    pub deadline: Option<Instant>,
    /// No attempt goes on after it, up to the last byte of the body.
    pub end: Option<Instant>,
    /// Shared by all requests to one server.
    pub gate: Option<&'a RetryAfterGate>,
}

impl Retry<'static> {
    /// The standard policy, without deadline and gate.
    pub const fn standard() -> Self {
        Retry { policy: RetryPolicy::standard(), deadline: None, end: None, gate: None }
    }

    /// One attempt.
    pub const fn once() -> Self {
        Retry { policy: RetryPolicy::once(), deadline: None, end: None, gate: None }
    }
}

impl Retry<'_> {
    /// The same, ended at a point in time.
    #[must_use]
    pub const fn until(self, end: Instant) -> Self {
        Retry { deadline: Some(end), end: Some(end), ..self }
    }
}

/// The time until which a server accepts no requests. All threads that send to it wait.
#[derive(Debug, Default)]
pub struct RetryAfterGate(Mutex<Option<Instant>>);

impl RetryAfterGate {
    fn close_until(&self, moment: Instant) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(slot.map_or(moment, |known| known.max(moment)));
    }

    fn wait(&self) {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = until.and_then(|until| until.checked_duration_since(Instant::now())) {
            std::thread::sleep(left);
        }
    }
}

/// The result of one attempt, as far as it decides about a retry.
pub trait Attempt {
    /// The status.
    fn status(&self) -> StatusCode;
    /// The headers.
    fn headers(&self) -> &HeaderMap;
}

/// Makes attempts until one gives a result that will not change, the attempts are used up, or the next one would begin after the
/// deadline; the last result stands.
///
/// 408, 429, 500, 502, 503 and 504 are tried again, 403 where it says after which time, and errors that
/// [may pass](crate::HttpErrorKind::is_transient). A request that is not `idempotent` is only tried again where the server says that it has not done it (429, or
/// a `Retry-After`).
///
/// # Errors
/// The error of the last attempt.
pub fn retry<T: Attempt>(
    retry: &Retry<'_>,
    idempotent: bool,
    mut attempt: impl FnMut() -> Result<T, HttpError>,
) -> Result<T, HttpError> {
    let policy = &retry.policy;
    let mut count = 0;
    loop {
        count += 1;
        if let Some(gate) = retry.gate {
            gate.wait();
        }
        let result = attempt();
        let (again, asked) = match &result {
            Ok(response) => {
                let asked = retry_after(response.headers());
                (is_transient(response.status(), asked, idempotent), asked)
            }
            Err(error) => (idempotent && error.kind.is_transient(), None),
        };
        let wait = asked.unwrap_or_else(|| jitter(policy.longest_wait(count)));
        // A wait is at most a day or `max_backoff`; a clock that cannot hold it ends the attempts.
        let Some(begin) = Instant::now().checked_add(wait) else { return result };
        let late =
            wait > policy.max_retry_after.max(policy.max_backoff) || retry.deadline.is_some_and(|end| begin > end);
        if !again || count >= policy.attempts || late {
            return result;
        }
        if let (Some(gate), Some(_)) = (retry.gate, asked) {
            gate.close_until(begin);
        }
        tracing::debug!(attempt = count, wait_ms = wait.as_millis(), "request is sent again");
        std::thread::sleep(wait);
    }
}

fn is_transient(status: StatusCode, asked: Option<Duration>, idempotent: bool) -> bool {
    match status.as_u16() {
        429 => true,
        403 => asked.is_some(),
        408 | 500 | 502 | 503 | 504 => idempotent || asked.is_some(),
        _ => false,
    }
}

/// Returns how long a server accepts no requests: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or until GitHub's
/// `x-ratelimit-reset` where `x-ratelimit-remaining` is 0. At most a day.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let until = |moment: SystemTime| moment.duration_since(SystemTime::now()).unwrap_or_default();
    let wait = match text("retry-after") {
        Some(text) => match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => until(httpdate::parse_http_date(text).ok()?),
        },
        None => {
            let exhausted = text("x-ratelimit-remaining") == Some("0");
            let reset = text("x-ratelimit-reset").filter(|_| exhausted)?;
            until(UNIX_EPOCH + Duration::from_secs(reset.parse::<u32>().ok()?.into()))
        }
    };
    Some(wait.min(Duration::from_secs(86_400)))
}

/// A wait at random between nothing and `longest`.
fn jitter(longest: Duration) -> Duration {
    const STEPS: u32 = 1024;
    let random = u32::try_from(RandomState::new().hash_one(0_u8) % u64::from(STEPS + 1)).unwrap_or(STEPS);
    longest.saturating_mul(random) / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_are_spread() {
        let policy = RetryPolicy { attempts: 99, max_backoff: Duration::from_secs(5), ..RetryPolicy::standard() };
        let longest: Vec<u128> = (1..7).map(|attempt| policy.longest_wait(attempt).as_millis()).collect();
        assert_eq!(longest, [500, 1000, 2000, 4000, 5000, 5000]);
        assert_eq!(policy.longest_wait(99), policy.max_backoff);
        let waits: Vec<Duration> = (0..200).map(|_| jitter(policy.max_backoff)).collect();
        assert!(waits.iter().all(|wait| *wait <= policy.max_backoff));
        assert!(waits.iter().any(|wait| *wait < policy.max_backoff / 4), "some come back early");
        assert!(waits.iter().any(|wait| *wait > policy.max_backoff * 3 / 4), "some come back late");
    }

    #[test]
    fn retry_after_is_seconds_a_date_or_githubs_reset() {
        let of = |pairs: &[(&'static str, String)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let near = |wait: Option<u64>, want: u64| wait.is_some_and(|wait| (want - 2..=want).contains(&wait));
        assert_eq!(of(&[("retry-after", " 7 ".to_owned())]), Some(7));
        assert!(near(of(&[("retry-after", date)]), 100));
        assert_eq!(of(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT".to_owned())]), Some(0));
        assert_eq!(of(&[("retry-after", "soon".to_owned())]), None);
        assert_eq!(of(&[("retry-after", "99999999999".to_owned())]), Some(86_400));
        let reset = ("x-ratelimit-reset", (now + 50).to_string());
        assert!(near(of(&[("x-ratelimit-remaining", "0".to_owned()), reset.clone()]), 50));
        assert_eq!(of(&[("x-ratelimit-remaining", "1".to_owned()), reset]), None);
    }

    #[test]
    fn what_may_have_been_done_is_not_repeated() {
        let wait = Some(Duration::ZERO);
        let table = [(429, true, true), (503, true, false), (503, false, true), (404, false, false)];
        for (status, idempotent, asked) in table {
            let got = is_transient(StatusCode::from_u16(status).unwrap(), wait.filter(|_| asked), idempotent);
            assert_eq!(got, status != 404, "{status}");
        }
        assert!(!is_transient(StatusCode::BAD_GATEWAY, None, false));
        assert!(!is_transient(StatusCode::FORBIDDEN, None, true));
        assert!(is_transient(StatusCode::FORBIDDEN, wait, true));
    }
}
