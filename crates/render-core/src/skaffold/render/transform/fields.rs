//! `set-labels`, `set-annotations` and `set-namespace`: what the fields of a kustomization of these names do.

use manifest::yaml::write_skaffold;
use manifest::{Diagnostic, Errors, Map, Node, Scalar};

use crate::files::MemoryFiles;
use crate::host::NoHost;
use crate::kustomize::{Options, build};
use crate::skaffold::render::hooks::print;

/// Sets a field in the objects. Values are `name` and `value`; one without a name is the field's own value.
///
/// # Errors
/// Returns the errors of the kustomize engine, such as two objects of one name.
pub(super) fn set(objects: &mut Vec<Node>, field: &str, values: &[(String, String)]) -> Result<(), Errors> {
    let mut map = Map::default();
    for (name, value) in values {
        if name.is_empty() {
            return kustomize(objects, field, Node::string(value.as_str()));
        }
        map.push(Scalar::string(name.as_str()), Node::string(value.as_str()));
    }
    kustomize(objects, field, map.into())
}

/// Builds a kustomization in memory that has the objects and one field, and keeps their order.
///
/// # Errors
/// Returns the errors of the kustomize engine.
pub(super) fn kustomize(objects: &mut Vec<Node>, field: &str, value: Node) -> Result<(), Errors> {
    if objects.is_empty() {
        return Ok(());
    }
    let mut order = Map::default();
    order.push(Scalar::string("order"), Node::string("fifo"));
    let mut kustomization = Map::default();
    kustomization.push(Scalar::string("resources"), vec![Node::string("objects.yaml")].into());
    kustomization.push(Scalar::string("sortOptions"), order.into());
    kustomization.push(Scalar::string(field), value);
    let mut text = String::new();
    write_skaffold(&kustomization.into(), &mut text)?;
    let mut files = MemoryFiles::default();
    files.insert("/kustomization.yaml", text.into_bytes());
    files.insert("/objects.yaml", print(objects)?.into_bytes());
    let plain = |error: Diagnostic| Diagnostic { file: None, at: manifest::At::default(), ..error };
    let built = build(&files, &NoHost, "/", &Options::default()).map_err(|errors| errors.map(plain))?;
    *objects = built.objects;
    Ok(())
}
