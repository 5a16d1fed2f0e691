//! The trace of a run (`--trace FILE`), in the trace event format of Chrome, which Perfetto and `chrome://tracing` read.
//!
//! Stages are complete events with their fields, and log events, such as requests, are instant events. Texts are redacted as in the
//! log. Times are microseconds since the trace began.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use delivery::host::redact;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::open_span::{self, OpenSpan};
use crate::outcome::Failure;
use crate::output;

/// The trace of this process, if one is recorded.
static TRACE: OnceLock<Recorder> = OnceLock::new();

/// Events are dropped beyond this number, so that a trace of a large run fits into memory.
const MOST: usize = 1_000_000;

#[derive(Debug)]
struct Recorder {
    file: PathBuf,
    begun: Instant,
    events: Mutex<Vec<Value>>,
}

impl Recorder {
    fn add(&self, event: Value) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() < MOST {
            events.push(event);
        }
    }

    fn time(&self, moment: Instant) -> u64 {
        u64::try_from(moment.saturating_duration_since(self.begun).as_micros()).unwrap_or(u64::MAX)
    }
}

/// Begins the trace that [`finish`] writes to the file. Only the first call has an effect.
pub(crate) fn begin(file: &Path) -> TraceLayer {
    let new = || Recorder { file: file.to_owned(), begun: Instant::now(), events: Mutex::default() };
    TraceLayer(TRACE.get_or_init(new))
}

/// Writes the trace, if one was begun.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn finish() -> Result<(), Failure> {
    let Some(trace) = TRACE.get() else { return Ok(()) };
    let events = std::mem::take(&mut *trace.events.lock().unwrap_or_else(PoisonError::into_inner));
    let document = json!({"displayTimeUnit": "ms", "otherData": {"program": "hydrant", "version": env!("CARGO_PKG_VERSION")},
        "traceEvents": events});
    output::result_file(&trace.file, &format!("{document}\n"))
}

/// Records spans and events.
pub(crate) struct TraceLayer(&'static Recorder);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TraceLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        open_span::open::<Fields, S>(attributes, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        open_span::record::<Fields, S>(id, values, &context);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let name = fields.0.remove("message").unwrap_or_else(|| json!("event"));
        self.0.add(json!({"name": name, "cat": event.metadata().target(), "ph": "i", "s": "t",
            "ts": self.0.time(Instant::now()), "pid": std::process::id(), "tid": thread(), "args": fields.0}));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(open) = span.extensions_mut().remove::<OpenSpan<Fields>>() else { return };
        let duration = u64::try_from(open.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.add(
            json!({"name": span.name(), "cat": span.metadata().target(), "ph": "X", "ts": self.0.time(open.begun),
            "dur": duration, "pid": std::process::id(), "tid": thread(), "args": open.fields.0}),
        );
    }
}

/// A number for the current thread.
fn thread() -> u64 {
    let text = format!("{:?}", std::thread::current().id());
    text.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or_default()
}

/// The fields of a span or an event, redacted.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(redact(value)));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(redact(&format!("{value:?}"))));
    }
}
