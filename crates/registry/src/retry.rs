//! Trying again: back-off with jitter, `Retry-After`, and a deadline.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::http::{Answer, Call, Http, Trouble};

/// Until when one registry asked everybody to be quiet.
#[derive(Debug, Default)]
pub(crate) struct Quiet(Mutex<Option<Instant>>);

impl Quiet {
    fn until(&self, moment: Instant) {
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

/// Sends a request until it gets an answer that will not change, the tries are used up or the deadline would pass; then
/// the last answer or trouble stands.
///
/// 408, 429, 500, 502, 503 and 504 are tried again, and connections that broke. A `Retry-After` is kept to by every thread that
/// asks the same registry; one that lies beyond the deadline ends the tries at once.
pub(crate) fn persist(http: &Http, call: &Call<'_>, deadline: Instant, quiet: &Quiet) -> Result<Answer, Trouble> {
    let options = http.options();
    let attempts = if call.patient { options.attempts } else { 1 };
    let mut wait = options.backoff;
    let mut attempt = 0;
    loop {
        attempt += 1;
        quiet.wait();
        let outcome = http.call(call);
        let (again, asked) = match &outcome {
            Ok(answer) => (is_passing(answer.status), retry_after(answer)),
            Err(trouble) => (trouble.again, None),
        };
        let pause = asked.unwrap_or_else(|| shortened(wait));
        if !again || attempt >= attempts || Instant::now() + pause > deadline {
            return outcome;
        }
        if asked.is_some() {
            quiet.until(Instant::now() + pause);
        }
        std::thread::sleep(pause);
        wait = wait.saturating_mul(2);
    }
}

fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), bounded to a day.
pub(crate) fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(wait.min(Duration::from_secs(86_400)))
}

/// Between half of the wait and the whole of it, at random, so that threads and jobs do not come back together.
fn shortened(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0_u8) % 1000;
    wait.mul_f64(0.5 + f64::from(u32::try_from(random).unwrap_or(0)) / 2000.0)
}
