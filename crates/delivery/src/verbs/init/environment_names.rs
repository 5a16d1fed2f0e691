//! Names that only environments have.

/// Names of stages.
const STAGES: [&str; 18] = [
    "dev",
    "devel",
    "develop",
    "development",
    "staging",
    "stage",
    "stg",
    "qa",
    "uat",
    "sit",
    "preprod",
    "pre-prod",
    "preproduction",
    "prod",
    "production",
    "prd",
    "nonprod",
    "non-prod",
];
/// Names of stages that are names of services and folders too.
const WEAK: [&str; 12] = [
    "test",
    "testing",
    "tst",
    "int",
    "integration",
    "acc",
    "acceptance",
    "live",
    "sandbox",
    "demo",
    "preview",
    "local",
];
/// What may be beside a stage in the name of an environment: regions, clouds, colours and numbers.
const BESIDE: [&str; 32] = [
    "eu",
    "us",
    "ap",
    "uk",
    "de",
    "fr",
    "asia",
    "europe",
    "america",
    "emea",
    "apac",
    "east",
    "west",
    "north",
    "south",
    "central",
    "northeast",
    "southeast",
    "northwest",
    "southwest",
    "aws",
    "gcp",
    "gke",
    "eks",
    "aks",
    "azure",
    "blue",
    "green",
    "primary",
    "secondary",
    "cluster",
    "env",
];

/// Whether a name is that of an environment where others beside it are.
pub(super) fn may_be_environment(name: &str) -> bool {
    is_environment(name) || WEAK.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a folder or a part of a file's name is the name of an environment: a stage (`prod`), or a stage with regions, clouds,
/// colours or numbers (`prod-eu-1`). `test-app` is none.
pub(super) fn is_environment(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    if STAGES.contains(&name.as_str()) {
        return true;
    }
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
    let base = |part: &str| part.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
    let stages = parts.iter().filter(|part| STAGES.contains(&base(part).as_str())).count();
    let others = parts.iter().filter(|part| is_number(part) || BESIDE.contains(&base(part).as_str())).count();
    stages > 0 && stages + others == parts.len()
}

#[cfg(test)]
mod tests {
    use super::is_environment;

    #[test]
    fn stages_are_environments() {
        for name in ["prod", "Production", "prod-eu", "eu-west-1-prod", "staging2", "dev_1", "gcp-prod-us", "pre-prod"]
        {
            assert!(is_environment(name), "{name}");
        }
        for name in ["test-app", "test", "web", "prometheus", "eu", "live-chat", "dev-tools", "", "1", "production-db"]
        {
            assert!(!is_environment(name), "{name}");
        }
    }
}
