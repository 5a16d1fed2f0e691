//! `crds`: OpenAPI definitions of custom resources, of which kustomize takes field specs (kustomize:
//! `LoadConfigFromCRDs`).

use manifest::{Diagnostic, Entry, Gvk, Node};

use super::configuration::{BackReferences, Configuration};
use super::field_spec::FieldSpec;

/// The maximum depth of references between definitions.
const DEEPEST: usize = 64;

/// The field specs that a document of definitions implies.
///
/// # Errors
/// Returns an error if it is not a mapping, or definitions form a cycle.
pub(crate) fn read(document: &Node) -> Result<Configuration, Diagnostic> {
    let Some(definitions) = document.as_map() else {
        return Err(Diagnostic::new("expected a mapping of type names to definitions").at(document.at));
    };
    let mut found = Configuration::default();
    for definition in definitions.entries() {
        let Some(properties) = properties(&definition.value) else { continue };
        let is_kind = ["kind", "apiVersion", "metadata"].iter().all(|field| properties.get(field).is_some());
        if is_kind {
            let name = definition.key.text.as_str();
            let kind = name.rsplit('.').next().unwrap_or(name);
            let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
            walk(&mut found, &gvk, document, name, &mut Vec::new())?;
        }
    }
    Configuration::default().merge(found)
}

fn properties(definition: &Node) -> Option<&Node> {
    field(field(definition, "Schema")?, "properties")
}

/// A field, ignoring case.
fn field<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    let entries = node.as_map()?.entries();
    let matching = |entry: &&Entry| entry.key.text.eq_ignore_ascii_case(name);
    entries.iter().find(matching).map(|entry| &entry.value)
}

fn walk(
    found: &mut Configuration,
    gvk: &Gvk,
    document: &Node,
    name: &str,
    path: &mut Vec<String>,
) -> Result<(), Diagnostic> {
    let Some(properties) = document.get(name).and_then(properties).and_then(Node::as_map) else { return Ok(()) };
    if path.len() > DEEPEST {
        return Err(Diagnostic::new(format!("the definition {name} refers to itself")).at(document.at));
    }
    for property in properties.entries() {
        path.push(property.key.text.to_string());
        add(found, gvk, &property.value, path)?;
        if let Some(reference) = field(&property.value, "$ref").and_then(Node::text) {
            walk(found, gvk, document, reference, path)?;
        }
        path.pop();
    }
    Ok(())
}

fn add(found: &mut Configuration, gvk: &Gvk, property: &Node, path: &[String]) -> Result<(), Diagnostic> {
    let text = |name: &str| field(property, name).and_then(Node::text);
    let spec = || FieldSpec::new(gvk.clone(), path.join("/"), false);
    let mut more = Configuration::default();
    if text("x-kubernetes-annotation").is_some() {
        more.common_annotations.push(spec());
    }
    if text("x-kubernetes-label-selector").is_some() {
        more.common_labels.push(spec());
    }
    if text("x-kubernetes-identity").is_some() {
        more.name_prefix.push(spec());
    }
    let (version, kind) = (text("x-kubernetes-object-ref-api-version"), text("x-kubernetes-object-ref-kind"));
    if let (Some(version), Some(kind)) = (version, kind) {
        let name_key = text("x-kubernetes-object-ref-name-key").unwrap_or("name");
        let referrer = FieldSpec::new(gvk.clone(), format!("{}/{name_key}", path.join("/")), false);
        let target = Gvk { kind: kind.into(), version: version.into(), ..Gvk::default() };
        more.name_reference.push(BackReferences { gvk: target, referrers: vec![referrer] });
    }
    *found = std::mem::take(found).merge(more)?;
    Ok(())
}
