//! ValueAddTransformer: sets a field to a value, or inserts the value into a path that the field holds.

use manifest::yaml::read_configuration;
use manifest::{Data, Diagnostic, Node, Scalar, Tag};

use super::config::decode;
use crate::kustomize::context::Context;
use crate::kustomize::decode::{Decode, Strictness, decoded};
use crate::kustomize::fields::field_spec::{check_length, split_path};
use crate::kustomize::kustomization::Selector;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::scalar::is_null;
use crate::kustomize::object::set;
use crate::kustomize::selector::CompiledSelector;
use crate::kustomize::transform::namespace;
use crate::kustomize::transform::namespace::Namespace;

decoded! {
    /// The configuration.
    pub(crate) struct ValueAddArgs {
        /// The value; the name of the kustomization's folder if empty.
        "value" => value: String,
        /// The fields that get the value.
        "targets" => targets: Vec<ValueAddTarget>,
        /// A file with further targets.
        "targetFilePath" => target_file_path: String,
    }
}

decoded! {
    /// A file of targets.
    pub(crate) struct ValueAddTargets {
        /// The targets.
        "targets" => targets: Vec<ValueAddTarget>,
    }
}

decoded! {
    /// A field that gets the value.
    pub(crate) struct ValueAddTarget {
        /// The objects; all if absent.
        "selector" => selector: Option<Selector>,
        /// The field, its parts joined with `/`.
        "fieldPath" => field_path: String,
        /// The position of the value in the path that the field holds, from 1; 0 sets the whole field.
        "filePathPosition" => file_path_position: i64,
    }
}

/// Runs it.
///
/// # Errors
/// No target, a target without a field, a field that is not a single value.
pub(super) fn transform(resources: &mut [Resource], config: &Resource, context: Context<'_>) -> Result<(), Diagnostic> {
    let args: ValueAddArgs = decode(config)?;
    let folder = || context.dir.root.rsplit('/').next().unwrap_or_default();
    let value = match args.value.trim() {
        "" => folder(),
        value => value,
    };
    let mut targets = args.targets;
    if !args.target_file_path.is_empty() {
        let loaded = context.dir.file(context.io, &args.target_file_path)?;
        let document = read_configuration(&loaded.bytes)?.0.into_iter().next().unwrap_or_default();
        targets.extend(ValueAddTargets::decode(&document, Strictness::Lenient)?.targets);
    }
    if targets.is_empty() {
        return Err(Diagnostic::new("missing field \"targets\"")
            .field("targets")
            .hint("list the fields that get the value"));
    }
    for target in &targets {
        check(target)?;
    }
    for target in &targets {
        add(resources, target, value, context)?;
    }
    Ok(())
}

fn check(target: &ValueAddTarget) -> Result<(), Diagnostic> {
    if target.field_path.is_empty() {
        return Err(Diagnostic::new("must not be empty").field("targets.fieldPath").at(target.at));
    }
    if target.file_path_position < 0 {
        return Err(Diagnostic::new("must not be negative").field("targets.filePathPosition").at(target.at));
    }
    Ok(())
}

fn add(
    resources: &mut [Resource],
    target: &ValueAddTarget,
    value: &str,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let selector = target.selector.as_ref().map(CompiledSelector::new).transpose()?;
    let path = split_escaped(&target.field_path);
    for resource in resources {
        let selected = match &selector {
            Some(selector) => selector.selects(resource, context.schema)?,
            None => true,
        };
        if !selected {
            continue;
        }
        if target.field_path == "metadata/namespace" {
            let namespace = Namespace { name: value.to_owned(), ..Namespace::default() };
            namespace::set_one(resource, &namespace, context)?;
        } else {
            let done = check_length(path.len())
                .and_then(|()| made(&mut resource.node, &path))
                .and_then(|field| set_value(field, value, target.file_path_position));
            done.map_err(|error| resource.in_object(error))?;
        }
    }
    Ok(())
}

/// As [`split_path`], but a slash at the start makes an empty first part, which is passed over as kyaml does.
fn split_escaped(path: &str) -> Vec<String> {
    split_path(path, '/').into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The node at a path of keys, made where it is missing.
fn made<'a>(node: &'a mut Node, path: &[String]) -> Result<&'a mut Node, Diagnostic> {
    let Some((key, rest)) = path.split_first() else { return Ok(node) };
    let at = node.at;
    let new = || if rest.is_empty() { Scalar::plain("").into() } else { Node::map() };
    match &mut node.data {
        Data::Map(map) => made(map.get_or_insert_with(key, new), rest),
        _ => Err(Diagnostic::new(format!("expected a mapping that contains {key:?}")).at(at)),
    }
}

fn set_value(field: &mut Node, value: &str, position: i64) -> Result<(), Diagnostic> {
    let old = field.as_scalar().filter(|scalar| !is_null(scalar)).map(|scalar| scalar.text.to_string());
    let text = match usize::try_from(position) {
        Ok(position) if position > 0 => insert_part(&old.unwrap_or_default(), position - 1, value),
        _ => value.to_owned(),
    };
    set::scalar(field, text, Tag::Implicit)
}

/// Inserts a part into a path of slashes; a place beyond its end is its end.
fn insert_part(path: &str, place: usize, part: &str) -> String {
    let (start, relative) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut parts: Vec<&str> = relative.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(place.min(parts.len()), part);
    format!("{start}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_goes_into_a_path() {
        for (path, place, expected) in [
            ("", 0, "PEACH"),
            ("/", 0, "/PEACH"),
            ("pie", 0, "PEACH/pie"),
            ("/pie", 0, "/PEACH/pie"),
            ("raw", 1, "raw/PEACH"),
            ("/raw", 9, "/raw/PEACH"),
            ("a/nice/warm/pie", 3, "a/nice/warm/PEACH/pie"),
        ] {
            assert_eq!(insert_part(path, place, "PEACH"), expected);
        }
    }
}
