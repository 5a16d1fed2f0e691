//! The order of the steps of a build.

use std::sync::Arc;

use manifest::yaml::read_configuration;
use manifest::{Diagnostic, Errors, Node, Text};

use super::accumulate::{Accumulated, check_unique};
use super::annotations;
use super::build_metadata::BuildMetadata;
use super::context::{Context, located};
use super::crds;
use super::decode::Written;
use super::entry::{Entry, open, read_ahead};
use super::field_spec::Configuration;
use super::load::{Doors, Place};
use super::objects;
use super::openapi;
use super::options::{Options, Order};
use super::origin::{Configurer, Origin};
use super::plugin;
use super::resource::Resource;
use super::schema::Schema;
use super::steps::{self, Steps};
use super::target::Target;
use super::transform::{name_hash, name_reference, sort, vars};
use super::validate;
use crate::files::Files;
use crate::outside::Outside;

/// What a build gives.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The objects in printing order.
    pub objects: Vec<Node>,
    /// What kustomize would say on stderr, and what it should.
    pub warnings: Vec<Diagnostic>,
}

/// Builds the kustomization in `folder` (absolute).
///
/// # Errors
/// Whatever is wrong with it, each with file, line and field.
pub fn build(files: &dyn Files, outside: &dyn Outside, folder: &str, options: &Options) -> Result<Built, Errors> {
    let mut build = Build::new(Doors { files, outside }, options);
    let objects = build.run(folder)?;
    Ok(Built { objects, warnings: build.warnings })
}

/// A build under way.
struct Build<'a> {
    doors: Doors<'a>,
    options: &'a Options,
    defaults: Arc<Configuration>,
    schema: Schema,
    /// Whether a kustomization has chosen the schema: the first one does, and it holds from then on.
    schema_is_set: bool,
    /// Whether an object of a kind that the built-in schema does not have was read.
    unknown_kinds: bool,
    warnings: Vec<Diagnostic>,
}

/// What a kustomization inherits from those above it.
#[derive(Clone, Default)]
struct Inherited {
    /// Where it comes from, if origins are kept.
    origin: Option<Origin>,
    helm_namespace: String,
}

impl<'a> Build<'a> {
    fn new(doors: Doors<'a>, options: &'a Options) -> Self {
        Build {
            doors,
            options,
            defaults: Arc::new(Configuration::defaults()),
            schema: Schema::default(),
            schema_is_set: false,
            unknown_kinds: false,
            warnings: Vec::new(),
        }
    }

    /// The whole build: gather everything, then what may be done only once, at the very end.
    fn run(&mut self, folder: &str) -> Result<Vec<Node>, Diagnostic> {
        let place = Place::top(self.doors, folder, self.options.load_restrictor)?;
        let target = Target::open(self.doors, place, &mut self.warnings)?;
        self.choose_schema(&target)?;
        let metadata = BuildMetadata::of(&target.kustomization, self.options);
        let inherited = Inherited { origin: metadata.keeps_origins().then(Origin::default), ..Inherited::default() };

        let gathered = self.accumulate(&target, Accumulated::default(), &inherited)?;
        let specs = gathered.configuration.unwrap_or_else(|| self.defaults.clone());
        let mut resources = gathered.resources;
        name_hash::apply(&mut resources, &self.schema)?;
        name_reference::fix(&mut resources, &specs.name_reference, &self.schema)?;
        vars::replace(&mut resources, &gathered.vars, &specs.var_reference, &mut self.warnings)?;
        drop_local(&mut resources)?;
        check_unique(&resources, &self.schema)?;
        self.sort(&target, &mut resources)?;
        metadata.finish(&mut resources)?;
        Ok(resources.into_iter().map(|resource| resource.node).collect())
    }

    /// What one kustomization makes of its bases and its own fields; `into` holds what a Component extends.
    fn accumulate(
        &mut self,
        target: &Target,
        into: Accumulated,
        inherited: &Inherited,
    ) -> Result<Accumulated, Diagnostic> {
        let kustomization = &target.kustomization;
        let mut gathered = into;
        self.resources(target, entries(kustomization.resources.as_ref()), "resources", &mut gathered, inherited)?;
        self.configurations(target, &mut gathered)?;
        self.generators(target, &mut gathered, inherited)?;
        let mut gathered = self.components(target, gathered, inherited)?;
        self.transformers(target, &mut gathered, inherited)?;
        self.validators(target, &mut gathered, inherited)?;
        let file = Text::from(target.file.as_str());
        let vars = kustomization.vars.iter().flatten().cloned().map(|var| vars::Defined { var, file: file.clone() });
        vars::collect(&mut gathered.vars, vars.collect(), &mut gathered.resources, &self.schema)?;
        Ok(gathered)
    }

    /// Adds what a list of entries names: files of objects, and folders or repositories with kustomizations.
    fn resources(
        &mut self,
        target: &Target,
        entries: &[Written],
        field: &str,
        gathered: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let mut ahead = read_ahead(self.doors, target, entries);
        for (index, entry) in entries.iter().enumerate() {
            let opened = ahead.get_mut(index).and_then(Option::take);
            let opened = opened.unwrap_or_else(|| open(self.doors, target, &entry.text));
            let added = opened.and_then(|opened| self.resource(target, &entry.text, opened, gathered, inherited));
            added.map_err(|found| located(found, &target.file, entry.at, &format!("{field}[{index}]")))?;
        }
        Ok(())
    }

    fn resource(
        &mut self,
        target: &Target,
        entry: &str,
        opened: Entry,
        gathered: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        match opened {
            Entry::Objects(mut resources) => {
                self.unknown_kinds |= resources.iter().any(|resource| !Schema::is_builtin(&resource.gvk()));
                if let Some(origin) = &inherited.origin {
                    let origin = Arc::new(origin.below(entry));
                    resources.iter_mut().for_each(|resource| resource.origin = Some(origin.clone()));
                }
                gathered.append(resources, &self.schema)
            }
            Entry::Folder(place) => {
                let base = self.folder(target, place, entry, Accumulated::default(), inherited, false)?;
                gathered.merge(base, &self.schema)
            }
        }
    }

    /// Builds the kustomization of a folder that `target` names.
    fn folder(
        &mut self,
        target: &Target,
        place: Arc<Place>,
        entry: &str,
        into: Accumulated,
        inherited: &Inherited,
        component: bool,
    ) -> Result<Accumulated, Diagnostic> {
        let below = Target::open(self.doors, place, &mut self.warnings)?;
        self.choose_schema(&below)?;
        if below.kustomization.is_component() != component {
            let (kind, list) = if component { ("no Component", "resources") } else { ("a Component", "components") };
            let message = format!("{entry} is {kind}");
            return Err(Diagnostic::new(message).hint(format!("List it under `{list}`.")));
        }
        let own = &target.kustomization.namespace;
        let inherited = Inherited {
            origin: inherited.origin.as_ref().map(|origin| origin.below(entry)),
            helm_namespace: if own.is_empty() { inherited.helm_namespace.clone() } else { own.clone() },
        };
        self.accumulate(&below, into, &inherited)
    }

    /// Adds the default field specs, those of `configurations` and those of `crds`.
    fn configurations(&mut self, target: &Target, gathered: &mut Accumulated) -> Result<(), Diagnostic> {
        let kustomization = &target.kustomization;
        let mut specs = self.defaults.clone();
        let files = entries(kustomization.configurations.as_ref());
        let more = self.field_specs(target, files, "configurations", Configuration::read)?;
        if let Some(more) = more {
            // kustomize merges the result into an empty one again, which drops a spec for any kind where one for some kind
            // has the same path.
            specs = Arc::new(Configuration::default().merge(Configuration::clone(&specs).merge(more)?)?);
        }
        gathered.merge_configuration(specs)?;
        let crds = entries(kustomization.crds.as_ref());
        match self.field_specs(target, crds, "crds", crds::read)? {
            Some(more) => gathered.merge_configuration(Arc::new(more)),
            None => Ok(()),
        }
    }

    /// The field specs that files hold, merged; absent where there is no file.
    fn field_specs(
        &self,
        target: &Target,
        files: &[Written],
        field: &str,
        read: fn(&Node) -> Result<Configuration, Diagnostic>,
    ) -> Result<Option<Configuration>, Diagnostic> {
        let mut merged: Option<Configuration> = None;
        for (index, entry) in files.iter().enumerate() {
            let one = || -> Result<Configuration, Diagnostic> {
                let loaded = target.place.file(self.doors, &entry.text)?;
                let read = || {
                    let (documents, dropped) = read_configuration(&loaded.bytes)?;
                    let document = documents.into_iter().next().unwrap_or_default();
                    dropped.into_iter().next().map_or_else(|| read(&document), Err)
                };
                read().map_err(|found: Diagnostic| found.in_file(loaded.name.clone()))
            };
            let one = one().map_err(|found| located(found, &target.file, entry.at, &format!("{field}[{index}]")))?;
            merged = Some(merged.unwrap_or_default().merge(one)?);
        }
        Ok(merged)
    }

    /// Runs the generators of fields, then those of plugins.
    fn generators(
        &mut self,
        target: &Target,
        gathered: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        self.steps(target, inherited).generate(gathered)?;
        let configs = self.plugins(target, target.kustomization.generators.as_ref(), "generators", inherited)?;
        for config in configs {
            let mut made = plugin::generate(&config, self.context(target))?;
            if let Some(origin) = plugin_origin(&config) {
                made.iter_mut().filter(|one| one.origin.is_none()).for_each(|one| one.origin = Some(origin.clone()));
            }
            gathered.absorb(made, &self.schema).map_err(|found| config.place(found))?;
        }
        Ok(())
    }

    /// Lets each Component extend all that is gathered.
    fn components(
        &mut self,
        target: &Target,
        gathered: Accumulated,
        inherited: &Inherited,
    ) -> Result<Accumulated, Diagnostic> {
        let mut gathered = gathered;
        for (index, entry) in entries(target.kustomization.components.as_ref()).iter().enumerate() {
            let extended = target.place.enter(self.doors, &entry.text).and_then(|place| {
                let extended = self.folder(target, place, &entry.text, gathered, inherited, true)?;
                let mut merged = Accumulated::default();
                merged.merge(extended, &self.schema)?;
                Ok(merged)
            });
            let locate = |found| located(found, &target.file, entry.at, &format!("components[{index}]"));
            gathered = extended.map_err(locate)?;
        }
        Ok(gathered)
    }

    /// Runs the transformers of fields, then those of plugins.
    fn transformers(
        &mut self,
        target: &Target,
        gathered: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let specs = gathered.configuration.clone().unwrap_or_else(|| self.defaults.clone());
        self.steps(target, inherited).transform(gathered.resources_mut(), &specs)?;
        let configs = self.plugins(target, target.kustomization.transformers.as_ref(), "transformers", inherited)?;
        for config in configs {
            let resources = gathered.resources_mut();
            plugin::transform(resources, &config, &specs, self.context(target))?;
            if let Some(origin) = plugin_origin(&config) {
                steps::note(resources, &origin);
            }
            resources.retain(|resource| !objects::is_empty(&resource.node));
        }
        Ok(())
    }

    /// Runs the validators, which may change nothing but a label that says so.
    fn validators(
        &mut self,
        target: &Target,
        gathered: &mut Accumulated,
        inherited: &Inherited,
    ) -> Result<(), Diagnostic> {
        let specs = gathered.configuration.clone().unwrap_or_else(|| self.defaults.clone());
        let configs = self.plugins(target, target.kustomization.validators.as_ref(), "validators", inherited)?;
        for config in configs {
            let mut validated = gathered.resources.clone();
            plugin::transform(&mut validated, &config, &specs, self.context(target))?;
            validate::check_unchanged(&gathered.resources, &validated).map_err(|found| config.blame(found))?;
            gathered.resources = validated;
        }
        Ok(())
    }

    /// The configurations of plugins: those written inline, then those in files and folders.
    fn plugins(
        &mut self,
        target: &Target,
        list: Option<&Vec<Written>>,
        field: &str,
        inherited: &Inherited,
    ) -> Result<Vec<Resource>, Diagnostic> {
        let mut configs = Accumulated::default();
        let mut elsewhere = Vec::new();
        for entry in entries(list) {
            match objects::read(entry.text.as_bytes(), &target.file) {
                Ok(mut inline) => {
                    let origin = inherited.origin.as_ref().map(|origin| Arc::new(origin.below(target.file_name)));
                    inline.iter_mut().for_each(|config| config.origin.clone_from(&origin));
                    configs.append(inline, &self.schema)?;
                }
                Err(_) => elsewhere.push(entry.clone()),
            }
        }
        self.resources(target, &elsewhere, field, &mut configs, inherited)?;
        Ok(configs.resources)
    }

    fn steps<'s>(&'s self, target: &'s Target, inherited: &'s Inherited) -> Steps<'s> {
        Steps {
            kustomization: &target.kustomization,
            context: self.context(target),
            file_name: target.file_name,
            origin: inherited.origin.as_ref(),
            helm_namespace: &inherited.helm_namespace,
        }
    }

    fn context<'s>(&'s self, target: &'s Target) -> Context<'s> {
        Context {
            doors: self.doors,
            place: &target.place,
            file: &target.file,
            schema: &self.schema,
            options: self.options,
        }
    }

    /// Takes the schema that a kustomization names, unless one before it has named one.
    fn choose_schema(&mut self, target: &Target) -> Result<(), Diagnostic> {
        let Some(chosen) = &target.kustomization.openapi else { return Ok(()) };
        let choose = || {
            let file = chosen.get("path").map(|path| target.place.file(self.doors, path)).transpose()?;
            if self.schema_is_set { Ok(None) } else { openapi::choose(chosen, file) }
        };
        let found = choose().map_err(|found| located(found, &target.file, target.kustomization.at, "openapi"))?;
        if let Some(schema) = found {
            self.schema = if self.unknown_kinds { schema.beside_builtin() } else { schema };
            self.schema_is_set = true;
        }
        Ok(())
    }

    /// Sorts as `sortOptions` say, else as `--reorder` says, else in the legacy order.
    fn sort(&mut self, target: &Target, resources: &mut [Resource]) -> Result<(), Diagnostic> {
        let reorder = self.options.reorder;
        match &target.kustomization.sort_options {
            Some(options) => {
                if reorder.is_some() {
                    self.warnings.push(Diagnostic::new(
                        "Warning: Sorting order is set both in 'kustomization.yaml' ('sortOptions') and in a CLI flag \
                         ('--reorder'). Using the kustomization file over the CLI flag.",
                    ));
                }
                sort::apply(resources, options).map_err(|found| found.in_file(target.file.clone()))
            }
            None => {
                if reorder.is_none_or(|order| order == Order::Legacy) {
                    sort::legacy(resources);
                }
                Ok(())
            }
        }
    }
}

/// Drops objects that are for kustomize alone, and refuses those that have lost their kind or name on the way.
fn drop_local(resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
    resources.retain(|resource| !objects::is_empty(&resource.node));
    for resource in resources.iter() {
        objects::check(&resource.node).map_err(|found| resource.place(found))?;
    }
    resources.retain(|resource| !annotations::is_local(&resource.node));
    Ok(())
}

/// The origin of what a plugin makes or changes.
fn plugin_origin(config: &Resource) -> Option<Arc<Origin>> {
    let origin = config.origin.as_ref()?;
    let id = config.id();
    Some(Arc::new(origin.of_plugin(Configurer {
        api_version: id.gvk.api_version(),
        kind: id.gvk.kind.to_string(),
        name: id.name.to_string(),
        namespace: id.namespace.to_string(),
    })))
}

fn entries(list: Option<&Vec<Written>>) -> &[Written] {
    list.map_or(&[], Vec::as_slice)
}
