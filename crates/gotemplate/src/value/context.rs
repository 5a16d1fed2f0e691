//! What a function sees of the execution that calls it.

use std::any::Any;

use super::Value;
use crate::error::{Error, ErrorLocation};

/// A call in a running template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSite {
    /// The name of the template that the call is written in.
    pub template: String,
    /// Where the call is, and the call as it is written.
    pub location: ErrorLocation,
}

/// The references that enclose a call: what may decide whether the call is made or its result is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallReferences {
    /// The name of the text that the call is written in.
    pub name: String,
    /// The references, the nearest first.
    pub references: Vec<Reference>,
}

/// What a template refers to beside a call: in the same pipeline, or in an enclosing condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A field, as it is written: `.Values.auth.password`, `$.Values.global.x`.
    Field(String),
    /// A constant text.
    Text(String),
}

/// A running execution, as functions see it.
pub trait Context {
    /// Returns what the caller handed to the execution. [`dyn Context::state_as`](#method.state_as) gives it its type.
    fn state(&self) -> &dyn Any;

    /// Returns `$`: the data that the running template was given.
    fn data(&self) -> Value;

    /// Returns whether a template of that name can be called.
    fn has_template(&self, name: &str) -> bool;

    /// Executes another template of the set and returns its output.
    ///
    /// # Errors
    /// There is no such template, or its execution fails.
    fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, Error>;

    /// Executes a text as a template of the given name. It can call the templates of the set; what it defines itself comes first, and is not
    /// seen outside. A text that is executed again is not parsed again.
    ///
    /// # Errors
    /// The text is not a template, or its execution fails.
    fn execute_text(&mut self, name: &str, text: &[u8], data: Value) -> Result<Vec<u8>, Error>;

    /// Counts work that a function does (elements made, bytes written) against the limit of steps.
    ///
    /// # Errors
    /// The limit is reached.
    fn charge(&mut self, steps: u64) -> Result<(), String>;

    /// Returns how many bytes an output may have.
    fn output_limit(&self) -> usize;

    /// Returns the calls that are running, outermost first: `{{template}}` actions, and functions that use a context. The last one is the
    /// call of the function that asks.
    fn calls(&self) -> Vec<CallSite>;

    /// Returns the references that enclose each of the calls that are running, outermost first.
    fn references(&self) -> Vec<CallReferences>;
}

impl dyn Context + '_ {
    /// Returns what the caller handed to the execution, if it is of that type.
    #[must_use]
    pub fn state_as<T: 'static>(&self) -> Option<&T> {
        self.state().downcast_ref()
    }
}
