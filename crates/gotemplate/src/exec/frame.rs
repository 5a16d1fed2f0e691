//! The template that runs, and the place in it that errors show.

use super::Failure;
use crate::ast::{Call, Command, Operand, Pipe, Tree};
use crate::error::{ErrorLocation, ExecError, FunctionError};
use crate::value::{CallReferences, CallSite};

/// The node that is being evaluated.
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Start,
    Action(&'t Pipe),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
    Call(&'t Call),
}

impl At<'_> {
    /// Returns where the node begins in its template's text.
    fn offset(self) -> usize {
        match self {
            At::Start => 0,
            At::Action(pipe) | At::Pipe(pipe) => pipe.at,
            At::Command(command) => command.at,
            At::Operand(operand) => operand.at,
            At::Call(call) => call.at,
        }
    }
}

pub(super) struct Frame<'t> {
    pub(super) tree: &'t Tree,
    pub(super) at: At<'t>,
}

impl<'t> Frame<'t> {
    pub(super) fn new(tree: &'t Tree) -> Frame<'t> {
        Frame { tree, at: At::Start }
    }

    /// Makes an error at the current node.
    pub(super) fn error(&self, message: impl Into<String>) -> Failure {
        Box::new(ExecError {
            location: self.location(),
            template: self.tree.name.clone(),
            message: message.into(),
            cause: None,
        })
    }

    /// Makes the error of a function that was called.
    pub(super) fn call_error(&self, name: &str, cause: FunctionError) -> Failure {
        let mut error = self.error(format!("error calling {name}: "));
        error.cause = Some(cause);
        error
    }

    fn location(&self) -> Option<ErrorLocation> {
        location(self.tree, self.at)
    }
}

/// Returns where a node is in its template's text; `None` before the first one.
fn location(tree: &Tree, at: At<'_>) -> Option<ErrorLocation> {
    let (offset, context) = match at {
        At::Start => return None,
        At::Action(pipe) => (pipe.at, format!("{{{{{pipe}}}}}")),
        At::Pipe(pipe) => (pipe.at, pipe.to_string()),
        At::Command(command) => (command.at, command.to_string()),
        At::Operand(operand) => (operand.at, operand.to_string()),
        At::Call(call) => (call.at, call.to_string()),
    };
    let before = &tree.source.text[..offset.min(tree.source.text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    Some(ErrorLocation {
        name: tree.source.name.clone(),
        line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
        column: before.len() - line_start,
        context,
    })
}

/// The node of a call, and its template.
#[derive(Clone, Copy)]
pub(super) struct CallPlace<'t> {
    tree: &'t Tree,
    at: At<'t>,
}

impl<'t> CallPlace<'t> {
    pub(super) fn of(frame: &Frame<'t>, at: At<'t>) -> CallPlace<'t> {
        CallPlace { tree: frame.tree, at }
    }

    pub(super) fn site(&self) -> CallSite {
        let start =
            || ErrorLocation { name: self.tree.source.name.clone(), line: 1, column: 0, context: String::new() };
        CallSite { template: self.tree.name.clone(), location: location(self.tree, self.at).unwrap_or_else(start) }
    }

    pub(super) fn references(&self) -> CallReferences {
        CallReferences {
            name: self.tree.source.name.clone(),
            references: crate::references::enclosing(self.tree, self.at.offset()),
        }
    }
}
