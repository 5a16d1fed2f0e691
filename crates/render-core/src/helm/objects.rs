//! `.Values`, `.Release`, `.Capabilities` and `.Template`.

use std::any::Any;
use std::borrow::Cow;

use gotemplate::{Element, Field, Function, Kind, List, Map, Object, Param, Type, Value, types};

use super::RenderOptions;

/// `common.Values`: a named map, which `dig` refuses.
pub(super) static VALUES: Type = Type::map("common.Values", Element::Interface).with_methods(&VALUES_METHODS);

static VALUES_METHODS: [(&str, Function); 3] = [
    (
        "AsMap",
        Function::new(&[], |args| match &args[0] {
            Value::Map(map) => Ok(map.copy_as(&types::MAP).into()),
            other => Ok(other.clone()),
        }),
    ),
    (
        "Table",
        Function::new(&[Param::String], |args| {
            let path = args[1].to_string();
            let mut table = args[0].clone();
            for key in path.split('.') {
                table = match &table {
                    Value::Map(map) => map.get(key.as_bytes()).unwrap_or_default(),
                    _ => Value::Nil,
                };
                if !matches!(table, Value::Map(_)) {
                    return Err(format!("{key:?} is not a table").into());
                }
            }
            match table {
                Value::Map(map) => Ok(map.copy_as(&VALUES).into()),
                other => Ok(other),
            }
        }),
    ),
    ("YAML", Function::new(&[], |args| Ok((super::yaml::write(&args[0])? + "\n").into()))),
];

/// The API versions of helm 4.3.1 without a cluster.
const API_VERSIONS: &str = "v1 admissionregistration°/v1,v1alpha1,v1beta1 internal.apiserver°/v1alpha1 apps/v1,v1beta1,v1beta2 \
    authentication°/v1,v1alpha1,v1beta1 authorization°/v1,v1beta1 autoscaling/v1,v2 batch/v1,v1beta1 certificates°/v1,v1beta1,v1alpha1 \
    coordination°/v1alpha2,v1beta1,v1 discovery°/v1,v1beta1 events°/v1,v1beta1 extensions/v1beta1 \
    flowcontrol.apiserver°/v1,v1beta1,v1beta2,v1beta3 lifecycle°/v1alpha1 networking°/v1,v1beta1 node°/v1,v1alpha1,v1beta1 policy/v1,v1beta1 \
    rbac.authorization°/v1,v1beta1,v1alpha1 resource°/v1,v1beta2,v1beta1,v1alpha3 scheduling°/v1alpha3,v1beta1,v1 storage°/v1beta1,v1,v1alpha1 \
    storagemigration°/v1,v1beta1 apiextensions°/v1beta1,v1";

static VERSION_SET: Type =
    Type::list("common.VersionSet", Element::Concrete(&types::STRING)).with_methods(&VERSION_SET_METHODS);
static VERSION_SET_METHODS: [(&str, Function); 1] = [(
    "Has",
    Function::new(&[Param::String], |given| {
        let found = match &given[0] {
            Value::List(list) => list.contains(&given[1]),
            _ => false,
        };
        Ok(Value::Bool(found))
    }),
)];

/// A Kubernetes version: as it was given, and normalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    version: String,
    normalized: String,
    major: String,
    minor: String,
}

impl Default for KubeVersion {
    fn default() -> KubeVersion {
        KubeVersion::new("v1.37.0".to_owned(), &["1".to_owned(), "37".to_owned(), "0".to_owned()])
    }
}

impl KubeVersion {
    pub(super) fn new(version: String, numbers: &[String]) -> KubeVersion {
        let part = |index: usize| numbers.get(index).cloned().unwrap_or_default();
        KubeVersion { version, normalized: format!("v{}", numbers.join(".")), major: part(0), minor: part(1) }
    }

    pub(super) fn normalized(&self) -> &str {
        &self.normalized
    }
}

static KUBE_VERSION_METHODS: [(&str, Function); 2] = [
    ("GitVersion", Function::new(&[], |given| Ok(version_of(&given[0]).version.into()))),
    ("String", Function::new(&[], |given| Ok(version_of(&given[0]).normalized.into()))),
];

fn version_of(value: &Value) -> KubeVersion {
    value.downcast::<KubeVersion>().cloned().unwrap_or_default()
}

impl Object for KubeVersion {
    fn type_name(&self) -> Cow<'static, str> {
        "common.KubeVersion".into()
    }

    fn fields(&self) -> Vec<Field> {
        let text = |name, value: &str| Field::new(name, value.into());
        vec![
            text("Version", &self.version),
            text("normalizedVersion", &self.normalized),
            text("Major", &self.major),
            text("Minor", &self.minor),
        ]
    }

    fn field(&self, name: &[u8]) -> Option<Field> {
        self.fields().into_iter().find(|field| field.name.as_bytes() == name && name != b"normalizedVersion")
    }

    fn method(&self, name: &[u8]) -> Option<&'static Function> {
        KUBE_VERSION_METHODS.iter().find(|method| method.0.as_bytes() == name).map(|method| &method.1)
    }

    fn display_addressable(&self) -> Option<String> {
        Some(self.normalized.clone())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<KubeVersion>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A structure with fields alone.
struct Record {
    name: &'static str,
    kind: Kind,
    fields: Vec<Field>,
}

impl Object for Record {
    fn type_name(&self) -> Cow<'static, str> {
        self.name.into()
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn fields(&self) -> Vec<Field> {
        self.fields.clone()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Record>().is_some_and(|other| std::ptr::eq(self, other))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Returns `.Capabilities`.
pub(super) fn capabilities(options: &RenderOptions) -> Value {
    let mut versions = Vec::new();
    for group in API_VERSIONS.split_whitespace() {
        match group.split_once('/') {
            None => versions.push(group.to_owned()),
            Some((group, names)) => {
                let group = group.replace('°', ".k8s.io");
                versions.extend(names.split(',').map(|name| format!("{group}/{name}")));
            }
        }
    }
    versions.extend(options.api_versions.iter().cloned());
    let helm = [
        ("Version", "v4.3"),
        ("GitCommit", ""),
        ("GitTreeState", ""),
        ("GoVersion", "go1.26.8"),
        ("KubeClientVersion", "v1.37"),
    ];
    let helm = helm.map(|(name, value)| Field::new(name, value.into())).into();
    let kube = Value::object(options.kube_version.clone().unwrap_or_default());
    let fields = vec![
        Field::new("KubeVersion", kube),
        Field::new(
            "APIVersions",
            Value::List(List::new(&VERSION_SET, versions.into_iter().map(Value::from).collect())),
        ),
        Field::new(
            "HelmVersion",
            Value::object(Record { name: "version.BuildInfo", kind: Kind::Struct, fields: helm }),
        ),
    ];
    Value::object(Record { name: "*common.Capabilities", kind: Kind::Pointer, fields })
}

/// Returns `.Release`.
pub(super) fn release(options: &RenderOptions) -> Value {
    let map: Map = [
        ("Name", Value::from(options.release.as_str())),
        ("Namespace", Value::from(options.namespace.as_str())),
        ("IsInstall", Value::Bool(!options.is_upgrade)),
        ("IsUpgrade", Value::Bool(options.is_upgrade)),
        ("Revision", Value::from(1)),
        ("Service", Value::from("Helm")),
    ]
    .into_iter()
    .collect();
    map.into()
}

/// Returns `.Template` of a file.
pub(super) fn template(name: &str, base_path: &str) -> Value {
    let map: Map = [("Name", Value::from(name)), ("BasePath", Value::from(base_path))].into_iter().collect();
    map.copy_as(&VALUES).into()
}
