//! The log: what the crates report by `tracing`, one line each on stderr.
//!
//! A span is written when it ends, with its duration: `info: render unit=cart/production: 3.1 ms`. An event is written at once:
//! `debug: request method=GET url=https://… status=200 elapsed="12.4 ms"`. Only hydrant's own crates write to the log. Other crates may log
//! the content of requests, and with it credentials.

use std::fmt::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use delivery::escape;
use delivery::host::redact;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::open_span::{self, OpenSpan};
use crate::outcome::Failure;
use crate::terminal;
use crate::trace;
use crate::verbosity::Verbosity;

/// The crates that may write to the log, as targets name them.
const CRATES: [&str; 9] =
    ["hydrant", "delivery", "render_core", "manifest", "registry", "committer", "git", "github", "net"];

/// The environment variable that chooses what is logged.
const VARIABLE: &str = "HYDRANT_LOG";

/// Starts the log if the verbosity or `HYDRANT_LOG` asks for one, and the trace if a file is given. Otherwise nothing is installed,
/// and spans cost next to nothing.
///
/// # Errors
/// A value of `HYDRANT_LOG` that is not a filter.
pub(crate) fn start(verbosity: Verbosity, trace: Option<&Path>) -> Result<(), Failure> {
    let filter = filter(verbosity, std::env::var(VARIABLE).ok().as_deref())?;
    if filter.is_none() && trace.is_none() {
        return Ok(());
    }
    let log = filter.map(|filter| Log(terminal::write).with_filter(filter));
    let all = || Targets::new().with_targets(CRATES.map(|name| (name, LevelFilter::DEBUG)));
    let trace = trace.map(|file| trace::begin(file).with_filter(all()));
    let subscriber = tracing_subscriber::registry().with(log).with(trace);
    tracing::subscriber::set_global_default(subscriber).map_err(|error| Failure::Input(anyhow!(error)))
}

/// What is logged; nothing where neither the verbosity nor the variable asks for a log. The variable wins.
fn filter(verbosity: Verbosity, variable: Option<&str>) -> Result<Option<Targets>, Failure> {
    let level = match verbosity {
        Verbosity::Errors | Verbosity::Normal => LevelFilter::OFF,
        Verbosity::Verbose => LevelFilter::INFO,
        Verbosity::Debug => LevelFilter::DEBUG,
    };
    let own = |level: LevelFilter| Targets::new().with_targets(CRATES.map(|name| (name, level)));
    let Some(text) = variable.filter(|text| !text.trim().is_empty()) else {
        return Ok((level > LevelFilter::OFF).then(|| own(level)));
    };
    let typed: Targets = text.parse().map_err(|error| {
        Failure::Input(anyhow!(
            "invalid {VARIABLE} {text:?}: {error}\n  hint: write a level (error, warn, info, debug, trace), or TARGET=LEVEL, separated by commas"
        ))
    })?;
    let of_ours = |target: &str| CRATES.iter().any(|name| target.split("::").next() == Some(name));
    let chosen = typed.iter().filter(|(target, _)| of_ours(target)).map(|(target, level)| (target.to_owned(), level));
    Ok(Some(own(typed.default_level().unwrap_or(LevelFilter::OFF)).with_targets(chosen)))
}

/// Writes each event, and each span that ends, as a line.
struct Log(fn(&[u8]));

impl Log {
    fn line(&self, level: Level, text: &str) {
        let level = level.as_str().to_ascii_lowercase();
        let text = redact(text);
        (self.0)(format!("{level}: {}\n", escape::commands(&text)).as_bytes());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        open_span::open::<Fields, S>(attributes, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        open_span::record::<Fields, S>(id, values, &context);
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.line(*event.metadata().level(), fields.0.trim_start());
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(open) = span.extensions().get::<OpenSpan<Fields>>()
        {
            let duration = milliseconds(open.begun.elapsed());
            self.line(*span.metadata().level(), &format!("{}{}: {duration}", span.name(), open.fields.0));
        }
    }
}

/// `3.1 ms`
fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// The fields of a span or an event as text: the message, and ` NAME=VALUE` for each other field. Control characters are escaped.
#[derive(Default)]
struct Fields(String);

impl Fields {
    fn add(&mut self, field: &Field, value: &str) {
        self.0.push(' ');
        if field.name() != "message" {
            self.0.push_str(field.name());
            self.0.push('=');
        }
        self.0.push_str(&escape::line(value));
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // A String takes whatever is written to it.
        let _ = write!(text, "{value:?}");
        self.add(field, &text);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    static WRITTEN: Mutex<String> = Mutex::new(String::new());

    fn collect(bytes: &[u8]) {
        WRITTEN.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
    }

    #[test]
    fn spans_and_events_are_lines() {
        let filter = filter(Verbosity::Debug, None).unwrap().unwrap();
        let subscriber = tracing_subscriber::registry().with(Log(collect).with_filter(filter));
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("render", unit = "cart/production", objects = tracing::field::Empty);
            span.in_scope(|| tracing::debug!(status = 200, "request of \u{1b}[31m"));
            span.record("objects", 3);
            tracing::debug!(target: "hyper", "not ours");
            tracing::trace!("too fine");
        });
        let written = WRITTEN.lock().unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert_eq!(lines[0], "debug: request of \\u{1b}[31m status=200");
        let (text, duration) = lines[1].rsplit_once(": ").unwrap();
        assert_eq!(text, "info: render unit=cart/production objects=3");
        assert!(duration.ends_with(" ms"), "{duration}");
        assert_eq!(lines.len(), 2, "{written}");
    }

    #[test]
    fn the_variable_wins_over_the_flags_and_other_crates_are_left_out() {
        let none = |variable| filter(Verbosity::Normal, variable).unwrap();
        assert!(none(None).is_none());
        assert!(none(Some(" ")).is_none());
        let chosen = filter(Verbosity::Debug, Some("warn,registry=trace,hyper=trace")).unwrap().unwrap();
        let enabled = |target: &str, level: Level| chosen.would_enable(target, &level);
        assert!(enabled("registry::http", Level::TRACE));
        assert!(enabled("delivery", Level::WARN) && !enabled("delivery", Level::INFO));
        assert!(!enabled("hyper", Level::ERROR));
        assert!(matches!(filter(Verbosity::Normal, Some("registry=loud")), Err(Failure::Input(_))));
    }
}
