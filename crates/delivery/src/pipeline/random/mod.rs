//! Random values and times in the charts of a unit: refused, derived from a seed, or kept as the branch has them.
//!
//! What counts is whether a result reaches the unit's objects, after kustomizations, patches and variables. A template may call a function
//! and drop its result (`default (randAlphaNum 10) .Values.password`), so the unit is rendered twice with other results and compared.

#[cfg(test)]
mod corpus;
mod host;
mod keep;
mod refuse;
mod seed;
mod values;

use std::sync::Arc;

use committer::KeptDelivery;
use manifest::{Errors, Node};
use render_core::chart_values::ValueTrial;
use render_core::helm::Now;
use render_core::host::Host;
use render_core::repeatable::{CallKind, Derivation, MadeCall, Memo, Repeatable, Seed, Vary};

use super::object_fields::Fields;
use super::output::Output;
use crate::host::RunContext;
use crate::plan::PlannedRandom;
use host::{ProgramResults, UnitHost};

/// What the clock shows while a unit is rendered: 2000-01-01T00:00:00Z.
const TIME: Now = Now { seconds: 946_684_800, nanoseconds: 0 };

/// A time that differs from it in every part, and lies after every date that a template may compare with: 2099-11-30T23:58:57.5Z.
const OTHER_TIME: Now = Now { seconds: 4_099_766_337, nanoseconds: 500_000_000 };

/// Renders a unit with a host.
pub(super) type RenderOnce<'a> = &'a (dyn Fn(&dyn Host) -> Result<Output, Errors> + Sync);

/// One unit, which can be rendered several times.
pub(super) struct UnitRenderings<'a> {
    host: &'a dyn Host,
    once: RenderOnce<'a>,
    /// Values of charts that are tried in every rendering.
    trial: Option<Arc<ValueTrial>>,
    programs: ProgramResults,
    memo: Memo,
}

/// What a unit's branch has.
#[derive(Clone, Default)]
pub(super) struct BranchObjects {
    pub(super) objects: Vec<Node>,
    /// The delivery that wrote them.
    pub(super) delivery: KeptDelivery,
}

/// A rendering, and the calls of functions whose results differ from run to run.
struct Rendering {
    output: Output,
    calls: Vec<MadeCall>,
}

impl Rendering {
    fn has_calls(&self, kind: CallKind) -> bool {
        self.calls.iter().any(|call| call.kind == kind)
    }

    /// Whether nothing in it differs from run to run.
    fn is_constant(&self) -> bool {
        !self.has_calls(CallKind::Random) && !self.has_calls(CallKind::Clock)
    }

    fn fields(&self) -> Fields {
        Fields::of(&self.output.objects)
    }
}

/// The fields that differ between two renderings of a unit, each with its object.
pub(crate) fn differing_fields(one: &[Node], two: &[Node]) -> Vec<String> {
    Fields::of(one).differences(&Fields::of(two)).iter().map(ToString::to_string).collect()
}

impl<'a> UnitRenderings<'a> {
    pub(super) fn new(host: &'a dyn Host, once: RenderOnce<'a>) -> Self {
        UnitRenderings { host, once, trial: None, programs: ProgramResults::default(), memo: Memo::default() }
    }

    /// The same unit with other values of its charts.
    pub(super) fn with_trial(self, trial: Arc<ValueTrial>) -> Self {
        UnitRenderings { trial: Some(trial), ..self }
    }

    /// Renders the unit as the config says. `branch` gives the objects that the unit's branch has.
    ///
    /// # Errors
    /// What is wrong with the unit; a result that is refused; a seed that cannot be read; a branch that cannot be read.
    pub(super) fn render(
        &self,
        label: &str,
        random: &PlannedRandom,
        ctx: &RunContext,
        branch: &dyn Fn() -> Result<BranchObjects, Errors>,
    ) -> Result<Output, Errors> {
        match random {
            PlannedRandom::AsHelm if self.trial.is_none() => (self.once)(self.host),
            PlannedRandom::AsHelm => (self.once)(&self.unit_host(None)),
            PlannedRandom::Refuse => refuse::render(self, label),
            PlannedRandom::Stable(source) => self.stable(&seed::read(source, ctx)?),
            PlannedRandom::Keep => keep::render(self, ctx, branch),
        }
    }

    /// The calls that read the order of a map, where that order reaches the output.
    ///
    /// # Errors
    /// What is wrong with the unit.
    pub(super) fn sorted_maps(&self) -> Result<Vec<String>, Errors> {
        let first = self.rendering(self.source())?;
        if !first.has_calls(CallKind::Order) {
            return Ok(Vec::new());
        }
        let mut found: Vec<String> = Vec::new();
        let reversed = self.rendering(Derivation { vary: Vary::Kind(CallKind::Order), ..self.source() })?;
        if !first.fields().differences(&reversed.fields()).is_empty() {
            for call in first.calls.iter().filter(|call| call.kind == CallKind::Order) {
                let place = refuse::place_of(call);
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
        Ok(found)
    }

    fn stable(&self, seed: &Seed) -> Result<Output, Errors> {
        let source = || Derivation { seed: seed.clone(), unlimited_certificates: true, ..self.source() };
        let first = self.rendering(source())?;
        if !first.has_calls(CallKind::Random) {
            return Ok(first.output);
        }
        let other = self.rendering(Derivation { vary: Vary::Kind(CallKind::Random), ..source() })?;
        let generated = first.fields().differences(&other.fields());
        Ok(Output { generated, ..first.output })
    }

    /// The usual source of random values and times.
    fn source(&self) -> Derivation {
        Derivation { now: TIME, other_time: OTHER_TIME, memo: self.memo.clone(), ..Derivation::default() }
    }

    fn unit_host(&self, repeatable: Option<Arc<Repeatable>>) -> UnitHost<'_> {
        UnitHost { inner: self.host, repeatable, trial: self.trial.clone(), programs: &self.programs }
    }

    fn rendering(&self, source: Derivation) -> Result<Rendering, Errors> {
        let source = Arc::new(Repeatable::new(source));
        let output = (self.once)(&self.unit_host(Some(source.clone())))?;
        let mut calls = source.calls();
        // Charts may be rendered in parallel; the calls of one chart are in their order.
        calls.sort_by(|one, other| one.key.group.chart.cmp(&other.key.group.chart));
        Ok(Rendering { output, calls })
    }
}
