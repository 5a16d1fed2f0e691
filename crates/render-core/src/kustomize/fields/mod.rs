//! Addressing fields of objects: paths, field specs, and the specs that custom resource definitions imply.

pub(super) mod configuration;
pub(super) mod crds;
pub(super) mod field_path;
pub(super) mod field_spec;
