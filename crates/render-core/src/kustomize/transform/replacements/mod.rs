//! `replacements`: a field's value copied into other fields.

use manifest::yaml::read_configuration;
use manifest::{At, Data, Diagnostic, Node, ObjectId, Scalar};

use crate::kustomize::budget::{Budget, size_of_node};
use crate::kustomize::context::Context;
use crate::kustomize::decode::{Decode, Strictness, in_field};
use crate::kustomize::fields::field_path;
use crate::kustomize::fields::field_path::{Missing, PathPart};
use crate::kustomize::fields::field_spec::check_length;
use crate::kustomize::fields::field_spec::selects;
use crate::kustomize::kustomization::{FieldOptions, Replacement, ReplacementSource, ReplacementTarget, Selector};
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::object::scalar::{is_null, retext, retext_field};
use crate::kustomize::selector::CompiledSelector;

mod structured;

/// The default field of sources and targets.
const DEFAULT_PATH: &str = "metadata.name";

/// Copies values from field to field, one replacement after the other.
///
/// # Errors
/// A source or target that is not there or not unique, a field that is missing, options that do not fit.
pub(crate) fn apply(
    resources: &mut [Resource],
    replacements: &[Replacement],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let mut all = Vec::with_capacity(replacements.len());
    for (index, entry) in replacements.iter().enumerate() {
        let loaded = load(entry, context).map_err(|error| in_field(&format!("[{index}]"), error.at(entry.at)))?;
        all.extend(loaded.into_iter().map(|one| (index, one)));
    }
    for (index, (replacement, file)) in &all {
        apply_one(resources, replacement, context.budget).map_err(|error| {
            let error = match file {
                Some(file) => error.in_file(file.as_str()).at(replacement.at),
                None => error.at(replacement.at),
            };
            in_field(&format!("[{index}]"), error)
        })?;
    }
    Ok(())
}

/// The replacements of an entry, each with the file it was read from.
fn load(entry: &Replacement, context: Context<'_>) -> Result<Vec<(Replacement, Option<String>)>, Diagnostic> {
    if entry.path.is_empty() {
        return Ok(vec![(entry.clone(), None)]);
    }
    if entry.source.is_some() || entry.targets.as_ref().is_some_and(|targets| !targets.is_empty()) {
        return Err(Diagnostic::new("both `path` and a replacement are set").hint("remove one of them"));
    }
    let loaded = context.dir.file(context.io, &entry.path)?;
    let read = || {
        let document = read_configuration(&loaded.bytes)?.0.into_iter().next().unwrap_or_default();
        match &document.data {
            Data::Seq(items) => items.iter().map(|item| Replacement::decode(item, Strictness::Lenient)).collect(),
            Data::Map(_) => Ok(vec![Replacement::decode(&document, Strictness::Lenient)?]),
            Data::Scalar(_) => Err(Diagnostic::new("expected a replacement or a list of replacements").at(document.at)),
        }
    };
    let replacements: Vec<Replacement> = read().map_err(|error: Diagnostic| error.in_file(loaded.name.as_str()))?;
    Ok(replacements.into_iter().map(|one| (one, Some(loaded.name.clone()))).collect())
}

fn apply_one(resources: &mut [Resource], replacement: &Replacement, budget: &Budget) -> Result<(), Diagnostic> {
    let Some(targets) = &replacement.targets else {
        return Err(
            Diagnostic::new("missing field \"targets\"").hint("list the fields that get the value under `targets`")
        );
    };
    let value = match (&replacement.source_value, &replacement.source) {
        (None, None) => {
            Err(Diagnostic::new("missing field \"source\"").hint("set the object and field under `source`"))
        }
        (Some(_), Some(_)) => {
            Err(Diagnostic::new("both `source` and `sourceValue` are set").hint("remove one of them"))
        }
        (Some(text), None) => Ok(Scalar::plain(text.as_str()).into()),
        (None, Some(source)) => source_value(resources, source, budget).map_err(|error| in_field("source", error)),
    }?;
    for (index, target) in targets.iter().enumerate() {
        apply_target(resources, &value, target, budget)
            .map_err(|error| in_field(&format!("targets[{index}]"), error))?;
    }
    Ok(())
}

fn source_value(resources: &[Resource], source: &ReplacementSource, budget: &Budget) -> Result<Node, Diagnostic> {
    let resource = &resources[source_object(resources, source)?];
    let path = if source.field_path.is_empty() { DEFAULT_PATH } else { &source.field_path };
    let found =
        field_path::lookup(&resource.node, path).map_err(|error| in_field("fieldPath", about(resource, error)))?;
    let missing = || {
        in_field("fieldPath", about(resource, Diagnostic::new(format!("field {path:?} not found or empty"))))
            .hint("check the path: parts are separated by dots, list elements are selected by [key=value] or an index")
    };
    let node = found.filter(|node| !nothing(node)).ok_or_else(missing)?;
    refined(node, source.options.as_ref(), budget).map_err(|error| in_field("options", error))
}

/// Names the object that a diagnostic is about. The error is located at the replacement, so the object's file is not named.
fn about(resource: &Resource, diagnostic: Diagnostic) -> Diagnostic {
    let message = format!("{}: {}", resource.id(), diagnostic.message);
    Diagnostic { message, file: None, at: At::default(), ..diagnostic }
}

/// Whether a value counts as missing: null, an empty mapping or an empty list.
fn nothing(node: &Node) -> bool {
    reader::is_empty(node) && node.as_scalar().is_none_or(is_null)
}

/// The index of the one object that a source selects, by its present or a former id.
fn source_object(resources: &[Resource], source: &ReplacementSource) -> Result<usize, Diagnostic> {
    let gvk = manifest::Gvk {
        group: source.group.as_str().into(),
        version: source.version.as_str().into(),
        kind: source.kind.as_str().into(),
    };
    let or_default = |namespace: &str| if namespace.is_empty() { "default".to_owned() } else { namespace.to_owned() };
    let is_selected = |id: &ObjectId| {
        (source.name.is_empty() || *source.name == id.name)
            && selects(&gvk, &id.gvk)
            && (source.namespace.is_empty() || or_default(&source.namespace) == or_default(&id.namespace))
    };
    let mut matching = resources.iter().enumerate().filter(|(_, resource)| {
        let by_name = source.name.is_empty()
            || resource.name() == *source.name
            || resource.past.iter().any(|past| past.name == *source.name);
        by_name && (is_selected(&resource.id()) || resource.past_ids().any(|id| is_selected(&id)))
    });
    let described = || format!("{} {}", source.kind, source.name);
    match (matching.next(), matching.next()) {
        (Some((index, _)), None) => Ok(index),
        (None, _) => Err(Diagnostic::new(format!("object {} not found", described().trim()))
            .hint("check group, version, kind, name and namespace")),
        (Some((_, one)), Some((_, other))) => {
            Err(Diagnostic::new(format!("ambiguous source: {} and {} match", one.id(), other.id()))
                .hint("add a name, kind or namespace to select one of them"))
        }
    }
}

/// Returns the part of the value that the options select.
fn refined(node: &Node, options: Option<&FieldOptions>, budget: &Budget) -> Result<Node, Diagnostic> {
    let Some(options) = options.filter(|options| !options.delimiter.is_empty()) else { return Ok(node.clone()) };
    let scalar = node.as_scalar().ok_or_else(|| not_scalar(node.at))?;
    budget.add(size_of_parts(&scalar.text))?;
    let parts = field_path::split(&scalar.text, &options.delimiter);
    let part = usize::try_from(options.index).ok().and_then(|index| parts.get(index));
    let Some(part) = part else {
        let message = format!(
            "invalid index: {:?} has {} parts, index {} is out of range",
            scalar.text,
            parts.len(),
            options.index
        );
        return Err(Diagnostic::new(message).field("index").hint("count from 0"));
    };
    Ok(retext(scalar, part.as_str()).into())
}

fn not_scalar(at: At) -> Diagnostic {
    Diagnostic::new("expected a scalar to split, found a mapping or a list").at(at).field("delimiter")
}

fn apply_target(
    resources: &mut [Resource],
    value: &Node,
    target: &ReplacementTarget,
    budget: &Budget,
) -> Result<(), Diagnostic> {
    let size = size_of_node(value);
    let Some(select) = &target.select else {
        return Err(Diagnostic::new("missing field \"select\"").field("select"));
    };
    let filter = Filter::new(select, target.reject.as_deref().unwrap_or_default())?;
    let default = [DEFAULT_PATH.to_owned()];
    let written = target.field_paths.as_deref().filter(|paths| !paths.is_empty()).unwrap_or(&default);
    let paths: Vec<TargetPath<'_>> = written.iter().map(|path| TargetPath::new(path)).collect();
    for resource in resources.iter_mut() {
        if filter.takes(resource)? {
            for path in &paths {
                budget.add(size)?;
                copy(resource, value, path, target.options.as_ref(), budget)
                    .map_err(|error| in_field("fieldPaths", about(resource, error)))?;
            }
        }
    }
    Ok(())
}

/// The objects that a target selects.
struct Filter {
    select: CompiledSelector,
    /// Each with whether it says something about ids, and something about labels or annotations.
    reject: Vec<(CompiledSelector, bool, bool)>,
}

impl Filter {
    fn new(select: &Selector, reject: &[Selector]) -> Result<Self, Diagnostic> {
        let reject = reject.iter().map(|one| {
            let parts = [&one.group, &one.version, &one.kind, &one.name, &one.namespace];
            let by_id = parts.iter().any(|part| !part.is_empty());
            let by_metadata = !(one.label_selector.is_empty() && one.annotation_selector.is_empty());
            Ok((CompiledSelector::new(one).map_err(|error| in_field("reject", error))?, by_id, by_metadata))
        });
        let select = CompiledSelector::new(select).map_err(|error| in_field("select", error))?;
        Ok(Filter { select, reject: reject.collect::<Result<_, Diagnostic>>()? })
    }

    /// A rejection by labels or annotations and one by ids stand for themselves, even in one entry (kustomize:
    /// `applyReplacement`).
    fn takes(&self, resource: &Resource) -> Result<bool, Diagnostic> {
        let ids: Vec<ObjectId> = std::iter::once(resource.id()).chain(resource.past_ids()).collect();
        let by_id = |selector: &CompiledSelector| ids.iter().any(|id| selector.matches_id(id));
        if !self.select.matches_metadata(&resource.node)? {
            return Ok(false);
        }
        for (rejected, _, by_metadata) in &self.reject {
            if *by_metadata && rejected.matches_metadata(&resource.node)? {
                return Ok(false);
            }
        }
        let rejected = self.reject.iter().any(|(rejected, has_id, _)| *has_id && by_id(rejected));
        Ok(!rejected && by_id(&self.select))
    }
}

/// A path of a target, split once.
struct TargetPath<'a> {
    written: &'a str,
    names: Vec<String>,
    parts: Vec<PathPart>,
}

impl<'a> TargetPath<'a> {
    fn new(written: &'a str) -> Self {
        let names = field_path::split_smart(written);
        let parts = names.iter().map(|name| PathPart::parse(name)).collect();
        TargetPath { written, names, parts }
    }
}

fn copy(
    resource: &mut Resource,
    value: &Node,
    path: &TargetPath<'_>,
    options: Option<&FieldOptions>,
    budget: &Budget,
) -> Result<(), Diagnostic> {
    check_length(path.parts.len())?;
    let make = options.filter(|options| options.create).map(|_| Missing::like(value));
    let done = copy_into(&mut resource.node, value, path, make, options, budget);
    resource.sync_shared();
    done
}

fn copy_into(
    object: &mut Node,
    value: &Node,
    path: &TargetPath<'_>,
    make: Option<Missing>,
    options: Option<&FieldOptions>,
    budget: &Budget,
) -> Result<(), Diagnostic> {
    if structured::set(object, value, &path.names, &path.parts, make) {
        return Ok(());
    }
    let mut found = 0_usize;
    field_path::visit(object, &path.parts, make, &mut |node| {
        found += 1;
        set_field(node, value, options, budget)
    })?;
    if found == 0 {
        let next = "check the path, or set `options: {create: true}` to create the field";
        return Err(Diagnostic::new(format!("field {:?} not found", path.written)).hint(next));
    }
    Ok(())
}

/// Sets one field. A scalar keeps its type and style: only its text changes.
fn set_field(
    field: &mut Node,
    value: &Node,
    options: Option<&FieldOptions>,
    budget: &Budget,
) -> Result<(), Diagnostic> {
    let mut value = value.clone();
    if let Some(options) = options.filter(|options| !options.delimiter.is_empty()) {
        let old = field.as_scalar().ok_or_else(|| not_scalar(field.at))?;
        budget.add(size_of_parts(&old.text))?;
        let joined = spliced(&old.text, &value, options);
        if let Data::Scalar(scalar) = &mut value.data {
            scalar.text = joined.into();
        } else {
            value = Scalar::plain(joined).into();
        }
    }
    match &mut field.data {
        Data::Scalar(scalar) => retext_field(scalar, field.at, value.text().unwrap_or_default()),
        _ => field.data = value.data,
    }
    Ok(())
}

/// Returns the bytes that the parts of a split text may take.
fn size_of_parts(text: &str) -> u64 {
    (text.len() * std::mem::size_of::<String>()) as u64
}

/// The old text with one of its parts set: before the first for a negative index, after the last for one beyond.
fn spliced(old: &str, value: &Node, options: &FieldOptions) -> String {
    let mut parts = field_path::split(old, &options.delimiter);
    let new = value.as_scalar().filter(|scalar| !is_null(scalar)).map_or("", |scalar| &scalar.text).to_owned();
    match usize::try_from(options.index) {
        Err(_) => parts.insert(0, new),
        Ok(index) if index >= parts.len() => parts.push(new),
        Ok(index) => parts[index] = new,
    }
    parts.join(&options.delimiter)
}
