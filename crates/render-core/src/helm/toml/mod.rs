//! TOML as BurntSushi/toml v1.6.0 reads and prints it, error texts included.

mod document;
mod numbers;
mod reader;
mod strings;
mod writer;

pub(super) use reader::read;
pub(super) use writer::write;
