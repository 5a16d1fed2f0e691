//! A plan as text, as JSON, and as a matrix for GitHub Actions.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::plan::{Plan, Profiles, Source, Unit};
use crate::report::table;

/// A table for people: a line a unit.
pub fn text(plan: &Plan) -> String {
    let mut rows =
        vec![["SERVICE", "ENVIRONMENT", "RENDERS", "REPOSITORY", "BRANCH", "PATH"].map(String::from).to_vec()];
    rows.extend(plan.units.iter().map(|unit| {
        vec![
            unit.service.clone(),
            unit.environment.clone(),
            renders(plan, unit),
            below(&plan.root, &unit.repository),
            unit.branch.clone(),
            unit.path.clone(),
        ]
    }));
    table::print(&rows)
}

/// `services/cart/skaffold.yaml -p production`, or a kustomization's folder.
fn renders(plan: &Plan, unit: &Unit) -> String {
    match &unit.source {
        Source::Kustomize { folder } => below(&plan.root, folder),
        Source::Helm(release) => {
            let values = release.values.iter().map(|path| format!(" -f {}", below(&plan.root, path)));
            format!("{}/Chart.yaml{}", below(&plan.root, &release.chart), values.collect::<String>())
        }
        Source::Skaffold { file, profiles, modules, .. } => {
            let mut text = format!("{}/{file}", below(&plan.root, &unit.folder));
            let profiles = match profiles {
                Profiles::Named(names) => names.join(","),
                Profiles::IfPresent(name) => name.clone(),
            };
            // A String takes whatever is written to it.
            let _ = write!(text, " -p {profiles}");
            for module in modules {
                let _ = write!(text, " -m {module}");
            }
            text
        }
    }
}

fn below(root: &str, path: &str) -> String {
    match path.strip_prefix(root) {
        Some("") => ".".to_owned(),
        Some(rest) if rest.starts_with('/') => rest[1..].to_owned(),
        _ => path.to_owned(),
    }
}

/// Everything that was decided, paths below the config's folder relative to it.
pub fn json(plan: &Plan) -> String {
    let units: Vec<Value> = plan.units.iter().map(|unit| unit_json(plan, unit)).collect();
    let value = json!({ "locked": plan.digests.is_locked(), "lock": below(&plan.root, &plan.lock), "units": units });
    format!("{value:#}\n")
}

fn unit_json(plan: &Plan, unit: &Unit) -> Value {
    let source = match &unit.source {
        Source::Kustomize { folder } => json!({ "kustomize": below(&plan.root, folder) }),
        Source::Helm(release) => json!({ "helm": {
            "chart": below(&plan.root, &release.chart),
            "release": release.name,
            "namespace": release.namespace,
            "values": release.values.iter().map(|path| below(&plan.root, path)).collect::<Vec<_>>(),
            "includeCrds": release.include_crds,
            "tests": release.tests,
            "kubeVersion": release.kube_version,
            "apiVersions": release.api_versions,
        } }),
        Source::Skaffold { file, profiles, modules, default_repo, namespace, tag } => json!({
            "skaffold": file,
            "profiles": match profiles {
                Profiles::Named(names) => json!(names),
                Profiles::IfPresent(name) => json!({ "ifThere": name }),
            },
            "modules": modules, "defaultRepo": default_repo, "namespace": namespace, "tag": tag,
        }),
    };
    json!({
        "service": unit.service,
        "environment": unit.environment,
        "folder": below(&plan.root, &unit.folder),
        "source": source,
        "repository": below(&plan.root, &unit.repository),
        "branch": unit.branch,
        "path": unit.path,
        "review": if unit.review.is_some() { "pull-request" } else { "push" },
        "request": unit.review.as_ref().map(|request| json!({
            "host": format!("{:?}", request.host).to_lowercase(),
            "topic": request.topic,
            "labels": request.labels,
            "reviewers": request.reviewers,
            "draft": request.draft,
            "autoMerge": request.auto_merge.map(|method| format!("{method:?}").to_lowercase()),
        })),
        "policy": {
            "images": format!("{:?}", unit.images).to_lowercase(),
            "digests": format!("{:?}", unit.digests).to_lowercase(),
            "secrets": format!("{:?}", unit.secrets).to_lowercase(),
        },
        "message": unit.message,
    })
}

/// `{"include":[{"service":…,"environment":…}]}` on one line, for `fromJSON` in a workflow's `strategy.matrix`.
pub fn github_matrix(plan: &Plan) -> String {
    let include: Vec<Value> = plan
        .units
        .iter()
        .map(|unit| json!({ "service": unit.service, "environment": unit.environment, "branch": unit.branch }))
        .collect();
    format!("{}\n", json!({ "include": include }))
}
