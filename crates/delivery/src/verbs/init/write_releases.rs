//! The entries of releases in a `hydrant.yaml`.

use std::collections::BTreeSet;
use std::fmt::Write;

use manifest::yaml;
use serde_json::{Map, Value};

use super::{FoundChart, FoundRelease};

/// Writes an entry for each release in one of these environments. A name in `taken` is another service's.
pub(super) fn write(text: &mut String, releases: &[FoundRelease], environments: &[String], taken: &BTreeSet<&str>) {
    for release in releases {
        let own: Vec<&String> = release.environments.iter().filter(|name| environments.contains(name)).collect();
        if own.is_empty() && !release.environments.is_empty() {
            let elsewhere = release.environments.join(", ");
            // A String takes whatever is written to it.
            let _ = writeln!(text, "# {} has none of these environments, but {elsewhere}.", release.file);
            continue;
        }
        let _ = writeln!(text, "# {}", release.file);
        for note in &release.notes {
            let _ = writeln!(text, "#   {}", note.replace('\n', " "));
        }
        let service = match taken.contains(release.service.as_str()) {
            true => format!("{}-chart", release.service),
            false => release.service.clone(),
        };
        entry(text, release, &service);
        let is_all = own.len() == environments.len();
        if !own.is_empty() && !is_all {
            let _ = writeln!(text, "  environments: {own:?}");
        }
    }
}

fn entry(text: &mut String, release: &FoundRelease, service: &str) {
    let _ = writeln!(text, "- service: {service:?}\n  helm:");
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(text, "    {name}: {value:?}");
    };
    match &release.chart {
        FoundChart::Folder(folder) => field("chart", if folder.is_empty() { "." } else { folder }),
        FoundChart::At(url) => field("chart", url),
        FoundChart::Named { repository, name } => {
            field("repository", repository);
            field("chart", name);
        }
    }
    if let Some(version) = &release.version {
        field("version", version);
    }
    let name = release.release.clone().or_else(|| (service != release.service).then(|| release.service.clone()));
    if let Some(name) = name {
        field("release", &name);
    }
    if !release.values_files.is_empty() {
        let _ = writeln!(text, "    values: {:?}", release.values_files);
    }
    if release.skips_crds {
        text.push_str("    includeCrds: false\n");
    }
    if !release.set.is_empty() {
        text.push_str("    set:\n");
        for set in &release.set {
            let _ = writeln!(text, "    - {set:?}");
        }
    }
    inline_values(text, &release.values);
    if let Some(namespace) = &release.namespace {
        let _ = writeln!(text, "  namespace: {namespace:?}");
    }
}

fn inline_values(text: &mut String, values: &Map<String, Value>) {
    let mut printed = String::new();
    let node = yaml::from_json(&Value::Object(values.clone()));
    if values.is_empty() || yaml::write_kustomize(&node, &mut printed).is_err() {
        return;
    }
    text.push_str("    valuesInline:\n");
    for line in printed.lines() {
        let indent = if line.is_empty() { "" } else { "      " };
        let _ = writeln!(text, "{indent}{line}");
    }
}
