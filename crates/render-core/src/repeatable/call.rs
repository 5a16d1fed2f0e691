//! Calls of functions, identified by chart and place.

use std::sync::PoisonError;

use gotemplate::CallSite;

use super::ChartSource;

/// What a call's result depends on besides its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// Random bytes.
    Random,
    /// The current time.
    Clock,
    /// The order of a map's entries, which helm draws at random.
    Order,
}

/// A chart that is rendered as a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChartCall {
    /// The chart's name.
    pub chart: String,
    /// The release's name.
    pub release: String,
    /// The release's namespace.
    pub namespace: String,
}

/// The calls of one function at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallGroup {
    /// The chart.
    pub chart: ChartCall,
    /// The templates that run inside each other, from the last one that is a file of its own: `web/templates/secret.yaml`, `web.password`.
    pub place: Vec<String>,
    /// The function's name.
    pub function: &'static str,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// The function and its place.
    pub group: CallGroup,
    /// How many calls of that function came before at that place.
    pub ordinal: u32,
}

/// A place whose calls are counted. A file that another one includes has counts of its own, so that its calls have the same keys as when it
/// is rendered by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Counted {
    /// The calls that led to the file: template, line and column.
    includes: Vec<String>,
    group: CallGroup,
    kind: CallKind,
}

/// Returns the key of a call, and counts it.
pub(crate) fn place(source: &ChartSource, sites: &[CallSite], function: &'static str, kind: CallKind) -> CallKey {
    let file = sites.iter().rposition(is_file).unwrap_or_default();
    let (outer, inner) = sites.split_at(file);
    let includes = outer.iter().map(|site| {
        let location = &site.location;
        format!("{}:{}:{}", location.name, location.line, location.column)
    });
    let place = inner.iter().map(|site| site.template.clone()).collect();
    let group = CallGroup { chart: source.chart.clone(), place, function };
    let counted = Counted { includes: includes.collect(), group: group.clone(), kind };
    let mut counts = source.counts.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(counted).or_default();
    let ordinal = *count;
    *count += 1;
    CallKey { group, ordinal }
}

/// Returns whether a template is a file that is rendered by itself.
fn is_file(site: &CallSite) -> bool {
    let name = &site.template;
    let base = name.rsplit('/').next().unwrap_or(name);
    *name == site.location.name && name.contains('/') && !base.starts_with('_')
}
