//! The state of a build: what its steps share.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use manifest::Diagnostic;

use super::base_cache::{BaseCache, Trace};
use super::steps::Steps;
use super::target::Target;
use crate::kustomize::budget::Budget;
use crate::kustomize::context::Context;
use crate::kustomize::decode::LocatedText;
use crate::kustomize::fields::configuration::Configuration;
use crate::kustomize::load::{BaseDependency, Io};
use crate::kustomize::object::origin::Origin;
use crate::kustomize::object::resource::Resource;
use crate::kustomize::options::Options;
use crate::kustomize::schema::Schema;

/// kustomize's field specs, read once a process; one value, so that builds which share bases see at a glance that it is theirs.
static DEFAULTS: LazyLock<Arc<Configuration>> = LazyLock::new(|| Arc::new(Configuration::defaults()));

/// A build under way.
pub(crate) struct Build<'a> {
    pub io: Io<'a>,
    pub options: &'a Options,
    pub defaults: Arc<Configuration>,
    pub schema: Schema,
    /// Whether a kustomization has chosen the schema: the first one does, and it holds from then on.
    pub schema_is_set: bool,
    /// The number of objects read whose kind is not in the built-in schema.
    pub unknown_kinds: usize,
    pub budget: Budget,
    pub warnings: RefCell<Vec<Diagnostic>>,
    pub sharing: Option<Sharing<'a>>,
    /// Objects that are a resource of the kustomization, before its own.
    pub base_objects: Vec<Resource>,
}

/// Settings that a kustomization inherits from those that refer to it.
#[derive(Clone, Default)]
pub(crate) struct Inherited {
    /// The origin, if origins are recorded.
    pub origin: Option<Origin>,
    pub helm_namespace: String,
}

/// The state of a build that shares bases with other builds.
pub(crate) struct Sharing<'a> {
    pub base_cache: &'a BaseCache,
    pub trace: &'a Trace<'a>,
    /// The folders that have been entered.
    pub dependencies: Vec<BaseDependency>,
}

impl<'a> Sharing<'a> {
    /// Returns sharing through `base_cache`; `trace` is the build's own [`Io`](crate::kustomize::load::Io).
    pub(crate) fn new(base_cache: &'a BaseCache, trace: &'a Trace<'a>) -> Self {
        Sharing { base_cache, trace, dependencies: Vec::new() }
    }
}

/// The state of a build at the start of a base.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mark {
    pub seen: usize,
    pub dependencies: usize,
    pub warnings: usize,
    pub unknown_kinds: usize,
    pub bytes: u64,
}

impl<'a> Build<'a> {
    pub(crate) fn new(io: Io<'a>, options: &'a Options, sharing: Option<Sharing<'a>>) -> Self {
        Build {
            io,
            options,
            defaults: DEFAULTS.clone(),
            schema: Schema::default(),
            schema_is_set: false,
            unknown_kinds: 0,
            budget: Budget::default(),
            warnings: RefCell::default(),
            sharing,
            base_objects: Vec::new(),
        }
    }

    pub(crate) fn steps<'s>(&'s self, target: &'s Target, inherited: &'s Inherited) -> Steps<'s> {
        Steps {
            kustomization: &target.kustomization,
            context: self.context(target),
            file_name: target.file_name,
            origin: inherited.origin.as_ref(),
            helm_namespace: &inherited.helm_namespace,
        }
    }

    pub(crate) fn context<'s>(&'s self, target: &'s Target) -> Context<'s> {
        Context {
            io: self.io,
            dir: &target.dir,
            file: &target.file,
            schema: &self.schema,
            options: self.options,
            budget: &self.budget,
            warnings: &self.warnings,
        }
    }
}

pub(crate) fn entries(list: Option<&Vec<LocatedText>>) -> &[LocatedText] {
    list.map_or(&[], Vec::as_slice)
}
