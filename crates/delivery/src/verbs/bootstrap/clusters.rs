//! The clusters of units. Flux runs in the cluster that it applies to, so its objects are printed for one cluster at a time.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use crate::plan::PlannedUnit;

/// Checks that all units run in one cluster. Units without `cluster.name` and `cluster.server` are in one of their own.
///
/// # Errors
/// Units of several clusters.
pub(super) fn only_one(units: &[PlannedUnit]) -> Result<(), Diagnostic> {
    let mut environments: BTreeMap<Option<&str>, &str> = BTreeMap::new();
    for unit in units {
        let cluster = unit.cluster.name.as_ref().or(unit.cluster.server.as_ref()).map(String::as_str);
        environments.entry(cluster).or_insert(&unit.environment);
    }
    if environments.len() < 2 {
        return Ok(());
    }
    let listed = environments.iter().map(|(cluster, environment)| match cluster {
        Some(cluster) => format!("{cluster} ({environment})"),
        None => format!("no named one ({environment})"),
    });
    let message = format!(
        "the units run in {} clusters, and Flux applies to its own: {}",
        environments.len(),
        listed.collect::<Vec<_>>().join(", ")
    );
    Err(Diagnostic::new(message)
        .hint("print the objects of each cluster with --cluster NAME, or select its environments with -e"))
}
