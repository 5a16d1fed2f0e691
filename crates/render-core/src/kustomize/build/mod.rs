//! The order of the steps of a build.

pub(super) mod accumulate;
pub(super) mod base_cache;
mod bases;
mod build_metadata;
mod configurations;
mod entries;
mod entry;
mod plugins;
mod state;
mod steps;
mod target;
mod validate;

use std::sync::Arc;

use manifest::{Diagnostic, Errors, Node, Text};

use self::accumulate::Accumulated;
use self::base_cache::{BaseCache, Trace};
use self::build_metadata::BuildMetadata;
use self::entry::Entry;
use self::state::{Build, Inherited, Sharing, entries};
use self::target::Target;
use crate::files::Files;
use crate::host::Host;
use crate::kustomize::context::located;
use crate::kustomize::load::{Io, KustomizationDir};
use crate::kustomize::object::origin::Origin;
use crate::kustomize::object::resource::{Resource, check_unique};
use crate::kustomize::object::{annotations, reader};
use crate::kustomize::options::{Options, Order};
use crate::kustomize::schema::openapi;
use crate::kustomize::transform::{name_hash, name_reference, sort, vars};

/// The result of a build.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The objects in printing order.
    pub objects: Vec<Node>,
    /// kustomize's warnings, and further ones of hydrant.
    pub warnings: Vec<Diagnostic>,
}

/// Builds the kustomization in `folder`: an absolute path, or a folder in a repository as an entry of `resources` names it.
///
/// # Errors
/// Returns all errors, each with file, line and field.
pub fn build(files: &dyn Files, host: &dyn Host, folder: &str, options: &Options) -> Result<Built, Errors> {
    Build::new(Io { files, host }, options, None).finish(folder)
}

/// Like [`build`], with a cache that other builds share: a base that one of them has built is not built again.
///
/// # Errors
/// As [`build`].
pub fn build_with_cache(
    base_cache: &BaseCache,
    files: &dyn Files,
    host: &dyn Host,
    folder: &str,
    options: &Options,
) -> Result<Built, Errors> {
    let trace = Trace::new(Io { files, host });
    let io = Io { files: &trace, host: &trace };
    Build::new(io, options, Some(Sharing::new(base_cache, &trace))).finish(folder)
}

/// Like [`build`], with objects that are a resource of the kustomization, before its own. `name` is their name in messages.
///
/// # Errors
/// As [`build`], and objects that are invalid.
pub fn build_over(
    objects: &[u8],
    name: &str,
    files: &dyn Files,
    host: &dyn Host,
    folder: &str,
    options: &Options,
) -> Result<Built, Errors> {
    let objects = reader::read(objects, name)?;
    Build { base_objects: objects, ..Build::new(Io { files, host }, options, None) }.finish(folder)
}

impl Build<'_> {
    fn finish(mut self, folder: &str) -> Result<Built, Errors> {
        let objects = self.run(folder)?;
        Ok(Built { objects, warnings: self.warnings.into_inner() })
    }

    /// The whole build: gather everything, then what may be done only once, at the very end.
    fn run(&mut self, folder: &str) -> Result<Vec<Node>, Diagnostic> {
        let dir = KustomizationDir::top(self.io, folder, self.options.load_restrictor)?;
        let start = self.mark();
        let target = self.open(dir)?;
        let metadata = BuildMetadata::of(&target.kustomization, self.options);
        let inherited = Inherited { origin: metadata.keeps_origins().then(Origin::default), ..Inherited::default() };

        let objects = std::mem::take(&mut self.base_objects);
        let accumulated = if objects.is_empty() {
            self.base(&target, start, &inherited)?
        } else {
            let mut accumulated = Accumulated::default();
            self.resource(&target, "", Entry::Objects(objects), &mut accumulated, &inherited)?;
            self.accumulate(&target, accumulated, &inherited)?
        };
        let specs = accumulated.configuration.unwrap_or_else(|| self.defaults.clone());
        let mut resources = accumulated.resources;
        name_hash::apply(&mut resources, &self.schema)?;
        name_reference::fix(&mut resources, &specs.name_reference, &self.schema, &self.budget)?;
        vars::replace(&mut resources, &accumulated.vars, &specs.var_reference, &self.budget, self.warnings.get_mut())?;
        drop_local(&mut resources)?;
        check_unique(&resources, &self.schema)?;
        self.sort(&target, &mut resources)?;
        metadata.finish(&mut resources, &self.budget)?;
        Ok(resources.into_iter().map(|resource| resource.node.into_node()).collect())
    }

    /// Builds one kustomization from its bases and its own fields; `into` is the state that a Component extends.
    fn accumulate(
        &mut self,
        target: &Target,
        into: Accumulated,
        inherited: &Inherited,
    ) -> Result<Accumulated, Diagnostic> {
        let kustomization = &target.kustomization;
        let mut accumulated = into;
        self.resources(target, entries(kustomization.resources.as_ref()), "resources", &mut accumulated, inherited)?;
        self.configurations(target, &mut accumulated)?;
        self.generators(target, &mut accumulated, inherited)?;
        let mut accumulated = self.components(target, accumulated, inherited)?;
        self.transformers(target, &mut accumulated, inherited)?;
        self.validators(target, &mut accumulated, inherited)?;
        let file = Text::from(target.file.as_str());
        let vars = kustomization.vars.iter().flatten().cloned().map(|var| vars::Defined { var, file: file.clone() });
        vars::collect(&mut accumulated.vars, vars.collect(), &mut accumulated.resources, &self.schema)?;
        Ok(accumulated)
    }

    /// Reads the kustomization of a folder, and takes the schema that it names unless one before it has named one.
    fn open(&mut self, dir: Arc<KustomizationDir>) -> Result<Target, Diagnostic> {
        self.add_dependency(&dir);
        self.budget.add_bases(1)?;
        let target = Target::open(self.io, dir, self.warnings.get_mut())?;
        let Some(chosen) = &target.kustomization.openapi else { return Ok(target) };
        let choose = || {
            let file = chosen.get("path").map(|path| target.dir.file(self.io, path)).transpose()?;
            if self.schema_is_set { Ok(None) } else { openapi::choose(chosen, file) }
        };
        let found = choose().map_err(|error| located(error, &target.file, target.kustomization.at, "openapi"))?;
        if let Some(schema) = found {
            self.schema = if self.unknown_kinds > 0 { schema.with_builtin() } else { schema };
            self.schema_is_set = true;
        }
        Ok(target)
    }

    /// Sorts by `sortOptions`, else by `--reorder`, else in the legacy order.
    fn sort(&mut self, target: &Target, resources: &mut [Resource]) -> Result<(), Diagnostic> {
        let reorder = self.options.reorder;
        let Some(options) = &target.kustomization.sort_options else {
            if reorder.is_none_or(|order| order == Order::Legacy) {
                sort::legacy(resources);
            }
            return Ok(());
        };
        if reorder.is_some() {
            self.warnings.get_mut().push(Diagnostic::new(
                "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag \
                 ('--reorder'). Using the kustomization file over the CLI flag.",
            ));
        }
        sort::apply(resources, options).map_err(|error| error.in_file(target.file.clone()))
    }
}

/// Drops local objects (`config.kubernetes.io/local-config`), and refuses objects that have lost their kind or name during the build.
fn drop_local(resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
    resources.retain(|resource| !reader::is_empty(&resource.node));
    for resource in resources.iter() {
        reader::check(&resource.node).map_err(|error| resource.locate(error))?;
    }
    resources.retain(|resource| !annotations::is_local(&resource.node));
    Ok(())
}
