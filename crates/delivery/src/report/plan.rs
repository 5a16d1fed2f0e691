//! A plan as text, as JSON, and as a matrix for GitHub Actions.

use checks::KubernetesVersion;
use render_core::kustomize;
use render_core::skaffold::SkaffoldOptions;
use serde_json::{Value, json};

use crate::config::SchemaPolicy;
use crate::plan::{ChartSource, Cluster, Plan, PlannedUnit, Release, Source};
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
            below(&plan.root, &unit.repository.to_string()),
            unit.branch.clone(),
            unit.path.clone(),
        ]
    }));
    table::print(&rows)
}

/// `services/cart/skaffold.yaml -p production`, or a kustomization's folder.
fn renders(plan: &Plan, unit: &PlannedUnit) -> String {
    match &unit.source {
        Source::Kustomize { folder, .. } => below(&plan.root, folder),
        Source::Manifests { files } => match files.as_slice() {
            [one] => below(&plan.root, one),
            several => format!("{} files in {}", several.len(), below(&plan.root, &unit.folder)),
        },
        Source::Helm(release) => {
            let values = release.values.iter().map(|path| format!(" -f {}", below(&plan.root, path)));
            let chart = match &release.chart {
                ChartSource::Folder(folder) => format!("{}/Chart.yaml", below(&plan.root, folder)),
                ChartSource::Remote(request) => request.to_string(),
            };
            let is_set = !release.set.is_empty() || release.values_inline.is_some();
            let set = if is_set { " --set …" } else { "" };
            let kustomize = release.kustomize.iter().map(|folder| format!(" -k {}", below(&plan.root, folder)));
            let hooks = release.hooks.name();
            let (values, kustomize) = (values.collect::<String>(), kustomize.collect::<String>());
            format!("{chart}{values}{set}{kustomize} (hooks: {hooks})")
        }
        Source::Skaffold(options) => {
            let profiles: Vec<&str> = profiles(options).collect();
            let modules: String = options.modules.iter().map(|module| format!(" -m {module}")).collect();
            format!("{}/{} -p {}{modules}", below(&plan.root, &unit.folder), options.file, profiles.join(","))
        }
    }
}

fn profiles(options: &SkaffoldOptions) -> impl Iterator<Item = &str> {
    options.profiles.iter().chain(&options.optional_profiles).map(String::as_str)
}

fn below(root: &str, path: &str) -> String {
    match path.strip_prefix(root) {
        Some("") => ".".to_owned(),
        Some(rest) if rest.starts_with('/') => rest[1..].to_owned(),
        _ => path.to_owned(),
    }
}

/// The resolved values, with paths below the config's folder relative to it.
pub fn json(plan: &Plan) -> String {
    let units: Vec<Value> = plan.units.iter().map(|unit| unit_json(plan, unit)).collect();
    let value = json!({ "locked": plan.lock_mode.is_locked(), "lock": below(&plan.root, &plan.lock), "units": units });
    format!("{value:#}\n")
}

fn source_json(plan: &Plan, unit: &PlannedUnit) -> Value {
    match &unit.source {
        Source::Kustomize { folder, options } => {
            let set = |given: bool| given.then_some(true);
            let restrictor = options.load_restrictor == kustomize::LoadRestrictor::None;
            let mut value = json!({ "kustomize": below(&plan.root, folder) });
            let given = [
                ("helm", json!(set(options.enable_helm))),
                ("alphaPlugins", json!(set(options.enable_alpha_plugins))),
                ("loadRestrictor", json!(restrictor.then_some("LoadRestrictionsNone"))),
            ];
            for (name, field) in given.into_iter().filter(|(_, field)| !field.is_null()) {
                value[name] = field;
            }
            value
        }
        Source::Manifests { files } => {
            json!({ "manifests": files.iter().map(|path| below(&plan.root, path)).collect::<Vec<_>>() })
        }
        Source::Helm(release) => helm_json(plan, release),
        Source::Skaffold(options) => {
            let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            json!({
                "skaffold": options.file,
                "profiles": match options.optional_profiles.first() {
                    Some(name) => json!({ "ifThere": name }),
                    None => json!(options.profiles),
                },
                "modules": options.modules,
                "defaultRepo": options.default_repo,
                "namespace": set(&options.namespace),
                "tag": set(&options.tag),
            })
        }
    }
}

fn helm_json(plan: &Plan, release: &Release) -> Value {
    let mut helm = json!({
        "release": release.name,
        "namespace": release.namespace,
        "values": release.values.iter().map(|path| below(&plan.root, path)).collect::<Vec<_>>(),
        "includeCrds": release.include_crds,
        "tests": release.tests,
        "hooks": release.hooks.name(),
        "kubeVersion": release.kube_version,
        "apiVersions": release.api_versions,
    });
    match &release.chart {
        ChartSource::Folder(folder) => helm["chart"] = json!(below(&plan.root, folder)),
        ChartSource::Remote(request) => {
            let name = Some(&request.name).filter(|name| !name.is_empty());
            helm["repository"] = json!(crate::host::redact(&request.repository));
            helm["chart"] = json!(name);
            helm["version"] = json!(request.version);
        }
    }
    if let Some(values) = &release.values_inline {
        helm["valuesInline"] = serde_json::from_str(values).unwrap_or_default();
    }
    if !release.set.is_empty() {
        helm["set"] = json!(release.set);
    }
    if let Some(folder) = &release.kustomize {
        helm["kustomize"] = json!(below(&plan.root, folder));
    }
    json!({ "helm": helm })
}

fn unit_json(plan: &Plan, unit: &PlannedUnit) -> Value {
    let mut value = json!({
        "service": unit.service,
        "environment": unit.environment,
        "folder": below(&plan.root, &unit.folder),
        "source": source_json(plan, unit),
        "repository": below(&plan.root, &unit.repository.to_string()),
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
            "schemas": unit.checks.schemas.name(),
        },
        "kubernetes": unit.checks.kubernetes.to_string(),
        "message": unit.message,
    });
    let cluster = &unit.cluster;
    let optional = [
        ("captures", (!unit.captures.is_empty()).then(|| json!(unit.captures))),
        ("variables", unit.variables.as_ref().map(|variables| json!(variables))),
        (
            "cluster",
            (*cluster != Cluster::default())
                .then(|| json!({ "name": cluster.name, "server": cluster.server, "namespace": cluster.namespace })),
        ),
    ];
    for (name, set) in optional {
        if let Some(set) = set {
            value[name] = set;
        }
    }
    value
}

/// One line for each environment that patterns captured and the config does not have.
pub fn undeclared(plan: &Plan) -> Vec<String> {
    let line = |(name, path): (&String, &String)| {
        format!("not delivered, since `environments` does not have \"{name}\": {}", below(&plan.root, path))
    };
    plan.undeclared.iter().map(line).collect()
}

/// The version of Kubernetes whose schemas apply to units that set none; absent if there is none.
pub fn assumed_kubernetes(plan: &Plan) -> Option<String> {
    let is_assumed = |unit: &&PlannedUnit| unit.checks.schemas != SchemaPolicy::Off && !unit.checks.is_kubernetes_set;
    let count = plan.units.iter().filter(is_assumed).count();
    let units = if count == 1 { "unit" } else { "units" };
    let newest = KubernetesVersion::NEWEST;
    (count > 0).then(|| {
        format!("schemas of Kubernetes {newest}, the newest known version, apply to {count} {units} without `cluster.kubernetes`")
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
