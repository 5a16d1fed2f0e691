//! The parts of the documentation that are generated from the program's own arguments.

mod commands;
mod reference;
mod skaffold_flags;
