//! The steps that the fields of one kustomization ask for, in kustomize's order.

use std::sync::Arc;

use manifest::{At, Diagnostic};

use super::accumulate::Accumulated;
use crate::kustomize::budget::size_of_node;
use crate::kustomize::context::{Context, located};
use crate::kustomize::fields::configuration::Configuration;
use crate::kustomize::generate::{config_map, secret};
use crate::kustomize::kustomization::{HelmGlobals, Kustomization};
use crate::kustomize::object::origin::Origin;
use crate::kustomize::object::reader::is_empty;
use crate::kustomize::object::resource::{Resource, check_unique};
use crate::kustomize::plugin::helm;
use crate::kustomize::transform::namespace::Namespace;
use crate::kustomize::transform::prefix_suffix;
use crate::kustomize::transform::prefix_suffix::End;
use crate::kustomize::transform::{annotations, images, labels, namespace, patch, replacements, replicas};

/// The inputs of one kustomization's steps.
pub(crate) struct Steps<'a> {
    /// The parsed kustomization.
    pub kustomization: &'a Kustomization,
    /// The context of its steps.
    pub context: Context<'a>,
    /// The name of its file.
    pub file_name: &'a str,
    /// The origin, if origins are recorded.
    pub origin: Option<&'a Origin>,
    /// The namespace that helm charts without one get from the kustomizations above.
    pub helm_namespace: &'a str,
}

impl Steps<'_> {
    /// Runs the generators that fields configure: ConfigMaps, Secrets, helm charts.
    ///
    /// # Errors
    /// Returns the errors of all of them.
    pub(crate) fn generate(&self, into: &mut Accumulated) -> Result<(), Diagnostic> {
        let (io, dir) = (self.context.io, self.context.dir);
        let options = self.kustomization.generator_options.as_ref();
        for (index, args) in self.kustomization.config_map_generator.iter().flatten().enumerate() {
            let made = config_map::generate(io, dir, args, options).map(|one| vec![one]);
            self.absorb(into, made, "ConfigMapGenerator", ("configMapGenerator", index, args.at))?;
        }
        for (index, args) in self.kustomization.secret_generator.iter().flatten().enumerate() {
            let made = secret::generate(io, dir, args, options).map(|one| vec![one]);
            self.absorb(into, made, "SecretGenerator", ("secretGenerator", index, args.at))?;
        }
        self.generate_helm(into)
    }

    fn generate_helm(&self, into: &mut Accumulated) -> Result<(), Diagnostic> {
        let none = HelmGlobals::default();
        let globals = self.kustomization.helm_globals.as_ref().unwrap_or(&none);
        for (index, chart) in self.kustomization.helm_charts.iter().flatten().enumerate() {
            let mut chart = chart.clone();
            if chart.namespace.is_empty() {
                let own = &self.kustomization.namespace;
                chart.namespace = if own.is_empty() { self.helm_namespace.to_owned() } else { own.clone() };
            }
            let made = helm::generate(&chart, globals, self.context);
            self.absorb(into, made, "HelmChartInflationGenerator", ("helmCharts", index, chart.at))?;
        }
        Ok(())
    }

    fn absorb(
        &self,
        into: &mut Accumulated,
        made: Result<Vec<Resource>, Diagnostic>,
        kind: &str,
        (field, index, at): (&str, usize, At),
    ) -> Result<(), Diagnostic> {
        let absorbed = made.and_then(|mut made| {
            if let Some(origin) = self.origin {
                let origin = Arc::new(origin.configured(self.file_name, kind));
                made.iter_mut().for_each(|one| one.origin = Some(origin.clone()));
            }
            // The files stay in memory, too.
            self.context.budget.add(2 * made.iter().map(|resource| size_of_node(&resource.node)).sum::<u64>())?;
            check_unique(&made, self.context.schema)?;
            into.absorb(made, self.context.schema)
        });
        absorbed.map_err(|error| self.located(error, at, &format!("{field}[{index}]")))
    }

    /// Runs the transformers that fields configure, in kustomize's order.
    ///
    /// # Errors
    /// Returns the errors of all of them.
    pub(crate) fn transform(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        self.strategic_merge(resources)?;
        self.patches(resources)?;
        self.namespace(resources, specs)?;
        self.affix(resources, End::Prefix, specs)?;
        self.affix(resources, End::Suffix, specs)?;
        self.labels(resources, specs)?;
        self.annotations(resources, specs)?;
        self.json_patches(resources)?;
        self.replicas(resources, specs)?;
        self.images(resources, specs)?;
        self.replacements(resources)
    }

    fn strategic_merge(&self, resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
        let Some(patches) = non_empty(self.kustomization.patches_strategic_merge.as_ref()) else { return Ok(()) };
        let done = patch::strategic_merge(resources, patches, self.context);
        self.done(resources, done, "PatchStrategicMergeTransformer", patches[0].at, "patchesStrategicMerge")
    }

    fn patches(&self, resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
        for (index, one) in self.kustomization.patches.iter().flatten().enumerate() {
            let done = patch::apply(resources, one, self.context);
            self.done(resources, done, "PatchTransformer", one.at, &format!("patches[{index}]"))?;
        }
        Ok(())
    }

    fn namespace(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        if self.kustomization.namespace.is_empty() {
            return Ok(());
        }
        let namespace = Namespace { name: self.kustomization.namespace.clone(), ..Namespace::default() };
        let done = namespace::apply(resources, &namespace, &specs.namespace, self.context);
        self.done(resources, done, "NamespaceTransformer", self.kustomization.at, "namespace")
    }

    fn affix(&self, resources: &mut Vec<Resource>, end: End, specs: &Configuration) -> Result<(), Diagnostic> {
        let (affix, specs, kind, field) = match end {
            End::Prefix => (&self.kustomization.name_prefix, &specs.name_prefix, "PrefixTransformer", "namePrefix"),
            End::Suffix => (&self.kustomization.name_suffix, &specs.name_suffix, "SuffixTransformer", "nameSuffix"),
        };
        if affix.is_empty() {
            return Ok(());
        }
        let done = prefix_suffix::apply(resources, end, affix, specs, self.context);
        self.done(resources, done, kind, self.kustomization.at, field)
    }

    /// `labels` one by one, then `commonLabels`; kustomize counts the latter as a step whenever there are any of either.
    fn labels(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        let labels = non_empty(self.kustomization.labels.as_ref());
        let common = self.kustomization.common_labels.as_ref().filter(|pairs| !pairs.is_empty());
        for (index, label) in labels.into_iter().flatten().enumerate() {
            let fields = label.specs(specs);
            let done = fields.and_then(|fields| labels::apply(resources, &label.pairs, &fields, self.context.budget));
            self.done(resources, done, "LabelTransformer", label.at, &format!("labels[{index}]"))?;
        }
        if labels.is_none() && common.is_none() {
            return Ok(());
        }
        let apply = |pairs| labels::apply(resources, pairs, &specs.common_labels, self.context.budget);
        let done = common.map_or(Ok(()), apply);
        self.done(resources, done, "LabelTransformer", self.kustomization.at, "commonLabels")
    }

    fn annotations(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        let common = self.kustomization.common_annotations.as_ref().filter(|pairs| !pairs.is_empty());
        let Some(pairs) = common else { return Ok(()) };
        let done = annotations::apply(resources, pairs, &specs.common_annotations, self.context.budget);
        self.done(resources, done, "AnnotationsTransformer", self.kustomization.at, "commonAnnotations")
    }

    fn json_patches(&self, resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
        for (index, one) in self.kustomization.patches_json6902.iter().flatten().enumerate() {
            let done = patch::json6902(resources, one, self.context);
            self.done(resources, done, "PatchJson6902Transformer", one.at, &format!("patchesJson6902[{index}]"))?;
        }
        Ok(())
    }

    fn replicas(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        let Some(all) = non_empty(self.kustomization.replicas.as_ref()) else { return Ok(()) };
        let done = replicas::apply(resources, all, &specs.replicas, self.context.budget);
        self.done_all(resources, done, "ReplicaCountTransformer", (all.len(), all[0].at), "replicas")
    }

    fn images(&self, resources: &mut Vec<Resource>, specs: &Configuration) -> Result<(), Diagnostic> {
        let Some(all) = non_empty(self.kustomization.images.as_ref()) else { return Ok(()) };
        let done = images::apply(resources, all, &specs.images, self.context.budget);
        self.done_all(resources, done, "ImageTagTransformer", (all.len(), all[0].at), "images")
    }

    fn replacements(&self, resources: &mut Vec<Resource>) -> Result<(), Diagnostic> {
        let Some(all) = non_empty(self.kustomization.replacements.as_ref()) else { return Ok(()) };
        let done = replacements::apply(resources, all, self.context);
        self.done(resources, done, "ReplacementTransformer", all[0].at, "replacements")
    }

    /// Finishes a transformer: records it in the objects, and removes the objects that it emptied.
    fn done(
        &self,
        resources: &mut Vec<Resource>,
        done: Result<(), Diagnostic>,
        kind: &str,
        at: At,
        field: &str,
    ) -> Result<(), Diagnostic> {
        done.map_err(|error| self.located(error, at, field))?;
        if let Some(origin) = self.origin {
            note(resources, &Arc::new(origin.configured(self.file_name, kind)));
        }
        resources.retain(|resource| !is_empty(&resource.node));
        Ok(())
    }

    /// As [`Self::done`] for a field whose entries were applied together; each counts as a transformer.
    fn done_all(
        &self,
        resources: &mut Vec<Resource>,
        done: Result<(), Diagnostic>,
        kind: &str,
        (count, at): (usize, At),
        field: &str,
    ) -> Result<(), Diagnostic> {
        self.done(resources, done, kind, at, field)?;
        if let Some(origin) = self.origin {
            let origin = Arc::new(origin.configured(self.file_name, kind));
            (1..count).for_each(|_| note(resources, &origin));
        }
        Ok(())
    }

    fn located(&self, diagnostic: Diagnostic, at: At, field: &str) -> Diagnostic {
        located(diagnostic, self.context.file, at, field)
    }
}

/// Notes a transformer in every object: as its origin where it has none, else among its transformations.
pub(crate) fn note(resources: &mut [Resource], transformer: &Arc<Origin>) {
    for resource in resources {
        if resource.origin.is_none() {
            resource.origin = Some(transformer.clone());
        } else {
            resource.transformations.push(transformer.clone());
        }
    }
}

fn non_empty<T>(list: Option<&Vec<T>>) -> Option<&Vec<T>> {
    list.filter(|list| !list.is_empty())
}
