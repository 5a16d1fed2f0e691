//! Where an object came from and which transformers changed it, for `buildMetadata`.

/// The origin of an object or of a transformer's configuration, as kustomize writes it into `config.kubernetes.io/origin`
/// and `alpha.config.kubernetes.io/transformations`. Empty parts are not written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file, from the folder that is built or from the remote repository's root.
    pub path: String,
    /// The remote repository, where it is one.
    pub repo: String,
    /// The remote revision.
    pub reference: String,
    /// The file that configured the generator or transformer.
    pub configured_in: String,
    /// What configured it; all parts empty where it was read from a file.
    pub configured_by: Configurer,
}

/// The object that configured a generator or transformer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configurer {
    /// `builtin` for a field of kustomization.yaml.
    pub api_version: String,
    /// Such as `ConfigMapGenerator`.
    pub kind: String,
    /// The configuration object's name.
    pub name: String,
    /// The configuration object's namespace.
    pub namespace: String,
}
