//! What the log and the trace keep of a span while it is open.

use std::time::Instant;

use tracing::Subscriber;
use tracing::field::Visit;
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// A span that has not ended, with its fields in the form of one layer.
pub(crate) struct OpenSpan<F> {
    /// When it began.
    pub(crate) begun: Instant,
    /// Its fields.
    pub(crate) fields: F,
}

/// Keeps a new span and its fields.
pub(crate) fn open<F, S>(attributes: &Attributes<'_>, id: &Id, context: &Context<'_, S>)
where
    F: Visit + Default + Send + Sync + 'static,
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(span) = context.span(id) {
        let mut fields = F::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(OpenSpan { begun: Instant::now(), fields });
    }
}

/// Adds fields to a span that [`open`] keeps.
pub(crate) fn record<F, S>(id: &Id, values: &Record<'_>, context: &Context<'_, S>)
where
    F: Visit + Send + Sync + 'static,
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if let Some(span) = context.span(id)
        && let Some(open) = span.extensions_mut().get_mut::<OpenSpan<F>>()
    {
        values.record(&mut open.fields);
    }
}
