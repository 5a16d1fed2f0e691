//! `hydrant bootstrap`: the objects with which Argo CD or Flux pulls the output.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};

use crate::plan::{Plan, PlannedUnit};
use crate::verbs::artifact::Target;

mod argo_cd;
mod flux;

/// Who pulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Puller {
    /// One Application a unit (`argoproj.io/v1alpha1`).
    ArgoCd,
    /// One ApplicationSet for all units (`argoproj.io/v1alpha1`).
    ArgoCdSet,
    /// One GitRepository or OCIRepository (`source.toolkit.fluxcd.io/v1`) and one Kustomization
    /// (`kustomize.toolkit.fluxcd.io/v1`) a unit.
    Flux,
}

/// What a puller needs to know of one unit.
struct Pull {
    /// The name of its objects.
    name: String,
    /// Where it is pulled from.
    from: From,
    /// The folder there, empty for the root.
    folder: String,
    /// The file in the folder that holds the objects; nothing where each object has a file.
    file: Option<String>,
}

enum From {
    Branch { repository: String, branch: String },
    Artifact { url: String, tag: String },
}

/// The objects for every unit of the plan, which pull from its branch, or from its artifact where a target is given; an
/// artifact by the first of its tags. `namespace` is where the puller looks for them; the units' own objects carry their
/// namespaces, since hydrant has rendered them.
///
/// # Errors
/// An invalid target for a unit, and two units whose objects would have one name.
pub fn print(plan: &Plan, puller: Puller, namespace: &str, artifacts: Option<&Target>) -> Result<String, Errors> {
    let mut pulls = Vec::with_capacity(plan.units.len());
    let mut names = BTreeMap::new();
    for unit in &plan.units {
        let pull = pull(unit, artifacts)?;
        if let Some(other) = names.insert(pull.name.clone(), unit) {
            let message = format!("{} and {} have the same name {}", other.name(), unit.name(), pull.name);
            let found = Diagnostic::new(message);
            return Err(found.hint("print them one by one with -s and -e, and rename the objects of one").into());
        }
        pulls.push(pull);
    }
    let documents: Vec<String> = match puller {
        Puller::ArgoCd => pulls.iter().map(|pull| argo_cd::application(pull, namespace)).collect(),
        Puller::ArgoCdSet => vec![argo_cd::application_set(&pulls, namespace)],
        Puller::Flux => pulls.iter().map(|pull| flux::source_and_kustomization(pull, namespace)).collect(),
    };
    Ok(documents.join("---\n"))
}

fn pull(unit: &PlannedUnit, artifacts: Option<&Target>) -> Result<Pull, Diagnostic> {
    let from = match artifacts {
        None => From::Branch { repository: unit.repository.clone(), branch: unit.branch.clone() },
        Some(target) => {
            let place = target.location(unit)?;
            From::Artifact { url: place.url(), tag: place.tags.first().cloned().unwrap_or_default() }
        }
    };
    let file = (!unit.path.ends_with('/')).then(|| unit.path.rsplit('/').next().unwrap_or(&unit.path).to_owned());
    Ok(Pull { name: name(unit), from, folder: unit.branch_folder(), file })
}

/// A valid name of a Kubernetes object: lower-case letters, digits and dashes, not more than 63.
fn name(unit: &PlannedUnit) -> String {
    let text = format!("{}-{}", unit.service, unit.environment).to_lowercase();
    let text: String = text.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    text.trim_matches('-').chars().take(63).collect::<String>().trim_end_matches('-').to_owned()
}

/// A string in JSON's quotes, which every YAML parser accepts.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
