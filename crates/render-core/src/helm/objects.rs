//! `.Values`, `.Release`, `.Capabilities` and `.Template`.

use std::any::Any;
use std::borrow::Cow;

use gotemplate::{Element, Field, Function, Kind, List, Map, Object, Param, Type, Value, types};

use super::RenderOptions;
use super::error::HelmError;
use super::record::{Member, Record};
use super::semantics::Semantics;
use crate::template_functions::semver::Version;

/// `common.Values`: a named map, which `dig` refuses.
static VALUES: Type = Type::map("common.Values", Element::Interface).with_methods(&VALUES_METHODS);

/// `chartutil.Values`, the same in helm 3.
static VALUES_V3: Type = Type::map("chartutil.Values", Element::Interface).with_methods(&VALUES_METHODS);

/// Returns the type of `.Values` and of a template's data.
pub(super) fn values_type(semantics: Semantics) -> &'static Type {
    if semantics.is_v3() { &VALUES_V3 } else { &VALUES }
}

static VALUES_METHODS: [(&str, Function); 3] = [
    (
        "AsMap",
        Function::new(&[], |args| match &args[0] {
            Value::Map(map) => Ok(map.view_as(&types::MAP).into()),
            other => Ok(other.clone()),
        }),
    ),
    (
        "Table",
        Function::new(&[Param::String], |args| {
            let path = args[1].to_string();
            let of = args[0].type_of().unwrap_or(&VALUES);
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
                Value::Map(map) => Ok(map.view_as(of).into()),
                other => Ok(other),
            }
        }),
    ),
    ("YAML", Function::new(&[], |args| Ok((super::yaml::write(&args[0])? + "\n").into()))),
];

/// The API versions without a cluster since helm 3.22, `°` for `.k8s.io`; the versions of a group follow its slash.
const API_VERSIONS: &str = "v1 admissionregistration°/v1,v1alpha1,v1beta1 internal.apiserver°/v1alpha1 apps/v1,v1beta1,v1beta2 \
    authentication°/v1,v1alpha1,v1beta1 authorization°/v1,v1beta1 autoscaling/v1,v2 batch/v1,v1beta1 certificates°/v1,v1beta1,v1alpha1 \
    coordination°/v1alpha2,v1beta1,v1 discovery°/v1,v1beta1 events°/v1,v1beta1 extensions/v1beta1 \
    flowcontrol.apiserver°/v1,v1beta1,v1beta2,v1beta3 lifecycle°/v1alpha1 networking°/v1,v1beta1 node°/v1,v1alpha1,v1beta1 policy/v1,v1beta1 \
    rbac.authorization°/v1,v1beta1,v1alpha1 resource°/v1,v1beta2,v1beta1,v1alpha3 scheduling°/v1alpha3,v1beta1,v1 storage°/v1beta1,v1,v1alpha1 \
    storagemigration°/v1,v1beta1 apiextensions°/v1beta1,v1";

/// The API versions of helm 4.1.
const API_VERSIONS_4_1: &str = "v1 admissionregistration°/v1,v1alpha1,v1beta1 internal.apiserver°/v1alpha1 apps/v1,v1beta1,v1beta2 \
    authentication°/v1,v1alpha1,v1beta1 authorization°/v1,v1beta1 autoscaling/v1,v2 batch/v1,v1beta1 certificates°/v1,v1beta1,v1alpha1 \
    coordination°/v1alpha2,v1beta1,v1 discovery°/v1,v1beta1 events°/v1,v1beta1 extensions/v1beta1 \
    flowcontrol.apiserver°/v1,v1beta1,v1beta2,v1beta3 networking°/v1,v1beta1 node°/v1,v1alpha1,v1beta1 policy/v1,v1beta1 \
    rbac.authorization°/v1,v1beta1,v1alpha1 resource°/v1,v1beta2,v1beta1,v1alpha3 scheduling°/v1alpha1,v1beta1,v1 storage°/v1beta1,v1,v1alpha1 \
    storagemigration°/v1beta1 apiextensions°/v1beta1,v1";

/// The API versions of helm 3.17.
const API_VERSIONS_3_17: &str = "v1 admissionregistration°/v1,v1alpha1,v1beta1 internal.apiserver°/v1alpha1 apps/v1,v1beta1,v1beta2 \
    authentication°/v1,v1alpha1,v1beta1 authorization°/v1,v1beta1 autoscaling/v1,v2,v2beta1,v2beta2 batch/v1,v1beta1 \
    certificates°/v1,v1beta1,v1alpha1 coordination°/v1alpha2,v1beta1,v1 discovery°/v1,v1beta1 events°/v1,v1beta1 extensions/v1beta1 \
    flowcontrol.apiserver°/v1,v1beta1,v1beta2,v1beta3 networking°/v1,v1alpha1,v1beta1 node°/v1,v1alpha1,v1beta1 policy/v1,v1beta1 \
    rbac.authorization°/v1,v1beta1,v1alpha1 resource°/v1beta1,v1alpha3 scheduling°/v1alpha1,v1beta1,v1 storage°/v1beta1,v1,v1alpha1 \
    storagemigration°/v1alpha1 apiextensions°/v1beta1,v1";

static VERSION_SET: Type =
    Type::list("common.VersionSet", Element::Concrete(&types::STRING)).with_methods(&VERSION_SET_METHODS);
static VERSION_SET_V3: Type =
    Type::list("chartutil.VersionSet", Element::Concrete(&types::STRING)).with_methods(&VERSION_SET_METHODS);
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

/// A Kubernetes version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    version: String,
    /// The version without suffixes, which helm 4 compares and prints.
    normalized: String,
    major: String,
    minor: String,
    semantics: Semantics,
}

/// Returns an error about a version as Masterminds/semver 3.3 gives it, which helm 3.17 uses.
fn capitalized(error: &str) -> String {
    let mut characters = error.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let error: String = first.into_iter().chain(characters).collect();
    error.replace("Invalid semantic version", "Invalid Semantic Version")
}

impl KubeVersion {
    /// Returns the version of the client library that a version of helm is built with.
    #[must_use]
    pub fn default_of(semantics: Semantics) -> KubeVersion {
        let minor = match semantics {
            Semantics::V3_17 => "32",
            Semantics::V4_1 => "35",
            Semantics::V3_22 | Semantics::V4_3 => "37",
        };
        let version = format!("v1.{minor}.0");
        KubeVersion {
            version: version.clone(),
            normalized: version,
            major: "1".to_owned(),
            minor: minor.to_owned(),
            semantics,
        }
    }

    /// Reads a version as `--kube-version` does.
    ///
    /// # Errors
    /// helm's text.
    pub fn parse(written: &str, semantics: Semantics) -> Result<KubeVersion, HelmError> {
        let failed = |why: String| HelmError::new(format!("invalid kube version '{written}': {why}"));
        if semantics == Semantics::V3_17 {
            let version = Version::parse(written).map_err(|error| failed(capitalized(&error)))?;
            let text = format!("v{version}");
            return Ok(KubeVersion {
                version: text.clone(),
                normalized: text,
                major: version.major.to_string(),
                minor: version.minor.to_string(),
                semantics,
            });
        }
        let numbers = generic_version(written).map_err(failed)?;
        let normalized = format!("v{}", numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."));
        let version = match semantics.is_v3() {
            true => normalized.clone(),
            false if written.starts_with('v') => written.to_owned(),
            false => format!("v{written}"),
        };
        Ok(KubeVersion { version, normalized, major: numbers[0].to_string(), minor: numbers[1].to_string(), semantics })
    }

    pub(super) fn normalized(&self) -> &str {
        &self.normalized
    }

    /// Returns the version as errors name it.
    pub(super) fn shown(&self) -> &str {
        &self.version
    }
}

/// Returns the numbers of a version, at least two; what follows them does not matter (`ParseGeneric` of k8s.io/apimachinery's
/// `pkg/util/version`).
fn generic_version(written: &str) -> Result<Vec<u64>, String> {
    let quoted = gotemplate::strconv::quote(written.as_bytes());
    let body = written.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
    let body = body.strip_prefix('v').unwrap_or(body);
    if !body.starts_with(|c: char| c.is_ascii_digit()) || body.contains('\n') {
        return Err(format!("could not parse {quoted} as version"));
    }
    let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
    let mut components = Vec::new();
    for part in body.split('.') {
        let length = digits(part);
        if length > 0 {
            components.push(&part[..length]);
        }
        if length < part.len() || length == 0 {
            break;
        }
    }
    if components.len() < 2 {
        return Err(format!("illegal version string {quoted}"));
    }
    if components[0].len() > 1 && components[0].starts_with('0') {
        return Err(format!("illegal zero-prefixed version component \"{}\" in {quoted}", components[0]));
    }
    let number = |text: &&str| {
        text.parse::<u64>().map_err(|_| {
            let why = format!("strconv.ParseUint: parsing \"{text}\": value out of range");
            format!("illegal non-numeric version component \"{text}\" in {quoted}: {why}")
        })
    };
    components.iter().map(number).collect()
}

static KUBE_VERSION_METHODS: [(&str, Function); 2] = [
    ("GitVersion", Function::new(&[], |given| Ok(version_of(&given[0]).version.into()))),
    ("String", Function::new(&[], |given| Ok(version_of(&given[0]).normalized.into()))),
];

fn version_of(value: &Value) -> KubeVersion {
    value.downcast::<KubeVersion>().cloned().unwrap_or_else(|| KubeVersion::default_of(Semantics::default()))
}

impl Object for KubeVersion {
    fn type_name(&self) -> Cow<'static, str> {
        if self.semantics.is_v3() { "chartutil.KubeVersion" } else { "common.KubeVersion" }.into()
    }

    fn fields(&self) -> Vec<Field> {
        let text = |name, value: &str| Field::new(name, value.into());
        let mut fields = vec![text("Version", &self.version)];
        if !self.semantics.is_v3() {
            fields.push(text("normalizedVersion", &self.normalized));
        }
        fields.extend([text("Major", &self.major), text("Minor", &self.minor)]);
        fields
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

/// Returns `.Capabilities`.
pub(super) fn capabilities(semantics: Semantics, options: &RenderOptions) -> Value {
    let known = match semantics {
        Semantics::V3_17 => API_VERSIONS_3_17,
        Semantics::V4_1 => API_VERSIONS_4_1,
        Semantics::V3_22 | Semantics::V4_3 => API_VERSIONS,
    };
    let mut versions = Vec::new();
    for group in known.split_whitespace() {
        match group.split_once('/') {
            None => versions.push(group.to_owned()),
            Some((group, names)) => {
                let group = group.replace('°', ".k8s.io");
                versions.extend(names.split(',').map(|name| format!("{group}/{name}")));
            }
        }
    }
    versions.extend(options.api_versions.iter().cloned());
    let kube = options.kube_version.clone().unwrap_or_else(|| KubeVersion::default_of(semantics));
    let (set, name) = if semantics.is_v3() {
        (&VERSION_SET_V3, "*chartutil.Capabilities")
    } else {
        (&VERSION_SET, "*common.Capabilities")
    };
    let versions = List::new(set, versions.into_iter().map(Value::from).collect());
    let fields = vec![
        Field::new("KubeVersion", Value::object(kube)),
        Field::new("APIVersions", Value::List(versions)),
        Field::new("HelmVersion", Value::object(build_info(semantics))),
    ];
    Value::object(Record::new(name, Kind::Pointer, fields))
}

/// Returns `.Capabilities.HelmVersion`, of helm 4 as `go install` builds it.
fn build_info(semantics: Semantics) -> Record {
    let [version, commit, state, go, client] = match semantics {
        Semantics::V3_17 => ["v3.17.2", "cc0bbbd6d6276b83880042c1ecb34087e84d41eb", "clean", "go1.23.7", ""],
        Semantics::V3_22 => ["v3.22.0", "", "", "go1.26.8", ""],
        Semantics::V4_1 => ["v4.1", "", "", "go1.26.8", "v1.35"],
        Semantics::V4_3 => ["v4.3", "", "", "go1.26.8", "v1.37"],
    };
    let mut values = vec![
        ("Version", "version", version),
        ("GitCommit", "git_commit", commit),
        ("GitTreeState", "git_tree_state", state),
        ("GoVersion", "go_version", go),
    ];
    if !semantics.is_v3() {
        values.push(("KubeClientVersion", "kube_client_version", client));
    }
    let member =
        |(_, name, value): &(_, &'static str, &str)| Member { name, value: Value::from(*value), omit_empty: true };
    let fields = values.iter().map(|(name, _, value)| Field::new(name, Value::from(*value))).collect();
    Record { json: values.iter().map(member).collect(), ..Record::new("version.BuildInfo", Kind::Struct, fields) }
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
pub(super) fn template(name: &str, base_path: &str, semantics: Semantics) -> Value {
    let map: Map = [("Name", Value::from(name)), ("BasePath", Value::from(base_path))].into_iter().collect();
    map.view_as(values_type(semantics)).into()
}
