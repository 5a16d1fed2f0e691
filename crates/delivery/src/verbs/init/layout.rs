//! Which part of a kustomization's path is its service, and which its environment.

use std::collections::{BTreeMap, BTreeSet};

use super::environment_names::{is_environment, may_be_environment};
use crate::config::PathPattern;
use crate::config::pattern::{NameMatcher, name_matcher};

/// The kustomizations of a repository. Paths are below its root.
#[derive(Clone, Debug, Default)]
pub(super) struct Kustomizations {
    /// Every folder with a kustomization that is no component.
    pub(super) all: BTreeSet<String>,
    /// The folders that each kustomization is made of.
    pub(super) parts: BTreeMap<String, BTreeSet<String>>,
    /// Those that only list other kustomizations.
    pub(super) lists: BTreeSet<String>,
}

/// Kustomizations with one layout: a pattern, and its units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// A pattern with captures, such as `apps/{service}/overlays/{environment}`.
    pub pattern: String,
    /// The service's name, where the pattern does not capture it.
    pub service: Option<String>,
    /// The units, sorted.
    pub units: BTreeSet<FoundUnit>,
}

/// A unit that `init` found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundUnit {
    /// The service's name.
    pub service: String,
    /// The environment's name.
    pub environment: String,
}

/// A folder that is not delivered, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The folder.
    pub folder: String,
    /// The reason, as a part of a sentence.
    pub reason: String,
}

impl LeftOut {
    pub(super) fn new(folder: String, reason: &str) -> Self {
        LeftOut { folder, reason: reason.to_owned() }
    }
}

/// What a kustomization is.
enum Kind {
    /// A unit: the pattern of its path, the service where the path has none, and its names.
    Unit {
        pattern: String,
        fixed_service: bool,
        unit: FoundUnit,
    },
    /// Without an environment in its path.
    Alone,
    LeftOut(&'static str),
}

/// What the kustomizations of a repository are.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    pub(super) layouts: Vec<Layout>,
    /// Those without an environment, which fit every environment.
    pub(super) alone: Vec<String>,
    pub(super) left_out: Vec<LeftOut>,
}

/// The names of folders with one subfolder an environment.
const CONTAINERS: [&str; 8] =
    ["overlays", "overlay", "environments", "environment", "envs", "env", "stages", "clusters"];
/// The names of folders that say nothing of the service.
const GENERIC: [&str; 13] = [
    "k8s",
    "kubernetes",
    "deploy",
    "deployment",
    "deployments",
    "manifests",
    "kustomize",
    "kustomization",
    "config",
    "gitops",
    "src",
    "resources",
    "upstream",
];

/// The depth of kustomizations that only list others.
const MAX_LISTS: usize = 8;

impl Kustomizations {
    /// The kustomizations in these folders, and those that they are parts of.
    pub(super) fn with_parts_in(&self, folders: &BTreeSet<String>) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self.all.intersection(folders).cloned().collect();
        loop {
            let is_new = |folder: &&String| {
                !found.contains(*folder) && self.parts.get(*folder).is_some_and(|parts| !parts.is_disjoint(&found))
            };
            let more: Vec<String> = self.all.iter().filter(is_new).cloned().collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Sorts the kustomizations. `root` is the name of a service without a folder of its own.
    pub(super) fn sort(&self, root: &str) -> Sorted {
        let mut children: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for folder in &self.all {
            let mut rest = folder.as_str();
            while let Some((above, name)) = rest.rsplit_once('/').or((!rest.is_empty()).then_some(("", rest))) {
                children.entry(above).or_default().insert(name);
                rest = above;
            }
        }
        let mut sorting = Sorting { known: self, root, children, service_folders: BTreeSet::new() };
        sorting.service_folders = sorting.service_folders();
        sorting.sort()
    }
}

/// The kustomizations and what is derived from all of them.
struct Sorting<'a> {
    known: &'a Kustomizations,
    /// The name of a service without a folder of its own.
    root: &'a str,
    /// The names in each folder that lead to kustomizations.
    children: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The folders of services with environments.
    service_folders: BTreeSet<String>,
}

impl Sorting<'_> {
    fn sort(&self) -> Sorted {
        let mut sorted = Sorted::default();
        let mut found: BTreeMap<(String, Option<String>), BTreeSet<FoundUnit>> = BTreeMap::new();
        for folder in &self.known.all {
            match self.kind(folder) {
                Kind::Unit { pattern, fixed_service, unit } => {
                    let service = fixed_service.then(|| unit.service.clone());
                    found.entry((pattern, service)).or_default().insert(unit);
                }
                Kind::Alone => sorted.alone.push(folder.clone()),
                Kind::LeftOut(reason) => {
                    sorted.left_out.push(LeftOut::new(folder.clone(), reason));
                }
            }
        }
        let layouts: Vec<Layout> =
            found.into_iter().map(|((pattern, service), units)| Layout { pattern, service, units }).collect();
        self.distinct(layouts, &mut sorted);
        sorted
    }

    fn service_folders(&self) -> BTreeSet<String> {
        let folders = self.known.all.iter().filter_map(|folder| {
            let names: Vec<&str> = folder.split('/').collect();
            Some(service_folder(&names, self.environment(&names)?))
        });
        folders.filter(|folder| !folder.is_empty()).collect()
    }

    fn kind(&self, folder: &str) -> Kind {
        let names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
        let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
        if has(&["base", "bases"]) {
            return Kind::LeftOut("a base");
        }
        if has(&["component", "components"]) && !self.has_environments_of_its_own(&names) {
            return Kind::LeftOut("a component");
        }
        if has(&["flux-system"]) {
            return Kind::LeftOut("Flux's own manifests");
        }
        if has(&["template", "templates", "example", "examples"]) {
            return Kind::LeftOut("a template or an example");
        }
        let Some(environment) = self.environment(&names) else {
            return self.without_environment(folder);
        };
        if self.lists_units(folder, 0) {
            return Kind::LeftOut("it only lists kustomizations that are delivered themselves");
        }
        if self.is_part_of_one_above(folder) {
            return Kind::LeftOut("a part of the kustomization above it");
        }
        match self.unit(&names, environment) {
            Some(kind) => kind,
            None => Kind::LeftOut("its path does not tell the service from the environment"),
        }
    }

    /// Whether a folder called `components` holds services: `components/cart/production`, `components/cart/overlays/production`.
    fn has_environments_of_its_own(&self, names: &[&str]) -> bool {
        names.len() > 2
            && matches!(names[0], "components" | "component")
            && self.environment(names).is_some_and(|place| place.index > 1)
    }

    fn without_environment(&self, folder: &str) -> Kind {
        let (above, name) = folder.rsplit_once('/').unwrap_or(("", folder));
        let is_or_in = |service: &String| folder == service || folder.starts_with(&format!("{service}/"));
        if self.known.parts.values().any(|parts| parts.contains(folder)) {
            Kind::LeftOut("a part of other kustomizations")
        } else if !name.is_empty() && self.uses_base_in(folder, above) {
            Kind::LeftOut("a variant of a base without the name of an environment")
        } else if self.service_folders.iter().any(is_or_in) {
            Kind::LeftOut("beside the environments of a service")
        } else {
            Kind::Alone
        }
    }

    /// The place of the environment in a path: below a folder such as `overlays`, else the last name of a stage, else beside a base whose
    /// other variants have names of stages.
    fn environment(&self, names: &[&str]) -> Option<EnvironmentIndex> {
        let container = names.iter().rposition(|name| CONTAINERS.contains(name));
        if let Some(container) = container.filter(|container| container + 1 < names.len()) {
            let place = EnvironmentIndex { index: container + 1, container: true };
            let stage_below = names[container + 2..].iter().any(|name| is_environment(name));
            if may_be_environment(names[place.index]) || !stage_below {
                return Some(place);
            }
        }
        let beside_stage = |index: usize| {
            let above = names[..index].join("/");
            self.children.get(above.as_str()).is_some_and(|names| names.iter().any(|name| is_environment(name)))
        };
        let is_stage = |index: &usize| {
            is_environment(names[*index]) || (may_be_environment(names[*index]) && beside_stage(*index))
        };
        if let Some(index) = (0..names.len()).rev().find(is_stage) {
            return Some(EnvironmentIndex { index, container: false });
        }
        let last = names.len().checked_sub(1)?;
        let above = names[..last].join("/");
        (last > 0 && beside_stage(last) && self.uses_base_in(&names.join("/"), &above))
            .then_some(EnvironmentIndex { index: last, container: false })
    }

    /// Whether a kustomization uses the base in the folder above it.
    fn uses_base_in(&self, folder: &str, above: &str) -> bool {
        let base = if above.is_empty() { "base".to_owned() } else { format!("{above}/base") };
        self.known.parts.get(folder).is_some_and(|parts| parts.contains(&base))
    }

    /// Whether a kustomization in a folder above uses this one and does more than to list others.
    fn is_part_of_one_above(&self, folder: &str) -> bool {
        let mut above = folder;
        while let Some((next, _)) = above.rsplit_once('/') {
            let uses = self.known.parts.get(next).is_some_and(|parts| parts.contains(folder));
            if uses && !self.known.lists.contains(next) {
                return true;
            }
            above = next;
        }
        false
    }

    /// Whether a kustomization only lists others that are units, or that only list units.
    fn lists_units(&self, folder: &str, depth: usize) -> bool {
        let lists = &self.known.lists;
        let parts = self.known.parts.get(folder).filter(|_| depth < MAX_LISTS && lists.contains(folder));
        let delivered = |part: &String| {
            self.lists_units(part, depth + 1)
                || (!lists.contains(part)
                    && self.known.all.contains(part)
                    && matches!(self.kind(part), Kind::Unit { .. }))
        };
        parts.is_some_and(|parts| !parts.is_empty() && parts.iter().all(delivered))
    }

    /// The unit of a path whose environment is at `place`.
    fn unit(&self, names: &[&str], place: EnvironmentIndex) -> Option<Kind> {
        let before = if place.container { place.index - 1 } else { place.index };
        let says_nothing = |name: &&str| GENERIC.contains(name) || CONTAINERS.contains(name);
        let service_before = names[..before].iter().rposition(|name| !says_nothing(name));
        let after = &names[place.index + 1..];
        let overlays = place.container && matches!(names[before], "overlays" | "overlay");
        let captured = |service: usize, others: &[(usize, &str)], environment: String| {
            let mut parts: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            parts[service] = "{service}".to_owned();
            others.iter().for_each(|(index, capture)| parts[*index] = format!("{{{capture}}}"));
            let unit = FoundUnit { service: names[service].to_owned(), environment };
            Kind::Unit { pattern: parts.join("/"), fixed_service: false, unit }
        };
        let environment = names[place.index].to_owned();
        match (service_before, after) {
            (Some(service), []) => Some(captured(service, &[(place.index, "environment")], environment)),
            (None, []) => {
                let mut parts: Vec<&str> = names.to_vec();
                parts[place.index] = "{environment}";
                let unit = FoundUnit { service: self.root.to_owned(), environment };
                Some(Kind::Unit { pattern: parts.join("/"), fixed_service: true, unit })
            }
            (Some(service), [cluster]) if overlays || self.holds_clusters(names, place) => {
                let others = [(place.index, "region"), (place.index + 1, "cluster")];
                Some(captured(service, &others, format!("{environment}-{cluster}")))
            }
            (_, after) if !overlays && self.holds_services(names, place) => {
                let service = place.index + 1 + after.iter().rposition(|name| !says_nothing(name))?;
                Some(captured(service, &[(place.index, "environment")], environment))
            }
            _ => None,
        }
    }

    /// Whether the folder of an environment holds clusters (`cart/production/cluster-1`): the folder above has a base that is a kustomization
    /// itself, or no two environments have a name in common.
    fn holds_clusters(&self, names: &[&str], place: EnvironmentIndex) -> bool {
        let above = names[..place.index].join("/");
        let bases = [format!("{above}/base"), format!("{above}/{}/base", names[place.index])];
        !place.container
            && !above.is_empty()
            && (bases.iter().any(|base| self.known.all.contains(base)) || self.shares_names(&above) == Some(false))
    }

    /// Whether the folder of an environment holds services (`apps/production/cart`).
    fn holds_services(&self, names: &[&str], place: EnvironmentIndex) -> bool {
        let above = names[..place.index].join("/");
        place.container || above.is_empty() || !self.known.all.contains(&format!("{above}/base"))
    }

    /// Whether two environments in a folder hold something of one name; absent where there is only one environment.
    fn shares_names(&self, above: &str) -> Option<bool> {
        let environments = self.children.get(above)?.iter().filter(|name| may_be_environment(name));
        let held: Vec<&BTreeSet<&str>> =
            environments.filter_map(|name| self.children.get(format!("{above}/{name}").as_str())).collect();
        let shares = |one: usize| held[one + 1..].iter().any(|other| !other.is_disjoint(held[one]));
        (held.len() > 1).then(|| (0..held.len()).any(shares))
    }

    /// Notes layouts whose patterns find their units and nothing else of these environments, and whose units have names of their own.
    fn distinct(&self, layouts: Vec<Layout>, sorted: &mut Sorted) {
        let environments: BTreeSet<String> =
            layouts.iter().flat_map(|layout| &layout.units).map(|unit| unit.environment.clone()).collect();
        let mut count: BTreeMap<FoundUnit, usize> = BTreeMap::new();
        for unit in layouts.iter().flat_map(|layout| &layout.units) {
            *count.entry(unit.clone()).or_default() += 1;
        }
        let exact = |layout: &Layout| {
            let mut found = self.units_of(layout);
            found.retain(|unit| environments.contains(&unit.environment));
            found == layout.units
        };
        for layout in layouts {
            if layout.units.iter().all(|unit| count[unit] == 1) && exact(&layout) {
                sorted.layouts.push(layout);
                continue;
            }
            for layout in layout.by_service(&count) {
                if exact(&layout) {
                    sorted.layouts.push(layout);
                } else {
                    let reason = "a pattern for it would find other folders too";
                    sorted.left_out.push(LeftOut::new(layout.pattern, reason));
                }
            }
        }
    }

    /// What the pattern of a layout finds.
    fn units_of(&self, layout: &Layout) -> BTreeSet<FoundUnit> {
        let Ok(pattern) = PathPattern::parse(&layout.pattern) else { return BTreeSet::new() };
        self.known.all.iter().filter_map(|folder| found_unit(&pattern, layout.service.as_deref(), folder)).collect()
    }
}

/// The unit that a pattern makes of a folder, if it matches.
fn found_unit(pattern: &PathPattern, service: Option<&str>, folder: &str) -> Option<FoundUnit> {
    let names: Vec<&str> = folder.split('/').collect();
    if names.len() != pattern.parts().len() {
        return None;
    }
    let mut captures = BTreeMap::new();
    for (part, name) in pattern.parts().iter().zip(names) {
        match name_matcher(part, &captures).ok()? {
            NameMatcher::Literal(literal) if literal == name => {}
            NameMatcher::Pattern(pattern) => captures.extend(pattern.captures(name)?),
            _ => return None,
        }
    }
    let service = service.map(str::to_owned).or_else(|| captures.remove("service"))?;
    let environment = captures.remove("environment").unwrap_or_else(|| {
        let others = pattern.captures().iter().filter_map(|capture| captures.get(capture).map(String::as_str));
        others.collect::<Vec<_>>().join("-")
    });
    Some(FoundUnit { service, environment })
}

impl Layout {
    /// One layout for each service, with its name written out; a name that others have too gets the folders before it.
    fn by_service(self, count: &BTreeMap<FoundUnit, usize>) -> Vec<Layout> {
        let mut services: BTreeMap<String, BTreeSet<FoundUnit>> = BTreeMap::new();
        for unit in &self.units {
            services.entry(unit.service.clone()).or_default().insert(unit.clone());
        }
        let layout = |(service, units): (String, BTreeSet<FoundUnit>)| {
            let pattern = self.pattern.replace("{service}", &service);
            let says_something = pattern
                .split('/')
                .filter(|name| !(name.starts_with('{') || GENERIC.contains(name) || CONTAINERS.contains(name)));
            let literal = says_something.collect::<Vec<_>>().join("-");
            let shared = units.iter().any(|unit| count[unit] > 1);
            let name = if shared && !literal.is_empty() { literal } else { service };
            let units = units.into_iter().map(|unit| FoundUnit { service: name.clone(), ..unit }).collect();
            Layout { pattern, service: Some(name), units }
        };
        services.into_iter().map(layout).collect()
    }
}

/// The place of the environment among the names of a path.
#[derive(Clone, Copy)]
struct EnvironmentIndex {
    index: usize,
    /// Whether a folder such as `overlays` is before it.
    container: bool,
}

/// The folder of the service, where it is before the environment.
fn service_folder(names: &[&str], place: EnvironmentIndex) -> String {
    let end = if place.container { place.index - 1 } else { place.index };
    names[..end.min(names.len())].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(folders: &[&str], parts: &[(&str, &[&str])], lists: &[&str]) -> (Vec<String>, Vec<String>, Vec<String>) {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        let parts = parts.iter().map(|(name, parts)| ((*name).to_owned(), set(parts))).collect();
        let sorted = Kustomizations { all: set(folders), parts, lists: set(lists) }.sort("shop");
        let layout = |layout: &Layout| {
            let units: Vec<String> =
                layout.units.iter().map(|unit| format!("{}/{}", unit.service, unit.environment)).collect();
            let service = layout.service.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
            format!("{}{service}: {}", layout.pattern, units.join(" "))
        };
        let left_out = sorted.left_out.iter().map(|one| one.folder.clone()).collect();
        (sorted.layouts.iter().map(layout).collect(), sorted.alone, left_out)
    }

    #[test]
    fn layouts_are_recognized() {
        let table: &[(&[&str], &[&str])] = &[
            (
                &["apps/web/base", "apps/web/overlays/prod", "apps/api/overlays/prod"],
                &["apps/{service}/overlays/{environment}: api/prod web/prod"],
            ),
            (&["envs/dev/a", "envs/production/a"], &["envs/{environment}/{service}: a/dev a/production"]),
            (
                &["apps/base/podinfo", "apps/staging/podinfo", "apps/production/podinfo"],
                &["apps/{environment}/{service}: podinfo/production podinfo/staging"],
            ),
            (
                &["web/overlays/eu/blue", "web/overlays/us/green"],
                &["{service}/overlays/{region}/{cluster}: web/eu-blue web/us-green"],
            ),
            (
                &["cart/base", "cart/prod/c1", "cart/staging/c2"],
                &["{service}/{region}/{cluster}: cart/prod-c1 cart/staging-c2"],
            ),
            (
                &["x/cart/prod/base", "x/cart/prod/c1", "x/cart/staging/base", "x/cart/staging/c1", "x/cart/dev"],
                &[
                    "x/{service}/{environment}: cart/dev",
                    "x/{service}/{region}/{cluster}: cart/prod-c1 cart/staging-c1",
                ],
            ),
            (&["a/prod/x", "a/prod/y", "a/dev/z"], &["{service}/{region}/{cluster}: a/dev-z a/prod-x a/prod-y"]),
            (&["components/cart/prod", "components/tls"], &["components/{service}/{environment}: cart/prod"]),
            (
                &["x/env/with-tls/dev", "x/env/with-tls"],
                &["x/env/{service}/{environment}: with-tls/dev", "{service}/env/{environment}: x/with-tls"],
            ),
            (&["integration/a", "test/web"], &[]),
            (&["apps/test/web", "apps/prod/web"], &["apps/{environment}/{service}: web/prod web/test"]),
            (&["overlays/prod", "base"], &["overlays/{environment} (shop): shop/prod"]),
            (&["k8s/overlays/prod"], &["k8s/overlays/{environment} (shop): shop/prod"]),
            (&["cart/k8s/prod", "web/k8s/prod"], &["{service}/k8s/{environment}: cart/prod web/prod"]),
            (&["prod/cart", "prod/web", "dev/cart"], &["{environment}/{service}: cart/dev cart/prod web/prod"]),
            (
                &["a/cart/overlays/prod", "b/cart/overlays/prod"],
                &[
                    "a/cart/overlays/{environment} (a-cart): a-cart/prod",
                    "b/cart/overlays/{environment} (b-cart): b-cart/prod",
                ],
            ),
        ];
        for (folders, want) in table {
            assert_eq!(sorted(folders, &[], &[]).0, *want, "{folders:?}");
        }
    }

    #[test]
    fn parts_are_left_out() {
        let folders = ["apps/prod", "apps/prod/cart", "apps/prod/web", "tools/nightly", "tools/nightly/crd"];
        let parts: &[(&str, &[&str])] =
            &[("apps/prod", &["apps/prod/cart", "apps/prod/web"]), ("tools/nightly", &["tools/nightly/crd"])];
        let (layouts, alone, left_out) = sorted(&folders, parts, &["apps/prod"]);
        assert_eq!(layouts, ["apps/{environment}/{service}: cart/prod web/prod"]);
        assert_eq!(alone, ["tools/nightly"]);
        assert_eq!(left_out, ["apps/prod", "tools/nightly/crd"]);
        // A kustomization that changes what it lists is the unit.
        let (layouts, _, left_out) = sorted(&folders, parts, &[]);
        assert_eq!(layouts, ["{service}/{environment}: apps/prod"]);
        assert_eq!(left_out, ["apps/prod/cart", "apps/prod/web", "tools/nightly/crd"]);
    }
}
