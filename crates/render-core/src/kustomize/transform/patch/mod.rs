//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use manifest::{Diagnostic, Node, Text};

use crate::kustomize::budget::size_of_node;
use crate::kustomize::context::Context;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::kustomization::Patch;
use crate::kustomize::nearest::nearest;
use crate::kustomize::object::cow_node::Object;
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::{Resource, check_unique, identity};
use crate::kustomize::object::scalar::is_null_node;
use crate::kustomize::object::{annotations, set};
use crate::kustomize::patch::json_patch::JsonPatch;
use crate::kustomize::patch::merge::merge;
use crate::kustomize::schema::Schema;
use crate::kustomize::selector::CompiledSelector;

mod metadata;

/// Changes of name and kind that an entry of `patches` may make.
#[derive(Clone, Copy, Debug, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

/// The text of a patch, and its file if it is not inline.
struct PatchText {
    text: String,
    file: Option<String>,
}

impl PatchText {
    /// Names the file in a diagnostic.
    fn in_object(&self, diagnostic: Diagnostic) -> Diagnostic {
        match &self.file {
            Some(file) => diagnostic.in_file(file.as_str()),
            None => Diagnostic { at: manifest::At::default(), ..diagnostic },
        }
    }
}

/// The parsed text of a patch.
enum Content {
    Nothing,
    Strategic(Vec<Resource>),
    Json(JsonPatch),
}

/// Applies one entry of `patches`: to the objects that its target selects, else to the one that each patch names.
///
/// # Errors
/// A patch that is neither kind or both, without a target that it needs, for an object that is not there, or that does
/// not apply.
pub(crate) fn apply(resources: &mut Vec<Resource>, patch: &Patch, context: Context<'_>) -> Result<(), Diagnostic> {
    let text = patch_text(patch, context)?;
    let options = patch.options.as_ref();
    let allowed = Allowed {
        name: options.is_some_and(|options| options.allow_name_change),
        kind: options.is_some_and(|options| options.allow_kind_change),
    };
    let target = patch.target.as_ref().map(CompiledSelector::new).transpose()?;
    match content(&text, context)? {
        Content::Nothing => Ok(()),
        Content::Strategic(patches) => match target {
            Some(target) => to_selected(resources, &patches, &target, allowed, context),
            None => to_named(resources, patches, allowed, context),
        },
        Content::Json(operations) => {
            let target = target.ok_or_else(no_target)?;
            for index in selected(resources, &target, context.schema)? {
                let resource = &mut resources[index];
                resource.remember_id(context.schema);
                apply_json(resource, &operations, context)
                    .map_err(|error| text.in_object(about(&resources[index], error)))?;
            }
            Ok(())
        }
    }
}

/// Applies `patchesStrategicMerge`: each entry is a patch itself, else the file that holds it.
///
/// # Errors
/// Returns the errors of a patch.
pub(crate) fn strategic_merge(
    resources: &mut Vec<Resource>,
    patches: &[LocatedText],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let patches = load(patches, context)?;
    strategic_merge_all(resources, &patches, context)
}

/// The patches of the entries of `patchesStrategicMerge`: inline or in files.
///
/// # Errors
/// Returns an error if an entry is neither.
pub(crate) fn load(entries: &[LocatedText], context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    let mut all: Vec<Resource> = Vec::new();
    for written in entries {
        let patches = match read(&written.text, None) {
            Ok(inline) => inline,
            Err(_) => {
                let loaded = context.dir.file(context.io, &written.text)?;
                reader::read_patches(&loaded.bytes, &loaded.name)?
            }
        };
        warn(&patches, context);
        all.extend(patches);
    }
    Ok(all)
}

/// Applies strategic-merge patches, each to the object that it names.
///
/// # Errors
/// Returns an error if an entry holds no patch, its object does not exist, or it does not apply.
pub(crate) fn strategic_merge_all(
    resources: &mut Vec<Resource>,
    patches: &[Resource],
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    if patches.is_empty() {
        return Err(Diagnostic::new("empty patches").hint("add a patch, or remove the field"));
    }
    for patch in patches {
        let index = named(resources, patch, context.schema)?;
        let prepared = metadata::prepared(patch, &resources[index]);
        apply_strategic(&mut resources[index], &prepared, Allowed::default(), context)?;
        sweep(resources);
    }
    Ok(())
}

/// Applies one entry of `patchesJson6902`.
///
/// # Errors
/// Returns the errors of the patch.
pub(crate) fn json6902(resources: &mut [Resource], patch: &Patch, context: Context<'_>) -> Result<(), Diagnostic> {
    let target = patch
        .target
        .as_ref()
        .filter(|target| !target.name.is_empty())
        .ok_or_else(|| Diagnostic::new("missing field \"name\"").field("target.name").hint("set kind and name"))?;
    let compiled = CompiledSelector::new(target)?;
    let text = patch_text(patch, context)?;
    let operations = JsonPatch::read(&text.text).map_err(|error| text.in_object(error))?;
    if operations.is_empty() {
        return Err(text.in_object(Diagnostic::new("empty patch").hint("add an operation, or remove the entry")));
    }
    for index in selected(resources, &compiled, context.schema)? {
        apply_json(&mut resources[index], &operations, context)
            .map_err(|error| text.in_object(about(&resources[index], error)))?;
    }
    Ok(())
}

fn patch_text(patch: &Patch, context: Context<'_>) -> Result<PatchText, Diagnostic> {
    let inline = patch.patch.trim();
    match (inline.is_empty(), patch.path.is_empty()) {
        (true, true) => Err(Diagnostic::new("neither `patch` nor `path` is set").hint("set one of `patch` and `path`")),
        (false, false) => Err(Diagnostic::new("both `patch` and `path` are set").hint("set one of `patch` and `path`")),
        (false, true) => Ok(PatchText { text: inline.to_owned(), file: None }),
        (true, false) => {
            let loaded = context.dir.file(context.io, &patch.path)?;
            let text = String::from_utf8_lossy(&loaded.bytes).into_owned();
            Ok(PatchText { text, file: Some(loaded.name) })
        }
    }
}

/// Decides what a patch is, by trying it as both.
fn content(text: &PatchText, context: Context<'_>) -> Result<Content, Diagnostic> {
    let strategic = read(&text.text, text.file.as_deref());
    let json = if text.text.is_empty() { Ok(JsonPatch::default()) } else { JsonPatch::read(&text.text) };
    match (strategic, json) {
        (Ok(patches), _) if !patches.is_empty() => {
            warn(&patches, context);
            Ok(Content::Strategic(patches))
        }
        (_, Ok(operations)) if !operations.is_empty() => Ok(Content::Json(operations)),
        (Ok(_), _) | (_, Ok(_)) => Ok(Content::Nothing),
        (Err(as_object), Err(as_operations)) => Err(text.in_object(neither(&text.text, as_object, as_operations))),
    }
}

/// Reads patches; inline patches have no file and no position.
pub(crate) fn read(text: &str, file: Option<&str>) -> Result<Vec<Resource>, Diagnostic> {
    let inline = |error: Diagnostic| Diagnostic { file: None, at: manifest::At::default(), ..error };
    match file {
        Some(file) => reader::read_patches(text.as_bytes(), file),
        None => {
            let mut patches = reader::read_patches(text.as_bytes(), "").map_err(inline)?;
            patches.iter_mut().for_each(|patch| patch.file = None);
            Ok(patches)
        }
    }
}

/// Warns of duplicate keys in patches.
pub(crate) fn warn(patches: &[Resource], context: Context<'_>) {
    let Some(patch) = patches.first() else { return };
    for repeated in &patch.repeated {
        let found = placed(patch, repeated.error.clone());
        let message = format!("{}: the first value is used, as in kustomize", found.message);
        context.warn(Diagnostic { message, ..found });
    }
}

/// The diagnostic about a patch that is neither: the one about what it looks like.
fn neither(text: &str, as_object: Diagnostic, as_operations: Diagnostic) -> Diagnostic {
    let looks_like_operations = text.trim_start().starts_with(['[', '-']);
    let mut found = if looks_like_operations { as_operations } else { as_object };
    let kind = if looks_like_operations { "JSON patch" } else { "strategic-merge patch" };
    found.message = format!("invalid {kind}: {}", found.message);
    found.file = None;
    found
}

/// Names the object that a diagnostic about a patch is about.
fn about(resource: &Resource, diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { message: format!("{}: {}", resource.id(), diagnostic.message), ..diagnostic }
}

/// Names the file of a patch; a position in an inline patch is not one in the file.
fn placed(patch: &Resource, diagnostic: Diagnostic) -> Diagnostic {
    match &patch.file {
        Some(_) => patch.locate(diagnostic),
        None => Diagnostic { at: manifest::At::default(), ..diagnostic },
    }
}

fn no_target() -> Diagnostic {
    Diagnostic::new("missing field \"target\" of a JSON patch").field("target").hint("add a target with kind and name")
}

/// The indexes of the objects that a target selects.
fn selected(resources: &[Resource], target: &CompiledSelector, schema: &Schema) -> Result<Vec<usize>, Diagnostic> {
    let mut places = Vec::new();
    for (index, resource) in resources.iter().enumerate() {
        if target.selects(resource, schema)? {
            places.push(index);
        }
    }
    Ok(places)
}

fn to_selected(
    resources: &mut Vec<Resource>,
    patches: &[Resource],
    target: &CompiledSelector,
    allowed: Allowed,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let schema = context.schema;
    let [patch] = patches else {
        return Err(Diagnostic::new(format!("expected one patch for a target, found {}", patches.len()))
            .hint("make an entry for each patch, or remove the target"));
    };
    for index in selected(resources, target, schema)? {
        let prepared = metadata::prepared(patch, &resources[index]);
        apply_strategic(&mut resources[index], &prepared, allowed, context)?;
    }
    sweep(resources);
    if allowed.name || allowed.kind {
        check_unique(resources, schema)?;
    }
    Ok(())
}

fn to_named(
    resources: &mut Vec<Resource>,
    patches: Vec<Resource>,
    allowed: Allowed,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    for mut patch in patches {
        if allowed.name || allowed.kind {
            metadata::stringify_annotations(&mut patch);
        }
        let index = named(resources, &patch, context.schema)?;
        apply_strategic(&mut resources[index], &patch, allowed, context)?;
        sweep(resources);
    }
    Ok(())
}

/// The index of the object that a patch names, by its present or a former id.
fn named(resources: &[Resource], patch: &Resource, schema: &Schema) -> Result<usize, Diagnostic> {
    let id = patch.original_id();
    let target_id = identity(&id, schema);
    let is_selected = |resource: &Resource| {
        let by_name = resource.name() == target_id.name || resource.past.iter().any(|past| past.name == target_id.name);
        by_name && (identity(&resource.id(), schema) == target_id || resource.past_ids().any(|past| past == target_id))
    };
    let mut found = resources.iter().enumerate().filter(|(_, resource)| is_selected(resource)).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => {
            let found = Diagnostic::new(format!("{id} not found: there is nothing to patch")).at(patch.node.at);
            let names: Vec<String> = resources.iter().map(|resource| resource.id().to_string()).collect();
            let hint = match nearest(&id.to_string(), names.iter().map(String::as_str)) {
                Some(near) => format!("use {near}"),
                None => "check apiVersion, kind, name and namespace of the patch, or add a target".to_owned(),
            };
            Err(placed(patch, found.hint(hint)))
        }
        (Some(_), Some(_)) => Err(placed(
            patch,
            Diagnostic::new(format!("ambiguous patch: several objects have or had the id {id}"))
                .at(patch.node.at)
                .hint("set the namespace, or add a target"),
        )),
    }
}

/// Merges a patch into an object. Name, kind and namespace stay unless they may change; an object that the patch deletes
/// becomes null.
fn apply_strategic(
    resource: &mut Resource,
    patch: &Resource,
    allowed: Allowed,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let schema = context.schema;
    context.budget.add(size_of_node(&patch.node)).map_err(|error| placed(patch, error))?;
    let (name, namespace, kind) =
        (Text::from(resource.name()), resource.namespace().to_owned(), Text::from(resource.kind()));
    if allowed.name || allowed.kind {
        resource.remember_id(schema);
    }
    let merged = merge(&mut resource.node, &patch.node, &patch.repeated, schema);
    let kept = merged.map_err(|error| placed(patch, about(resource, error)))?;
    if !kept {
        resource.node = Object::default();
        return Ok(());
    }
    if metadata::drops_annotations(&patch.node) {
        resource.forget();
    }
    resource.sync_shared();
    set::quote_strings(&mut resource.node);
    if !allowed.kind
        && let Some(map) = resource.node.as_map_mut()
    {
        set::field(map, "kind", kind, manifest::Tag::Implicit);
    }
    if !allowed.name {
        set::name(&mut resource.node, name);
    }
    set::namespace(&mut resource.node, &namespace);
    Ok(())
}

/// Removes the objects that a patch deleted.
fn sweep(resources: &mut Vec<Resource>) {
    resources.retain(|resource| !is_null_node(&resource.node));
}

/// Applies operations. kustomize keeps its build data in annotations, so an object that has some has `annotations` for
/// an operation to add to.
fn apply_json(resource: &mut Resource, operations: &JsonPatch, context: Context<'_>) -> Result<(), Diagnostic> {
    if resource.has_bookkeeping()
        && let Some(metadata) = set::metadata(&mut resource.node)
    {
        let annotations = metadata.get_or_insert_with("annotations", Node::map);
        if is_null_node(annotations) {
            *annotations = Node::map();
        }
    }
    operations.apply(&mut resource.node, context.budget)?;
    resource.shared.clear();
    annotations::tidy(&mut resource.node);
    Ok(())
}
