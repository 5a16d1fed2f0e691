//! `variables`: values for `${NAME}` in the objects, by the rules of Flux's `postBuild.substitute`.
//!
//! Source of the rules: Flux's documentation of `spec.postBuild` (kustomize-controller) with `strict` substitution: names have letters, digits
//! and `_`; `${NAME:-text}`, `${NAME:=text}` and `${NAME=text}` give a default for what is empty or not set; `$${NAME}` stays `${NAME}`; `$NAME`
//! is not replaced; the result is read as YAML again, so a number stays a number; an object with `kustomize.toolkit.fluxcd.io/substitute: disabled`
//! is left alone.

use std::collections::BTreeMap;

use manifest::yaml::read_objects;
use manifest::{Diagnostic, Errors, Node, ObjectId};

use super::file_set::Style;
use crate::plan::expand;

const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Replaces the variables in the objects of one unit.
///
/// # Errors
/// Every object with a variable that has no value, an expression that is not supported, or a result that is no YAML.
pub(super) fn substitute(
    unit: &str,
    objects: Vec<Node>,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<Node>, Errors> {
    let mut wrong = Vec::new();
    let mut replaced = Vec::with_capacity(objects.len());
    for object in objects {
        match one(object, variables) {
            Ok(objects) => replaced.extend(objects),
            Err(error) => wrong.push(Diagnostic { message: format!("{unit}: {}", error.message), ..error }),
        }
    }
    Errors::check(wrong)?;
    Ok(replaced)
}

fn one(object: Node, variables: &BTreeMap<String, String>) -> Result<Vec<Node>, Diagnostic> {
    if is_disabled(&object) {
        return Ok(vec![object]);
    }
    let text = Style::Kustomize.document(&object)?;
    if !text.contains("${") {
        return Ok(vec![object]);
    }
    let id = ObjectId::of(&object);
    let named = |error: Diagnostic| Diagnostic { message: format!("{id}: {}", error.message), ..error };
    let expanded = expand(&text, variables).map_err(named)?;
    read_objects(expanded.as_bytes()).map_err(|error| {
        named(Diagnostic::new(format!("invalid YAML after the variables were replaced: {}", error.message)))
            .hint("set a value that is valid YAML in its place")
    })
}

fn is_disabled(object: &Node) -> bool {
    let metadata = object.get("metadata");
    ["annotations", "labels"].iter().any(|field| {
        let value = metadata.and_then(|metadata| metadata.get(field)?.get(SWITCH)?.text());
        value == Some("disabled")
    })
}
