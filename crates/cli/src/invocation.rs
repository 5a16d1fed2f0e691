//! What the arguments of this process request, whatever name the program is called by.

use std::ffi::OsString;

/// The request of a process.
#[derive(Debug)]
pub(crate) enum Invocation {
    /// Arguments of hydrant. The first one is the name that usage texts show.
    Hydrant(Vec<OsString>),
    /// A text to print, as for `skaffold version`.
    Print(String),
}
