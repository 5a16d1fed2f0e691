//! Updates references to objects whose names have changed.
//!
//! kustomize compares every reference with every object. Here objects are indexed by the names they had, so that the
//! cost follows the number of references.

use manifest::{Data, Diagnostic, Gvk, Node, ObjectId, Tag, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::kustomize::budget::Budget;
use crate::kustomize::fields::configuration::BackReferences;
use crate::kustomize::fields::field_spec::{FieldSpec, Make, selects};
use crate::kustomize::object::resource::{NO_NAMESPACE, PastId, Resource, effective_namespace};
use crate::kustomize::object::scalar::is_null_node as is_null;
use crate::kustomize::object::set;
use crate::kustomize::schema::Schema;

/// Puts the new names into the fields that `references` list.
///
/// # Errors
/// A field of an unexpected shape, and a name that could mean several objects.
pub(crate) fn fix(
    resources: &mut [Resource],
    references: &[BackReferences],
    schema: &Schema,
    budget: &Budget,
) -> Result<(), Diagnostic> {
    let targets = Targets::index(resources, schema);
    let mut by_kind: FxHashMap<Gvk, Vec<Reference<'_>>> = FxHashMap::default();
    for resource in resources.iter_mut() {
        let original = resource.original_id().gvk;
        let fields = by_kind.entry(original.clone()).or_insert_with(|| applicable(references, &original));
        if fields.is_empty() {
            continue;
        }
        check_bookkeeping(resource)?;
        let referrer = Referrer::of(resource, schema);
        for field in fields.iter() {
            let mut fix = |node: &mut Node| referrer.fix_field(node, field, &targets);
            let applied = field.spec.apply(&field.spec.gvk, &mut resource.node, Make::Nothing, budget, &mut fix);
            applied.map_err(|error| resource.in_object(error))?;
        }
    }
    Ok(())
}

/// Refuses what kustomize's build annotations breaks on: a former name with a comma, and an `apiVersion` that is null.
fn check_bookkeeping(resource: &Resource) -> Result<(), Diagnostic> {
    if let Some(past) = resource.past.iter().find(|past| past.name.contains(',')) {
        let message = format!("cannot rename {:?}: the name contains a comma", past.name);
        return Err(resource.in_object(Diagnostic::new(message)));
    }
    let binding = resource.node.get("subjects").and_then(Node::as_seq).filter(|_| resource.kind() == "RoleBinding");
    let blank = |subject: &&Node| {
        subject.get("kind").and_then(Node::text) == Some("ServiceAccount")
            && subject.get("namespace").is_some_and(is_null)
    };
    if let Some(subject) = binding.into_iter().flatten().find(blank) {
        let diagnostic = Diagnostic::new("the namespace of a ServiceAccount is null").at(subject.at);
        return Err(resource.in_object(diagnostic.field("subjects")).hint("set a value, or remove the field"));
    }
    match resource.node.get("apiVersion") {
        Some(version) if is_null(version) && version.text() != Some("") => {
            Err(resource.in_object(Diagnostic::new("is null").field("apiVersion").at(version.at)))
        }
        _ => Ok(()),
    }
}

/// A field that names objects of a kind.
struct Reference<'a> {
    spec: &'a FieldSpec,
    target: &'a Gvk,
}

/// The fields of objects that were first of kind `original`.
fn applicable<'a>(references: &'a [BackReferences], original: &Gvk) -> Vec<Reference<'a>> {
    let pairs = references.iter().flat_map(|known| known.referrers.iter().map(|spec| (spec, &known.gvk)));
    pairs.filter(|(spec, _)| selects(&spec.gvk, original)).map(|(spec, target)| Reference { spec, target }).collect()
}

/// The objects that can be referred to, by their former names.
#[derive(Default)]
struct Targets {
    all: Vec<Target>,
    /// The name and the present effective namespace.
    by_namespace: FxHashMap<(Text, Text), Vec<usize>>,
    by_name: FxHashMap<Text, Vec<usize>>,
    /// The namespaces in which objects were first.
    original_namespaces: FxHashSet<Text>,
    /// The first and the present namespace of objects.
    moves: FxHashSet<(Text, Text)>,
}

/// An object that can be referred to, with the fields that decide whether a reference matches it.
struct Target {
    id: ObjectId,
    effective: Text,
    original_effective: Text,
    past: Vec<PastId>,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
}

impl Targets {
    /// Indexes the objects that had another id before; only those can be matched by a former name.
    fn index(resources: &[Resource], schema: &Schema) -> Self {
        let mut targets = Targets::default();
        for resource in resources {
            let target = Target::of(resource, schema);
            if !target.cluster_scoped() {
                targets.original_namespaces.insert(target.original_effective.clone());
                targets.moves.insert((target.original_effective.clone(), target.effective.clone()));
            }
            if target.past.is_empty() {
                continue;
            }
            let index = targets.all.len();
            for (position, past) in target.past.iter().enumerate() {
                if target.past[..position].iter().any(|earlier| earlier.name == past.name) {
                    continue;
                }
                targets.by_namespace.entry((past.name.clone(), target.effective.clone())).or_default().push(index);
                targets.by_name.entry(past.name.clone()).or_default().push(index);
            }
            targets.all.push(target);
        }
        targets
    }
}

impl Target {
    fn of(resource: &Resource, schema: &Schema) -> Self {
        let id = resource.id();
        let effective = Text::from(effective_namespace(&id, schema));
        Target {
            original_effective: resource.past.first().map_or_else(|| effective.clone(), |past| past.namespace.clone()),
            effective,
            past: resource.past.clone(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            id,
        }
    }

    /// Whether it once was of a kind that `gvk` selects; group and version are the present ones.
    fn was(&self, gvk: &Gvk) -> bool {
        let part = |expected: &Text, found: &Text| expected.is_empty() || expected == found;
        part(&gvk.group, &self.id.gvk.group)
            && part(&gvk.version, &self.id.gvk.version)
            && (gvk.kind.is_empty() || self.past.iter().any(|past| past.kind == gvk.kind))
    }

    fn cluster_scoped(&self) -> bool {
        self.effective == NO_NAMESPACE
    }
}

/// The object that names others.
struct Referrer {
    effective: Text,
    prefixes: Vec<Text>,
    suffixes: Vec<Text>,
    /// The namespaces of the ServiceAccounts that a RoleBinding names.
    account_namespaces: Vec<Text>,
    role: Option<Gvk>,
}

impl Referrer {
    fn of(resource: &Resource, schema: &Schema) -> Self {
        let id = resource.id();
        Referrer {
            effective: effective_namespace(&id, schema).into(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            account_namespaces: account_namespaces(&resource.node, &id.gvk.kind),
            role: role(&resource.node),
        }
    }

    fn fix_field(&self, node: &mut Node, field: &Reference<'_>, targets: &Targets) -> Result<(), Diagnostic> {
        match &mut node.data {
            Data::Scalar(_) => self.fix_scalar(node, field, targets),
            Data::Map(_) => self.fix_mapping(node, field, targets),
            Data::Seq(items) => items.iter_mut().try_for_each(|item| match &item.data {
                _ if is_null(item) => Ok(()),
                Data::Scalar(_) => self.fix_scalar(item, field, targets),
                Data::Map(_) => self.fix_mapping(item, field, targets),
                Data::Seq(_) => {
                    Err(Diagnostic::new("expected a name or a mapping with a name, found a list").at(item.at))
                }
            }),
        }
    }

    fn fix_scalar(&self, node: &mut Node, field: &Reference<'_>, targets: &Targets) -> Result<(), Diagnostic> {
        let Some(scalar) = node.as_scalar().filter(|_| !is_null(node)) else { return Ok(()) };
        let candidates = self.candidates(&scalar.text, None, field, targets);
        let Some(target) = self.choose(candidates, false)? else { return Ok(()) };
        if target.id.name != scalar.text {
            set::scalar(node, target.id.name.clone(), Tag::Implicit)?;
        }
        Ok(())
    }

    /// A mapping names its object in `name`, and in `namespace` where it has one.
    fn fix_mapping(&self, node: &mut Node, field: &Reference<'_>, targets: &Targets) -> Result<(), Diagnostic> {
        let at = node.at;
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        let Some(name) = map.get("name") else {
            return Err(Diagnostic::new("missing field \"name\"").at(at));
        };
        let name = Text::from(name.text().unwrap_or_default());
        let namespace = map.get("namespace").map(|node| Text::from(node.text().unwrap_or_default()));
        let candidates = self.candidates(&name, namespace.as_deref(), field, targets);
        let Some(target) = self.choose(candidates, true)? else { return Ok(()) };
        if target.id.name == name && target.id.namespace.is_empty() {
            return Ok(());
        }
        set::field(map, "name", target.id.name.clone(), Tag::Implicit);
        if !target.id.namespace.is_empty() {
            set::field(map, "namespace", target.id.namespace.clone(), Tag::Implicit);
        }
        Ok(())
    }

    /// The objects that had `name` and the requested kind, in namespaces that this object can refer to, in order.
    fn candidates<'t>(
        &self,
        name: &Text,
        namespace: Option<&str>,
        field: &Reference<'_>,
        targets: &'t Targets,
    ) -> Vec<&'t Target> {
        let mut seen: Vec<&Target> = self.visible(name, targets).into_iter().map(|index| &targets.all[index]).collect();
        if let Some(namespace) = namespace {
            let original = |target: &&Target| target.original_effective == namespace;
            // Whether any object at all was first in that namespace decides by which of the two it is looked up.
            if self.any_originally_in(namespace, targets) {
                seen.retain(original);
            } else {
                seen.retain(|target| target.effective == namespace);
            }
            seen.retain(|target| !target.cluster_scoped());
        }
        let by_role = field.spec.path.ends_with("roleRef/name");
        seen.retain(|target| {
            target.was(field.target)
                && (!by_role || self.role.as_ref().is_none_or(|role| target.was(role)))
                && self.shares_namespace(target)
        });
        seen
    }

    /// Whether any object that this one can see was first in `namespace`.
    fn any_originally_in(&self, namespace: &str, targets: &Targets) -> bool {
        if self.cluster_scoped() {
            return targets.original_namespaces.contains(namespace);
        }
        let mut places = std::iter::once(&self.effective).chain(&self.account_namespaces);
        places.any(|place| targets.moves.contains(&(namespace.into(), place.clone())))
    }

    /// Indices of the objects that had `name` and that this one can see: all of them for one without a namespace, else
    /// those of its namespace, those without one, and those where a RoleBinding's accounts are.
    fn visible(&self, name: &Text, targets: &Targets) -> Vec<usize> {
        if self.cluster_scoped() {
            return targets.by_name.get(name).cloned().unwrap_or_default();
        }
        let cluster = Text::new_static(NO_NAMESPACE);
        let places = [&self.effective, &cluster].into_iter().chain(&self.account_namespaces);
        let found = places.filter_map(|place| targets.by_namespace.get(&(name.clone(), place.clone())));
        let mut found: Vec<usize> = found.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn cluster_scoped(&self) -> bool {
        self.effective == NO_NAMESPACE
    }

    fn shares_namespace(&self, target: &Target) -> bool {
        self.cluster_scoped()
            || target.cluster_scoped()
            || target.id.gvk.kind == "ServiceAccount"
            || target.effective == self.effective
    }

    /// The referenced object: the only one, or the only one that was given the same prefixes and suffixes, or the
    /// first if all have the same present name. `None` if no object matches.
    fn choose<'t>(&self, mut fits: Vec<&'t Target>, with_namespace: bool) -> Result<Option<&'t Target>, Diagnostic> {
        if fits.len() != 1 {
            fits.retain(|target| self.same_affixes(target, true));
        }
        if fits.len() > 1 {
            fits.retain(|target| self.same_affixes(target, false));
        }
        let Some(first) = fits.first() else { return Ok(None) };
        let same = |other: &&Target| {
            other.id.name == first.id.name && (!with_namespace || other.id.namespace == first.id.namespace)
        };
        if fits.iter().all(same) {
            return Ok(Some(first));
        }
        let names: Vec<String> = fits.iter().map(|target| target.id.to_string()).collect();
        let message = format!("ambiguous reference: it matches {}", names.join(", "));
        Err(Diagnostic::new(message).hint("give the objects different names"))
    }

    fn same_affixes(&self, target: &Target, empty_fits: bool) -> bool {
        let fits = |mine: &[Text], theirs: &[Text]| {
            (empty_fits && (mine.is_empty() || theirs.is_empty())) || same_ending(mine, theirs)
        };
        fits(&self.prefixes, &target.prefixes) && fits(&self.suffixes, &target.suffixes)
    }
}

/// Whether the shorter list is the end of the longer; an empty one only of an empty one.
fn same_ending(a: &[Text], b: &[Text]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
}

fn account_namespaces(object: &Node, kind: &str) -> Vec<Text> {
    let subjects = object.get("subjects").and_then(Node::as_seq).filter(|_| kind == "RoleBinding");
    let accounts = subjects.into_iter().flatten();
    let accounts = accounts.filter(|subject| subject.get("kind").and_then(Node::text) == Some("ServiceAccount"));
    accounts.filter_map(|subject| subject.get("namespace")?.text()).map(Text::from).collect()
}

/// The kind that `roleRef` names; `None` if it does not say group and kind.
fn role(object: &Node) -> Option<Gvk> {
    let role = object.get("roleRef")?;
    let text = |key| role.get(key).and_then(Node::text).map(Text::from);
    Some(Gvk { group: text("apiGroup")?, version: Text::default(), kind: text("kind")? })
}
