//! The config of one unit, made from flags, for a run without a hydrant.yaml.

use std::collections::BTreeMap;

use manifest::Diagnostic;

use super::discover::DiscoveredService;
use super::settings::Settings;
use crate::config::{Config, Environment, Environments, Service, Services};

/// Makes the config of the one service in the settings' folder, in the one environment that is named.
///
/// # Errors
/// No name for the environment, or several services, environments or profiles.
pub(super) fn config(settings: &Settings) -> Result<Config, Diagnostic> {
    let selection = &settings.selection;
    let service = match selection.services.as_slice() {
        [] => service_name(settings)?,
        [one] => one.clone(),
        _ => return Err(one_unit("--service")),
    };
    let environment = match (selection.environments.as_slice(), selection.profiles.0.as_slice()) {
        ([one], _) | ([], [one]) => one.clone(),
        ([], []) => {
            return Err(Diagnostic::new("missing name of the environment")
                .hint("give --profile or --env, or write a hydrant.yaml (`hydrant init`)"));
        }
        ([], _) => return Err(Diagnostic::new("several profiles and no name of the environment").hint("give --env")),
        _ => return Err(one_unit("--env")),
    };
    let profile = (!selection.profiles.0.is_empty()).then(|| selection.profiles.clone());
    let service = Service { name: Some(service), ..Service::glob(".") };
    let environments = Environments(vec![(environment, Environment { profile, ..Environment::default() })]);
    Ok(Config::of(Services(vec![service]), environments))
}

/// The name of the folder; in the root of a clone, that of its repository, since CI systems choose the folder's.
fn service_name(settings: &Settings) -> Result<String, Diagnostic> {
    match &settings.clone {
        Some(clone) if clone.root == settings.folder => clone.name.clone().ok_or_else(|| {
            Diagnostic::new("missing name of the service in the repository's root folder").hint("give --service NAME")
        }),
        _ => Ok(settings.folder.rsplit('/').next().unwrap_or_default().to_owned()),
    }
}

/// The services of a config that was made from flags. Whether their folder holds a Skaffold config shows when it is loaded.
pub(super) fn services(root: &str, config: &Config) -> Vec<DiscoveredService> {
    let found = |entry: &Service| DiscoveredService {
        name: entry.name.clone().unwrap_or_default(),
        folder: root.to_owned(),
        environment: None,
        captures: BTreeMap::new(),
        found: None,
        index: 0,
        entry: entry.clone(),
    };
    config.services.0.iter().map(found).collect()
}

fn one_unit(flag: &str) -> Diagnostic {
    Diagnostic::new(format!("{flag} is given twice, and without a hydrant.yaml there is one unit"))
        .hint("run `hydrant init` to write a hydrant.yaml for several")
}
