//! The entries of the fields that make ConfigMaps and Secrets.

use std::collections::BTreeMap;

use crate::kustomize::decode::{LocatedText, decoded};

decoded! {
    /// A ConfigMap to generate.
    pub struct ConfigMapArgs {
        /// Its namespace.
        "namespace" => namespace: String,
        /// Its name.
        "name" => name: String,
        /// `create`, `replace` or `merge`.
        "behavior" => behavior: String,
        /// `KEY=VALUE` pairs.
        "literals" => literals: Vec<LocatedText>,
        /// Files, as `PATH` or `KEY=PATH`.
        "files" => files: Vec<LocatedText>,
        /// Files of `KEY=VALUE` lines.
        "envs" => envs: Vec<LocatedText>,
        /// Deprecated: one such file.
        "env" => env: LocatedText,
        /// Labels, annotations and the like.
        "options" => options: Option<GeneratorOptions>,
    }
}

decoded! {
    /// A Secret to generate.
    pub struct SecretArgs {
        /// Its namespace.
        "namespace" => namespace: String,
        /// Its name.
        "name" => name: String,
        /// `create`, `replace` or `merge`.
        "behavior" => behavior: String,
        /// `KEY=VALUE` pairs.
        "literals" => literals: Vec<LocatedText>,
        /// Files, as `PATH` or `KEY=PATH`.
        "files" => files: Vec<LocatedText>,
        /// Files of `KEY=VALUE` lines.
        "envs" => envs: Vec<LocatedText>,
        /// Deprecated: one such file.
        "env" => env: LocatedText,
        /// Labels, annotations and the like.
        "options" => options: Option<GeneratorOptions>,
        /// The Secret's type; `Opaque` if empty.
        "type" => secret_type: String,
    }
}

decoded! {
    /// The options of a generator.
    pub struct GeneratorOptions {
        /// Labels of the generated object.
        "labels" => labels: Option<BTreeMap<String, String>>,
        /// Annotations of the generated object.
        "annotations" => annotations: Option<BTreeMap<String, String>>,
        /// Whether the name stays without a hash.
        "disableNameSuffixHash" => disable_name_suffix_hash: bool,
        /// Whether the object says that it is immutable.
        "immutable" => immutable: bool,
    }
}
