//! The host of one rendering of a unit: charts get derived values, and programs run once.

use std::sync::{Arc, Mutex, PoisonError};

use manifest::Diagnostic;
use render_core::chart_values::ValueTrial;
use render_core::host::{ChartRequest, ChartSettings, FetchedChart, Host, Program, ProgramOutput, RemoteRepository};
use render_core::repeatable::Repeatable;

/// The results of programs, so that a unit's other renderings do not run them again.
#[derive(Default)]
pub(super) struct ProgramResults(Mutex<Vec<ProgramResult>>);

#[derive(Clone)]
struct ProgramResult {
    program: Program,
    output: ProgramOutput,
}

pub(super) struct UnitHost<'a> {
    pub(super) inner: &'a dyn Host,
    /// Derives random values and the time; absent where they are drawn as helm does.
    pub(super) repeatable: Option<Arc<Repeatable>>,
    /// Values of charts that are tried.
    pub(super) trial: Option<Arc<ValueTrial>>,
    pub(super) programs: &'a ProgramResults,
}

impl Host for UnitHost<'_> {
    fn repository(&self, request: &RemoteRepository) -> Result<String, Diagnostic> {
        self.inner.repository(request)
    }

    fn repository_root(&self, path: &str) -> Option<String> {
        self.inner.repository_root(path)
    }

    fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
        self.inner.download(url)
    }

    fn chart(&self, request: &ChartRequest) -> Result<FetchedChart, Diagnostic> {
        self.inner.chart(request)
    }

    fn chart_repository(&self, name: &str) -> Result<String, Diagnostic> {
        self.inner.chart_repository(name)
    }

    fn charts(&self) -> ChartSettings {
        ChartSettings { repeatable: self.repeatable.clone(), trial: self.trial.clone(), ..self.inner.charts() }
    }

    fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
        let known = |results: &Vec<ProgramResult>| {
            results.iter().find(|known| known.program == *program).map(|known| known.output.clone())
        };
        if let Some(output) = known(&self.programs.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(output);
        }
        let output = self.inner.run(program)?;
        let result = ProgramResult { program: program.clone(), output: output.clone() };
        self.programs.0.lock().unwrap_or_else(PoisonError::into_inner).push(result);
        Ok(output)
    }

    fn scratch(&self) -> Result<String, Diagnostic> {
        self.inner.scratch()
    }
}
