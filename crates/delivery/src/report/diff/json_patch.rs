//! A comparison as JSON patches (RFC 6902): what turns each delivered object into the new one.

use std::cell::Cell;
use std::collections::BTreeSet;

use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation};
use manifest::yaml::{Rules, read_objects, to_json};
use manifest::{Node, secret_values};
use serde_json::{Value, json};

use super::fields::NAMES;
use super::path::{Noise, Step, printed};
use super::{Change, ObjectChange, UnitDiff};

/// Returns one JSON document a line for each object that differs:
/// `{unit, apiVersion, kind, namespace, name, change, patch, redacted}`.
///
/// `patch` applies to the old object; that of an added object adds the whole document, that of a removed one removes it. Fields that
/// `noise` hides are left out. The values of a Secret are left out too, and `redacted` is true then.
pub fn json_patch(units: &[UnitDiff], noise: &Noise) -> String {
    let documents = units.iter().flat_map(|unit| unit.objects.iter().map(|object| document(&unit.name, object, noise)));
    documents.map(|document| format!("{document}\n")).collect()
}

fn document(unit: &str, object: &ObjectChange, noise: &Noise) -> Value {
    let id = &object.id;
    let is_secret = id.gvk.kind == "Secret" && id.gvk.group.is_empty();
    let redacted = Cell::new(is_secret);
    let read = |text: &str| {
        // The values in it are replaced; `nodes` finds where they were.
        redacted
            .set(redacted.get() || read_object(text).is_some_and(|object| !secret_values::nodes(&object).is_empty()));
        value(text, is_secret)
    };
    let root = || json_patch::jsonptr::PointerBuf::new();
    let (change, patch) = match &object.change {
        Change::Added { text } => {
            let operation = PatchOperation::Add(AddOperation { path: root(), value: read(text) });
            ("added", Patch(vec![operation]))
        }
        Change::Removed { .. } => ("removed", Patch(vec![PatchOperation::Remove(RemoveOperation { path: root() })])),
        Change::Changed { texts, .. } => {
            let (old, new) = (read(&texts.0), read(&texts.1));
            let Patch(mut operations) = json_patch::diff(&old, &new);
            operations.retain(|operation| !noise.hides(&field(&old, &new, operation)));
            ("changed", Patch(operations))
        }
    };
    let mut document = json!({
        "unit": unit,
        "apiVersion": id.gvk.api_version(),
        "kind": id.gvk.kind.as_str(),
        "namespace": id.namespace.as_str(),
        "name": id.name.as_str(),
        "change": change,
        "patch": patch,
    });
    if redacted.get() {
        document["redacted"] = true.into();
    }
    document
}

/// Returns the object of a printed text as JSON, without the values of a Secret.
fn value(text: &str, is_secret: bool) -> Value {
    let mut value = read_object(text).and_then(|object| to_json(&object, Rules::V3).ok()).unwrap_or_default();
    if let Some(fields) = value.as_object_mut().filter(|_| is_secret) {
        fields.retain(|key, _| !secret_values::FIELDS.contains(&key.as_str()));
    }
    value
}

fn read_object(text: &str) -> Option<Node> {
    read_objects(text.as_bytes()).ok()?.into_iter().next()
}

/// Returns the field that an operation changes, as noise patterns name it: `spec.containers[name=main].image`.
fn field(old: &Value, new: &Value, operation: &PatchOperation) -> String {
    let tokens: Vec<String> = operation.path().tokens().map(|token| token.decoded().into_owned()).collect();
    let (mut steps, mut sides) = (Vec::new(), [Some(old), Some(new)]);
    for token in &tokens {
        let step = match token.parse() {
            Ok(index) if sides.iter().flatten().any(|side| side.is_array()) => element(sides, index),
            _ => Step::Key(token),
        };
        sides = sides.map(|side| child(side?, token));
        steps.push(step);
    }
    printed(&steps)
}

fn child<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        _ => value.get(token),
    }
}

/// Returns the step to an element of a list: by the field that identifies the elements of both sides, else by index.
fn element<'a>(sides: [Option<&'a Value>; 2], index: usize) -> Step<'a> {
    let name = |field: &str, item: &'a Value| item.get(field)?.as_str();
    let lists = || sides.into_iter().flatten().filter_map(Value::as_array);
    let identifies = |field: &&str| {
        lists().all(|items| {
            let names: BTreeSet<&str> = items.iter().filter_map(|item| name(field, item)).collect();
            names.len() == items.len()
        })
    };
    let named = NAMES.into_iter().find(identifies).and_then(|field| {
        let item = lists().find_map(|items| items.get(index))?;
        Some(Step::Named(field, name(field, item)?))
    });
    named.unwrap_or(Step::Index(index))
}

#[cfg(test)]
mod tests {
    use super::super::compare;
    use super::*;

    fn patches(old: &str, new: &str, noise: &[&str]) -> Vec<Value> {
        let read = |text: &str| read_objects(text.as_bytes()).unwrap();
        let noise = Noise::new(noise.iter().copied()).unwrap();
        let objects = compare(&read(old), &read(new), &noise);
        let unit = UnitDiff { name: "cart/production".to_owned(), objects, ..UnitDiff::default() };
        let text = json_patch(&[unit], &noise);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    const OLD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - {name: a, image: a:1}\n  - {name: b, image: b:1}\n";

    #[test]
    fn a_patch_applied_to_the_old_object_gives_the_new_one() {
        let new = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {a/b: c~d}}\nspec:\n  containers:\n  - {name: b, image: b:2}\n";
        let documents = patches(OLD, new, &[]);
        let patch: Patch = serde_json::from_value(documents[0]["patch"].clone()).unwrap();
        let mut object = value(OLD, false);
        json_patch::patch(&mut object, &patch).unwrap();
        assert_eq!(object, value(new, false));
    }

    #[test]
    fn fields_that_noise_hides_are_left_out() {
        let new = OLD.replace("a:1", "a:2").replace("b:1", "b:2");
        let documents = patches(OLD, &new, &[r"spec\.containers\[name=a\]\.image"]);
        let expected = json!([{"op": "replace", "path": "/spec/containers/1/image", "value": "b:2"}]);
        assert_eq!(documents[0]["patch"], expected);
    }

    #[test]
    fn values_of_secrets_are_left_out() {
        let secret =
            |value: &str| format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{a: {value}}}\n");
        let documents = patches(&secret("b25l"), &secret("dHdv"), &[]);
        assert_eq!((&documents[0]["patch"], &documents[0]["redacted"]), (&json!([]), &json!(true)));
    }
}
