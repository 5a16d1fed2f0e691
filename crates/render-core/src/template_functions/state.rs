//! The state of functions in addition to their arguments.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{Context, Str};
use rustc_hash::FxHashMap;

use crate::repeatable::ChartSource;
use crate::time::{Clock, Offset};

/// Fills a buffer with random bytes, or says why it cannot.
pub type RandomBytes = Box<dyn FnMut(&mut [u8]) -> Result<(), String>>;

/// The data of Skaffold's `cmd` function: the output of each program that has run, and the first program whose output is missing.
#[derive(Debug, Default)]
pub(crate) struct ProgramOutputs {
    pub(crate) known: BTreeMap<Vec<String>, String>,
    pub(crate) missing: Option<Vec<String>>,
}

/// Finds the offset of a zone at a time; `None` if there is no such zone.
pub type FindZone = Box<dyn Fn(&str, i64) -> Option<Offset>>;

/// The state that the caller of a template passes to its functions.
#[derive(Default)]
pub(crate) struct FunctionState {
    /// The current time and the local zone; without one, functions that read it fail.
    pub(crate) clock: Option<Clock>,
    /// The source of random bytes; without it, the functions that need one fail.
    pub(crate) random: Option<RefCell<RandomBytes>>,
    /// Derives random values and the time, instead of `random` and `clock`.
    pub(crate) repeatable: Option<ChartSource>,
    /// Looks zones up; without it, only UTC and the local one are known.
    pub(crate) zones: Option<FindZone>,
    /// The programs of `cmd`.
    pub(crate) programs: RefCell<ProgramOutputs>,
    /// The depth of helm's `include` for each name.
    pub(crate) includes: RefCell<FxHashMap<Str, usize>>,
    /// The environment's variables.
    pub(crate) environment: Arc<BTreeMap<String, String>>,
    /// Whether reading a name that `environment` lacks is an error.
    pub(crate) hides_environment: bool,
}

impl FunctionState {
    /// A variable of the environment; empty where it is not set.
    ///
    /// # Errors
    /// A variable that is not set where the variables of the process are hidden.
    pub(super) fn variable(&self, name: &str) -> Result<String, String> {
        match self.environment.get(name) {
            Some(value) => Ok(value.clone()),
            None if self.hides_environment => Err(hidden_variable(name)),
            None => Ok(String::new()),
        }
    }
}

/// The message about a variable that is not read, since the run's input is not trusted.
pub(crate) fn hidden_variable(name: &str) -> String {
    format!("the environment variable {name} is not read with --untrusted")
}

/// Returns the state, or an empty one's effect: `None`.
pub(super) fn of(context: &dyn Context) -> Option<&FunctionState> {
    context.state_as::<FunctionState>()
}
