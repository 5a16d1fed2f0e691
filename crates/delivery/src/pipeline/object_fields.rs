//! The fields of objects by object and path, and what differs between two renderings.

use std::collections::BTreeMap;
use std::fmt;

use manifest::{Data, Node, ObjectId, Scalar};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A key of a mapping.
    Key(String),
    /// The item of a list whose `name` is this; its position among those of that name.
    Named(String, usize),
    /// The item of a list at this position.
    Item(usize),
}

/// The path of a field in its object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FieldPath(pub(crate) Vec<Step>);

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if key.contains(['.', '[', '/', ' ']) => write!(f, "[{key:?}]")?,
                Step::Key(key) => write!(f, "{}{key}", if index > 0 { "." } else { "" })?,
                Step::Named(name, 0) => write!(f, "[name={name}]")?,
                Step::Named(name, position) => write!(f, "[name={name},{position}]")?,
                Step::Item(position) => write!(f, "[{position}]")?,
            }
        }
        Ok(())
    }
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ObjectField {
    /// The position of the object in the output.
    pub(crate) position: usize,
    /// The object, as it is in the first rendering.
    pub(crate) object: ObjectId,
    /// The field.
    pub(crate) path: FieldPath,
}

impl fmt::Display for ObjectField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.object, self.path)
    }
}

/// The scalars of objects.
pub(super) struct Fields {
    objects: Vec<ObjectFields>,
}

struct ObjectFields {
    id: ObjectId,
    scalars: BTreeMap<FieldPath, Scalar>,
}

impl Fields {
    pub(super) fn of(objects: &[Node]) -> Fields {
        let of_object = |object: &Node| {
            let mut scalars = BTreeMap::new();
            collect(object, &mut FieldPath::default(), &mut scalars);
            ObjectFields { id: ObjectId::of(object), scalars }
        };
        Fields { objects: objects.iter().map(of_object).collect() }
    }

    /// The fields that differ from those of another rendering of the same unit, or that only one of both has. Objects are compared by their
    /// positions where both renderings have the same kinds; else by their names.
    pub(super) fn differences(&self, other: &Fields) -> Vec<ObjectField> {
        let kinds = |fields: &Fields| fields.objects.iter().map(|object| object.id.gvk.clone()).collect::<Vec<_>>();
        let is_aligned = kinds(self) == kinds(other);
        let mut found = Vec::new();
        for (position, object) in self.objects.iter().enumerate() {
            let counterpart = match is_aligned {
                true => other.objects.get(position),
                false => other.objects.iter().find(|one| one.id == object.id),
            };
            let field = |path: &FieldPath| ObjectField { position, object: object.id.clone(), path: path.clone() };
            match counterpart {
                Some(counterpart) => found.extend(object.differing(counterpart).iter().map(field)),
                None => found.push(field(&FieldPath::default())),
            }
        }
        if !is_aligned {
            let is_new = |object: &&ObjectFields| !self.objects.iter().any(|one| one.id == object.id);
            found.extend(other.objects.iter().filter(is_new).map(|object| ObjectField {
                position: usize::MAX,
                object: object.id.clone(),
                path: FieldPath::default(),
            }));
        }
        found
    }

    /// The scalar of a field.
    pub(super) fn get(&self, field: &ObjectField) -> Option<&Scalar> {
        self.objects.get(field.position)?.scalars.get(&field.path)
    }

    /// The scalar of a field of the object with this identity.
    pub(super) fn of_object(&self, object: &ObjectId, path: &FieldPath) -> Option<&Scalar> {
        self.objects.iter().find(|one| one.id == *object)?.scalars.get(path)
    }

    /// The identities of the objects, in the order of the output.
    pub(super) fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        self.objects.iter().map(|object| &object.id)
    }
}

impl ObjectFields {
    fn differing(&self, other: &ObjectFields) -> Vec<FieldPath> {
        let own = self.scalars.iter().filter(|(path, value)| {
            other.scalars.get(*path).is_none_or(|there| there.text != value.text || there.style != value.style)
        });
        let mut paths: Vec<FieldPath> = own.map(|(path, _)| path.clone()).collect();
        paths.extend(other.scalars.keys().filter(|path| !self.scalars.contains_key(*path)).cloned());
        paths
    }
}

fn collect(node: &Node, path: &mut FieldPath, found: &mut BTreeMap<FieldPath, Scalar>) {
    match &node.data {
        Data::Scalar(scalar) => _ = found.insert(path.clone(), scalar.clone()),
        Data::Map(map) if map.is_empty() => _ = found.insert(path.clone(), Scalar::plain("{}")),
        Data::Seq(items) if items.is_empty() => _ = found.insert(path.clone(), Scalar::plain("[]")),
        Data::Map(map) => {
            for entry in map.entries() {
                path.0.push(Step::Key(entry.key.text.to_string()));
                collect(&entry.value, path, found);
                path.0.pop();
            }
        }
        Data::Seq(items) => {
            for (item, step) in items.iter().zip(steps(items)) {
                path.0.push(step);
                collect(item, path, found);
                path.0.pop();
            }
        }
    }
}

/// The step to each item of a list: by name where every item has one.
fn steps(items: &[Node]) -> Vec<Step> {
    let name = |item: &Node| item.get("name").and_then(Node::text).map(str::to_owned);
    let names: Option<Vec<String>> = items.iter().map(name).collect();
    let Some(names) = names else { return (0..items.len()).map(Step::Item).collect() };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for name in &names {
        let count = counts.entry(name).or_default();
        all.push(Step::Named(name.clone(), *count));
        *count += 1;
    }
    all
}

/// Replaces the scalar of a field.
pub(super) fn replace(object: &mut Node, path: &[Step], scalar: &Scalar) {
    let Some((step, rest)) = path.split_first() else {
        if let Data::Scalar(own) = &mut object.data {
            *own = scalar.clone();
        }
        return;
    };
    let inner = match (&mut object.data, step) {
        (Data::Map(map), Step::Key(key)) => map.get_mut(key),
        (Data::Seq(items), step) => {
            let position = steps(items).iter().position(|one| one == step);
            position.and_then(|position| items.get_mut(position))
        }
        _ => None,
    };
    if let Some(inner) = inner {
        replace(inner, rest, scalar);
    }
}
