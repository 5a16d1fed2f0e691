//! Random values and times that are derived from a seed, so that a rendering can be repeated, and varied in single calls.
//!
//! A call of a random function is identified by its place, not by the line it is on: a change elsewhere in the chart leaves its result as
//! it is. Two renderings that differ in the results of one call show whether that call reaches the output.

mod call;
mod log;
mod seed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use gotemplate::{CallReferences, CallSite, ErrorLocation, Reference};

pub use call::{CallGroup, CallKey, CallKind, ChartCall};
pub use log::{Made, MadeCall, Memo};
pub use seed::Seed;

use crate::time::Now;
pub(crate) use call::place;
pub(crate) use log::MemoKey;

/// The calls whose results differ from those of the usual rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Vary {
    /// None.
    #[default]
    Nothing,
    /// Those that are random or read the clock.
    Everything,
    /// Those of one kind.
    Kind(CallKind),
    /// Those that are random or read the clock, of one function at one place.
    Group(CallGroup),
}

/// A value of a chart that is set in addition to those of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueSetter {
    /// The chart that is rendered.
    pub chart: ChartCall,
    /// As `--set` takes it: `auth.password=x`.
    pub setter: String,
}

/// How random values and times are derived.
#[derive(Clone, Debug, Default)]
pub struct Derivation {
    /// What random values are derived from.
    pub seed: Seed,
    /// What the clock shows.
    pub now: Now,
    /// What the clock shows where it varies.
    pub other_time: Now,
    /// The calls that differ from the usual rendering.
    pub vary: Vary,
    /// The results of calls that are known.
    pub known: BTreeMap<CallKey, Made>,
    /// Values that are tried.
    pub setters: Vec<ValueSetter>,
    /// Whether certificates are valid without end, since a time in the past would end them.
    pub unlimited_certificates: bool,
    /// The results of functions that need much time, shared by the renderings of a unit.
    pub memo: Memo,
}

/// Where the functions of charts get random values and the time from, for one rendering.
#[derive(Debug, Default)]
pub struct Repeatable {
    pub(crate) derivation: Derivation,
    calls: Mutex<Vec<MadeCall>>,
}

impl Repeatable {
    /// Makes the source for one rendering.
    #[must_use]
    pub fn new(derivation: Derivation) -> Repeatable {
        Repeatable { derivation, calls: Mutex::default() }
    }

    /// Returns the calls that were made, each with its result, in no particular order.
    pub fn calls(&self) -> Vec<MadeCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns whether the result of a call differs from that of the usual rendering.
    pub(crate) fn is_varied(&self, key: &CallKey, kind: CallKind) -> bool {
        match &self.derivation.vary {
            Vary::Nothing => false,
            Vary::Everything => kind != CallKind::Order,
            Vary::Kind(varied) => *varied == kind,
            Vary::Group(group) => kind != CallKind::Order && key.group == *group,
        }
    }

    /// Returns what the clock shows.
    pub(crate) fn time_of_clock(&self) -> Now {
        self.derivation.now
    }

    /// Returns the current time for a call.
    pub(crate) fn time(&self, key: &CallKey) -> Now {
        if self.is_varied(key, CallKind::Clock) { self.derivation.other_time } else { self.derivation.now }
    }

    /// Records a call.
    pub(crate) fn record(&self, call: MadeCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// Returns the values that are tried with a chart.
    pub(crate) fn setters<'a>(&'a self, chart: &'a ChartCall) -> impl Iterator<Item = &'a str> {
        self.derivation.setters.iter().filter(move |setter| setter.chart == *chart).map(|setter| setter.setter.as_str())
    }
}

/// The rendering of one chart with derived values.
#[derive(Debug)]
pub(crate) struct ChartSource {
    pub(crate) source: Arc<Repeatable>,
    pub(crate) chart: ChartCall,
    /// How many calls were made at each place so far.
    pub(crate) counts: Mutex<BTreeMap<call::Counted, u32>>,
}

impl ChartSource {
    pub(crate) fn new(source: Arc<Repeatable>, chart: ChartCall) -> ChartSource {
        ChartSource { source, chart, counts: Mutex::default() }
    }
}
