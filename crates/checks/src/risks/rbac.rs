//! Permissions that grow.

use std::collections::BTreeSet;

use manifest::Node;

use super::collector::RiskCollector;
use super::model::Pair;
use super::values::{items, text, texts};

/// What a rule grants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    /// The API group; `-` for a path that is not a resource.
    group: String,
    /// The resource, with its names if it is restricted to some, or the path.
    resource: String,
    verb: String,
}

/// The most grants of one role that are compared one by one.
const MAX_GRANTS: usize = 20_000;

pub(crate) fn role(pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let Some(new) = pair.new else { return };
    let before = pair.old.map(grants).unwrap_or_default();
    let mut added: Vec<Grant> = grants(new).into_iter().filter(|grant| !covers(&before, grant)).collect();
    let node = new.get("rules");
    let mut report = |id: &'static str, grants: Vec<&Grant>| {
        if !grants.is_empty() {
            found.add(id, "rules", node, format!("it gets {}", listed(&grants)));
        }
    };
    let wildcard = |grant: &&Grant| grant.resource == "*" || grant.verb == "*";
    report("rbac-wildcard", added.iter().filter(wildcard).collect());
    let escalation = |grant: &&Grant| matches!(grant.verb.as_str(), "escalate" | "bind" | "impersonate");
    report("rbac-escalation", added.iter().filter(escalation).collect());
    let secrets = |grant: &&Grant| {
        grant.group.is_empty()
            && grant.resource == "secrets"
            && matches!(grant.verb.as_str(), "get" | "list" | "watch" | "*")
    };
    report("rbac-secrets", added.iter().filter(secrets).collect());
    if pair.old.is_some() {
        added.retain(|grant| !wildcard(&grant) && !escalation(&grant) && !secrets(&grant));
        report("rbac-grows", added.iter().collect());
    }
}

fn grants(role: &Node) -> BTreeSet<Grant> {
    let mut all = BTreeSet::new();
    for rule in items(role, &["rules"]) {
        let names = texts(rule, &["resourceNames"]).collect::<Vec<_>>().join(",");
        let suffix = if names.is_empty() { String::new() } else { format!(" named {names}") };
        for verb in texts(rule, &["verbs"]) {
            for path in texts(rule, &["nonResourceURLs"]) {
                all.insert(Grant { group: "-".to_owned(), resource: path.to_owned(), verb: verb.to_owned() });
            }
            for resource in texts(rule, &["resources"]) {
                for group in texts(rule, &["apiGroups"]) {
                    if all.len() < MAX_GRANTS {
                        let resource = format!("{resource}{suffix}");
                        all.insert(Grant { group: group.to_owned(), resource, verb: verb.to_owned() });
                    }
                }
            }
        }
    }
    all
}

/// Whether a grant was there before, also within a wildcard or without a restriction to names.
fn covers(before: &BTreeSet<Grant>, Grant { group, resource, verb }: &Grant) -> bool {
    let unnamed = resource.split(" named ").next().unwrap_or_default();
    let either = |value: &str| [value.to_owned(), "*".to_owned()];
    let resources = [resource.clone(), unnamed.to_owned(), "*".to_owned()];
    either(group).into_iter().any(|group| {
        resources.iter().any(|resource| {
            let grant = |verb| Grant { group: group.clone(), resource: resource.clone(), verb };
            either(verb).into_iter().any(|verb| before.contains(&grant(verb)))
        })
    })
}

fn listed(grants: &[&Grant]) -> String {
    let one = |Grant { group, resource, verb }: &&Grant| match group.as_str() {
        "" | "-" => format!("{verb} {resource}"),
        _ => format!("{verb} {resource}.{group}"),
    };
    let shown: Vec<String> = grants.iter().take(5).map(one).collect();
    let more = grants.len().saturating_sub(5);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

pub(crate) fn binding(pair: Pair<'_>, found: &mut RiskCollector<'_>) {
    let Some(new) = pair.new else { return };
    let subjects = |object: &Node| -> BTreeSet<String> { items(object, &["subjects"]).iter().map(subject).collect() };
    let role = |object: &Node| text(object, &["roleRef", "name"]).map(str::to_owned);
    let same_role = pair.old.is_some_and(|old| role(old) == role(new));
    let before = pair.old.filter(|_| same_role).map(subjects).unwrap_or_default();
    let added: Vec<String> = subjects(new).into_iter().filter(|one| !before.contains(one)).collect();
    if added.is_empty() {
        return;
    }
    let node = new.get("subjects");
    let role = role(new).unwrap_or_default();
    if role == "cluster-admin" {
        found.add("rbac-cluster-admin", "subjects", node, format!("{} gets it", added.join(", ")));
    }
    let public = ["Group system:unauthenticated", "Group system:authenticated", "User system:anonymous"];
    let everyone: Vec<&String> = added.iter().filter(|one| public.contains(&one.as_str())).collect();
    for one in everyone {
        found.add("rbac-public", "subjects", node, format!("{one} gets role {role}"));
    }
}

fn subject(node: &Node) -> String {
    let get = |key| text(node, &[key]).unwrap_or_default();
    match get("namespace") {
        "" => format!("{} {}", get("kind"), get("name")),
        namespace => format!("{} {namespace}/{}", get("kind"), get("name")),
    }
}
