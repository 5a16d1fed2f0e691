//! The options of every verb that say how much is printed on stderr.

use std::path::{Path, PathBuf};

use crate::verbosity::{self, Level, Verbosity};

/// How much is printed on stderr.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct LoggingArguments {
    /// Log stages with their durations, and print the causes of errors; -vv logs requests too
    #[arg(
        id = "verbose",
        short = 'v',
        long = "verbose",
        global = true,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        action = clap::ArgAction::Append,
        hide_possible_values = true,
        value_name = "LEVEL"
    )]
    levels: Vec<Level>,
    /// Print errors only: no warnings, notes or progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Write the stages and requests of the run to this file, as a trace that Perfetto and chrome://tracing read
    #[arg(long, global = true, value_name = "FILE")]
    trace: Option<PathBuf>,
}

impl LoggingArguments {
    /// The file of the trace, if one is requested.
    pub(crate) fn trace(&self) -> Option<&Path> {
        self.trace.as_deref()
    }

    /// How much is to be printed.
    pub(crate) fn verbosity(&self) -> Verbosity {
        if self.quiet { Verbosity::Errors } else { verbosity::of(&self.levels) }
    }
}
