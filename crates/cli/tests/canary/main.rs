//! A secret is given in every place that takes one, and must not appear in any output: stdout, stderr, reports, commits, notes, statements,
//! artifacts, and the arguments and environments of child processes.
//!
//! - `inputs`: each flag, argument, environment variable, config field and source file, with every form of URL. The flags come from the
//!   program's help and the fields from its schema, so a new one is covered. Most of these runs fail.
//! - `runs`: every verb with the credentials that it needs, in runs that succeed.

#![allow(clippy::print_stdout, reason = "the number of places is the report")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

mod inputs;
mod runs;
mod stage;
