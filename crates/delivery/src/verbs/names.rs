//! The names of services and environments, for the completion of shells.

use std::collections::BTreeSet;

use manifest::Errors;
use render_core::files::Files;

use crate::plan::plan;
use crate::plan::settings::{Selection, Settings};

/// The names of a config, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The services.
    pub services: Vec<String>,
    /// The environments.
    pub environments: Vec<String>,
}

/// Returns the names of all units of the config that applies in `folder`, which is absolute. Nothing is rendered.
///
/// # Errors
/// No config is found, or it is invalid.
pub fn names(files: &dyn Files, folder: &str) -> Result<Names, Errors> {
    let selection = Selection { default_to_all: true, ..Selection::default() };
    let plan = plan(files, &Settings { folder: folder.to_owned(), selection, ..Settings::default() })?;
    let sorted = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    Ok(Names {
        services: sorted(plan.units.iter().map(|unit| unit.service.as_str()).collect()),
        environments: sorted(plan.units.iter().map(|unit| unit.environment.as_str()).collect()),
    })
}
