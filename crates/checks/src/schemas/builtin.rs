//! The schemas of Kubernetes, of all known versions in one table. `data/build.py` makes it and describes its form.

use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::model::{Kind, ListType, Schema};
use crate::KubernetesVersion;

/// The schema of metadata.
pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

static COMPRESSED: &[u8] = include_bytes!("../../data/kubernetes.gz");

static TABLE: LazyLock<Table> = LazyLock::new(Table::read);

/// A definition, which is parsed when it is needed.
struct Definition {
    versions: u32,
    json: &'static str,
    schema: OnceLock<Schema>,
}

/// A version of an object's definition.
struct ObjectEntry {
    versions: u32,
    name: &'static str,
}

/// All definitions.
#[derive(Default)]
struct Table {
    by_name: FxHashMap<&'static str, Vec<Definition>>,
    /// By group, version and kind, joined by slashes.
    objects: FxHashMap<&'static str, Vec<ObjectEntry>>,
}

impl Table {
    /// The file is a part of the program, so an error in it means that the program was built wrongly; the table is then empty, and a test
    /// fails.
    fn read() -> Self {
        let mut text = String::with_capacity(512 * 1024);
        if flate2::read::GzDecoder::new(COMPRESSED).read_to_string(&mut text).is_err() {
            return Table::default();
        }
        let mut table = Table::default();
        for line in text.leak().lines().skip(1) {
            let mut fields = line.splitn(4, '\t');
            let (Some(name), Some(versions), Some(object), Some(json)) =
                (fields.next(), fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let versions = u32::from_str_radix(versions, 16).unwrap_or_default();
            table.by_name.entry(name).or_default().push(Definition { versions, json, schema: OnceLock::new() });
            if !object.is_empty() {
                table.objects.entry(object).or_default().push(ObjectEntry { versions, name });
            }
        }
        table
    }
}

fn bit(version: KubernetesVersion) -> u32 {
    1 << (version.minor() - KubernetesVersion::OLDEST.minor())
}

/// Returns the schema of a definition; absent if the version does not have it.
pub(super) fn definition(name: &str, version: KubernetesVersion) -> Option<&'static Schema> {
    let all = TABLE.by_name.get(name)?;
    let definition = all.iter().find(|one| one.versions & bit(version) != 0)?;
    Some(definition.schema.get_or_init(|| parse(definition.json)))
}

/// Returns the schema of an object by `group/version/kind`; absent if the version does not have it.
pub(super) fn object(key: &str, version: KubernetesVersion) -> Option<&'static Schema> {
    let entry = TABLE.objects.get(key)?.iter().find(|entry| entry.versions & bit(version) != 0)?;
    definition(entry.name, version)
}

/// Returns the first and the last version of Kubernetes that have an object, by `group/version/kind`.
pub(super) fn served(key: &str) -> Option<(KubernetesVersion, KubernetesVersion)> {
    let versions = TABLE.objects.get(key)?.iter().fold(0, |all, entry| all | entry.versions);
    let version = |number: u32| format!("1.{}", u32::from(KubernetesVersion::OLDEST.minor()) + number).parse().ok();
    Some((version(versions.trailing_zeros())?, version(versions.checked_ilog2()?)?))
}

/// Returns every `group/version/kind` that a version has.
pub(super) fn objects(version: KubernetesVersion) -> impl Iterator<Item = &'static str> {
    let has = move |entries: &[ObjectEntry]| entries.iter().any(|entry| entry.versions & bit(version) != 0);
    let mut all: Vec<&str> = TABLE.objects.iter().filter(|(_, entries)| has(entries)).map(|(key, _)| *key).collect();
    all.sort_unstable();
    all.into_iter()
}

/// Whether any version has objects in a group.
pub(super) fn has_group(group: &str) -> bool {
    TABLE.objects.keys().any(|key| key.split('/').next() == Some(group))
}

/// A schema with the short keys of the file.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Short {
    t: Option<char>,
    r: Option<String>,
    p: FxHashMap<String, Short>,
    q: Vec<String>,
    i: Option<Box<Short>>,
    a: Option<Box<Short>>,
    f: Option<String>,
    l: Option<String>,
    k: Vec<String>,
}

fn parse(json: &str) -> Schema {
    serde_json::from_str::<Short>(json).map(Schema::from).unwrap_or_default()
}

impl From<Short> for Schema {
    fn from(short: Short) -> Self {
        let kind = match (short.t, short.f.as_deref()) {
            (_, Some("quantity")) => Kind::Quantity,
            (_, Some("int-or-string")) => Kind::IntOrString,
            (Some('o'), _) => Kind::Object,
            (Some('a'), _) => Kind::Array,
            (Some('s'), _) => Kind::String,
            (Some('i'), _) => Kind::Integer,
            (Some('n'), _) => Kind::Number,
            (Some('b'), _) => Kind::Boolean,
            _ => Kind::Any,
        };
        let nested = |short: Box<Short>| Box::new(Schema::from(*short));
        // An object without properties (RawExtension, FieldsV1) takes any field.
        let preserve_unknown = kind == Kind::Object && short.p.is_empty() && short.a.is_none();
        Schema {
            kind,
            reference: short.r,
            properties: short.p.into_iter().map(|(name, one)| (name, Schema::from(one))).collect(),
            required: short.q,
            additional: short.a.map(nested),
            items: short.i.map(nested),
            format: short.f,
            list: match short.l.as_deref() {
                Some("set") => ListType::Set,
                Some("map") => ListType::Map(short.k),
                _ => ListType::Atomic,
            },
            preserve_unknown,
            is_nullable: true,
            ..Schema::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_its_definitions() {
        let version = |text: &str| text.parse::<KubernetesVersion>().unwrap();
        for minor in KubernetesVersion::OLDEST.minor()..=KubernetesVersion::NEWEST.minor() {
            let version = version(&format!("1.{minor}"));
            let deployment = object("apps/v1/Deployment", version).expect("every version has Deployments");
            assert!(deployment.properties.contains_key("spec"));
            assert!(objects(version).count() > 100, "{version}");
            for key in objects(version) {
                assert!(object(key, version).is_some_and(|schema| !schema.properties.is_empty()), "{key} {version}");
            }
        }
        assert!(object("autoscaling/v2beta2/HorizontalPodAutoscaler", version("1.26")).is_none());
        let served = served("autoscaling/v2beta2/HorizontalPodAutoscaler");
        assert_eq!(served, Some((version("1.25"), version("1.25"))));
    }

    #[test]
    fn every_definition_parses_and_every_reference_exists() {
        fn references<'s>(schema: &'s Schema, all: &mut Vec<&'s str>) {
            all.extend(schema.reference.as_deref());
            let nested = schema.properties.values().chain(schema.items.as_deref()).chain(schema.additional.as_deref());
            nested.for_each(|one| references(one, all));
        }
        let mut all: Vec<_> = TABLE.by_name.iter().collect();
        all.sort_unstable_by_key(|(name, _)| **name);
        for (name, definitions) in all {
            for one in definitions {
                let schema = serde_json::from_str::<Short>(one.json).map(Schema::from).expect("JSON");
                let mut all = Vec::new();
                references(&schema, &mut all);
                for reference in all {
                    let found = TABLE.by_name[reference].iter().fold(0, |bits, other| bits | other.versions);
                    assert_eq!(found & one.versions, one.versions, "{name} refers to {reference}");
                }
            }
        }
    }
}
