//! Values of a chart that keep a random result from the output. They are guessed from what the templates refer to near the call, and
//! each guess is tried.

use std::collections::BTreeSet;

use render_core::repeatable::{Derivation, MadeCall, Reference, ValueSetter, Vary};

use super::UnitRenderings;

/// The maximum number of renderings of a unit to try values.
const MOST_TRIALS: usize = 24;

/// The maximum number of values that are named for a call.
const MOST_NAMED: usize = 3;

/// A value that passes most checks of passwords.
const SAMPLE: &str = "Hydrant-Sample-0123456789";

pub(super) struct Values<'a> {
    unit: &'a UnitRenderings<'a>,
    trials: usize,
}

impl<'a> Values<'a> {
    pub(super) fn new(unit: &'a UnitRenderings<'a>) -> Self {
        Values { unit, trials: 0 }
    }

    /// Returns the values that keep the results of these calls, which are of one place, from the output.
    pub(super) fn avoiding(&mut self, calls: &[&MadeCall]) -> Vec<String> {
        let candidates = candidates(calls);
        let mut found = Vec::new();
        for sample in [SAMPLE, "true", "false"] {
            for path in &candidates {
                if found.len() < MOST_NAMED && self.trials < MOST_TRIALS && self.avoids(calls, path, sample) {
                    found.push(if sample == SAMPLE { path.clone() } else { format!("{path}={sample}") });
                }
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// Whether a value makes the output the same for every result of the calls.
    fn avoids(&mut self, calls: &[&MadeCall], path: &str, sample: &str) -> bool {
        self.trials += 1;
        let Some(call) = calls.first() else { return false };
        let group = &call.key.group;
        let setters = vec![ValueSetter { chart: group.chart.clone(), setter: format!("{path}={sample}") }];
        let rendered = |vary| self.unit.rendering(Derivation { vary, setters: setters.clone(), ..self.unit.source() });
        let (Ok(usual), Ok(varied)) = (rendered(Vary::Nothing), rendered(Vary::Group(group.clone()))) else {
            return false;
        };
        usual.fields().differences(&varied.fields()).is_empty()
    }
}

/// The paths of values that the templates refer to near calls, the nearest first.
fn candidates(calls: &[&MadeCall]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for call in calls {
        let root = call.sites.first().map(|site| subcharts(&site.location.name)).unwrap_or_default();
        for near in call.references.iter().rev() {
            let own = subcharts(&near.name);
            for reference in &near.references {
                let Some(path) = path(reference) else { continue };
                for prefix in [&root, &own] {
                    let path = if path.starts_with("global.") { path.clone() } else { format!("{prefix}{path}") };
                    if seen.insert(path.clone()) {
                        all.push(path);
                    }
                }
            }
        }
    }
    all
}

/// The keys below which the values of a template's chart are: `db.cache.` for `web/charts/db/charts/cache/templates/x.yaml`.
fn subcharts(template: &str) -> String {
    let folders = template.split("/templates/").next().unwrap_or_default();
    folders.split("/charts/").skip(1).map(|name| format!("{name}.")).collect()
}

/// The path of values that a reference may mean.
fn path(reference: &Reference) -> Option<String> {
    let path = match reference {
        Reference::Field(text) => text.split_once(".Values.")?.1,
        Reference::Text(text) => text,
    };
    let is_key = |key: &str| {
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    (path.len() < 200 && path.split('.').all(is_key)).then(|| path.to_owned())
}
