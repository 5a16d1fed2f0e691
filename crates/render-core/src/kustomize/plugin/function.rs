//! KRM functions: programs that get a ResourceList on their standard input and print one.
//!
//! Only programs of the user's machine are run, and only where `--enable-alpha-plugins` and `--enable-exec` say so.

use manifest::yaml::{read_stream, write_kustomize};
use manifest::{Diagnostic, Node, Scalar};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::files::join;
use crate::host::{Program, ProgramKind};
use crate::kustomize::context::Context;
use crate::kustomize::decode::{Decode, Strictness, decoded};
use crate::kustomize::object::annotations;
use crate::kustomize::object::reader;
use crate::kustomize::object::resource::{Behavior, Resource, identity};
use crate::kustomize::options::Feature;

const FUNCTION: &str = "config.kubernetes.io/function";
const OLD_FUNCTION: &str = "config.k8s.io/function";
const ID: &str = "kustomize.config.k8s.io/id";
const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";
const LOCAL: &str = "config.kubernetes.io/local-config";

decoded! {
    /// The parsed function annotation.
    pub(crate) struct Function {
        /// A program.
        "exec" => exec: Exec,
        /// A container.
        "container" => container: Option<Container>,
    }
}

decoded! {
    /// A function that is a program.
    pub(crate) struct Exec {
        /// The program, from the kustomization's folder.
        "path" => path: String,
        /// Its arguments.
        "args" => arguments: Vec<String>,
        /// Its environment variables, as `NAME=VALUE`.
        "env" => env: Vec<String>,
    }
}

decoded! {
    /// A function that is a container.
    pub(crate) struct Container {
        /// Its image.
        "image" => image: String,
    }
}

/// Runs a function that generates.
///
/// # Errors
/// Returns an error if running it is not allowed or not supported, it fails, or prints no objects.
pub(super) fn generate(config: &Resource, context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    let mut input = Node::clone(&config.node);
    annotations::set_one(&mut input, LOCAL, "true");
    let mut made = run(config, vec![input], context)?;
    made.retain(|resource| !annotations::is_local(&resource.node));
    for resource in &mut made {
        take_options(resource)?;
    }
    Ok(made)
}

/// Runs a transformer function: the objects it prints replace those with the same id, and objects that it does not print are removed.
///
/// # Errors
/// As [`generate`].
pub(super) fn transform(
    resources: &mut Vec<Resource>,
    config: &Resource,
    context: Context<'_>,
) -> Result<(), Diagnostic> {
    let input = resources.iter().map(|resource| {
        let mut sent = resource.clone();
        annotations::write_out(&mut sent);
        annotations::set_one(&mut sent.node, ID, id_text(resource));
        sent.node.into_node()
    });
    let mut printed = run(config, input.collect(), context)?;
    let schema = context.schema;
    let mut places: FxHashMap<_, usize> =
        resources.iter().enumerate().map(|(place, one)| (identity(&one.id(), schema), place)).collect();
    let mut seen = FxHashSet::default();
    for resource in &mut printed {
        remove_annotation(&mut resource.node, ID);
        let id = resource.id();
        if !seen.insert(identity(&id, schema)) {
            return Err(Diagnostic::new(format!("duplicate resource {id} in the function's output")));
        }
    }
    for resource in printed {
        match places.get(&identity(&resource.id(), schema)) {
            Some(place) => {
                let old = &resources[*place];
                let (vars, file, origin) = (old.vars.clone(), old.file.clone(), old.origin.clone());
                let transformations = old.transformations.clone();
                resources[*place] = Resource { vars, file, origin, transformations, ..resource };
            }
            None => {
                places.insert(identity(&resource.id(), schema), resources.len());
                resources.push(resource);
            }
        }
    }
    resources.retain(|resource| seen.contains(&identity(&resource.id(), schema)));
    Ok(())
}

fn run(config: &Resource, items: Vec<Node>, context: Context<'_>) -> Result<Vec<Resource>, Diagnostic> {
    let options = context.options;
    refuse_container(config)?;
    if !options.enable_alpha_plugins {
        let message = format!("unknown built-in plugin {}, and other plugins are not enabled", config.kind());
        return Err(Diagnostic::new(message).field("kind").hint(options.flags.hint(Feature::AlphaPlugins)));
    }
    let exec = executable(config)?;
    if !options.enable_exec {
        return Err(Diagnostic::new(format!("cannot run {}: exec functions are not enabled", exec.path))
            .hint(options.flags.hint(Feature::Exec)));
    }
    let root = &context.dir.root;
    let program = if exec.path.contains('/') { join(root, &exec.path) } else { exec.path.clone() };
    let variables = exec.env.iter().filter_map(|one| one.split_once('='));
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let program = Program {
        arguments: std::iter::once(program).chain(exec.arguments).collect(),
        folder: root.clone(),
        variables: variables.chain(options.environment.iter().cloned()).collect(),
        input: resource_list(config, items)?,
        kind: ProgramKind::Source,
    };
    let finished = context.io.host.run(&program)?;
    if finished.status != Some(0) {
        let stderr = String::from_utf8_lossy(&finished.stderr);
        return Err(Diagnostic::new(format!("the function {} failed: {}", exec.path, stderr.trim())));
    }
    if finished.stdout.trim_ascii().is_empty() {
        return Err(Diagnostic::new(format!("the function {} printed no output", exec.path))
            .hint("print a ResourceList, without items if no object remains"));
    }
    let mut printed = reader::read(&finished.stdout, &exec.path)?;
    printed.iter_mut().for_each(|resource| resource.file = None);
    Ok(printed)
}

/// Parses the function annotation of a configuration, if it has one.
fn annotated(config: &Resource) -> Result<Option<Function>, Diagnostic> {
    let annotation = annotations::get(&config.node, FUNCTION).or_else(|| annotations::get(&config.node, OLD_FUNCTION));
    let Some(annotation) = annotation else { return Ok(None) };
    let document = read_stream(annotation.as_bytes())?.into_iter().next().unwrap_or_default();
    Function::decode(&document, Strictness::Lenient).map(Some)
}

fn refuse_container(config: &Resource) -> Result<(), Diagnostic> {
    match annotated(config)?.and_then(|function| function.container) {
        Some(container) => {
            let message = format!("container functions are not supported: {}", container.image);
            Err(Diagnostic::new(message).hint("use an exec function"))
        }
        None => Ok(()),
    }
}

/// The program that a configuration names.
fn executable(config: &Resource) -> Result<Exec, Diagnostic> {
    let Some(function) = annotated(config)? else {
        let message = format!("unknown plugin {}: exec and Go plugins are not supported", config.kind());
        return Err(Diagnostic::new(message)
            .field("kind")
            .hint(format!("turn it into a function: add the annotation {FUNCTION} with `exec: {{path: …}}`")));
    };
    if function.exec.path.is_empty() {
        return Err(Diagnostic::new("missing field \"exec.path\" in the function annotation").field(FUNCTION));
    }
    Ok(function.exec)
}

/// The ResourceList that a function reads.
fn resource_list(config: &Resource, items: Vec<Node>) -> Result<Vec<u8>, Diagnostic> {
    let mut function = Node::clone(&config.node);
    annotations::set_one(&mut function, LOCAL, "true");
    let mut list = Node::map();
    if let Some(map) = list.as_map_mut() {
        map.set("apiVersion", Scalar::plain("config.kubernetes.io/v1"));
        map.set("kind", Scalar::plain("ResourceList"));
        map.set("items", items);
        map.set("functionConfig", function);
    }
    let mut text = String::new();
    write_kustomize(&list, &mut text)?;
    Ok(text.into_bytes())
}

fn id_text(resource: &Resource) -> String {
    let id = resource.id();
    let parts = [
        ("group", &id.gvk.group),
        ("kind", &id.gvk.kind),
        ("name", &id.name),
        ("namespace", &id.namespace),
        ("version", &id.gvk.version),
    ];
    let given = parts.iter().filter(|(_, part)| !part.is_empty());
    given.map(|(key, part)| format!("{key}: {part}\n")).collect()
}

/// Reads and removes the annotations that hold a generator's options: whether the name gets a hash suffix, and the
/// behavior if the object exists.
fn take_options(resource: &mut Resource) -> Result<(), Diagnostic> {
    let needs_hash = annotations::get(&resource.node, NEEDS_HASH).map(str::to_owned);
    resource.needs_hash = match needs_hash.as_deref() {
        None => false,
        Some("1" | "t" | "T" | "TRUE" | "true" | "True") => true,
        Some("0" | "f" | "F" | "FALSE" | "false" | "False") => false,
        Some(other) => {
            return Err(Diagnostic::new(format!("expected true or false, found {other:?}")).field(NEEDS_HASH));
        }
    };
    let behavior = annotations::get(&resource.node, BEHAVIOR).unwrap_or_default().to_owned();
    resource.behavior = if behavior.is_empty() { Behavior::Unspecified } else { Behavior::named(&behavior) };
    remove_annotation(&mut resource.node, NEEDS_HASH);
    remove_annotation(&mut resource.node, BEHAVIOR);
    Ok(())
}

fn remove_annotation(object: &mut Node, key: &str) {
    let annotations = object.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
    if let Some(map) = annotations.and_then(Node::as_map_mut) {
        map.remove(key);
    }
    annotations::tidy(object);
}
