//! The functions of Sprig 3.3 for Go's templates, which Skaffold and Helm share.
//!
//! They are pure: the clock, chance and environment variables come in through [`FunctionState`], which the caller hands to the execution. A function that needs
//! what the state lacks fails and says so. Source of each: the function of that name in Masterminds/sprig v3.3.0.

mod arguments;
mod cast;
mod certificate_value;
mod choices;
mod crypto;
mod dates;
mod decimal;
mod dicts;
mod draw;
pub(crate) mod durations;
pub(crate) mod encodings;
mod generator;
mod hashes;
pub(crate) mod json;
mod lists;
mod merge;
mod numbers;
mod paths;
mod patterns;
mod random;
mod reflection;
mod regular_expression;
pub(crate) mod semver;
mod state;
mod strings;
pub(crate) mod times;
mod unicode_case;
mod unicode_classes;
mod urls;
mod word_case;
mod wrapping;

use gotemplate::Functions;

pub use state::{FindZone, RandomBytes};
pub(crate) use state::{FunctionState, ProgramOutputs, hidden_variable};

/// Returns the table of all functions.
pub(crate) fn functions() -> Functions {
    let mut functions = Functions::new();
    for table in [
        choices::TABLE,
        crypto::TABLE,
        dates::TABLE,
        dicts::TABLE,
        durations::TABLE,
        encodings::TABLE,
        hashes::TABLE,
        json::TABLE,
        lists::TABLE,
        merge::TABLE,
        numbers::TABLE,
        paths::TABLE,
        patterns::TABLE,
        random::TABLE,
        reflection::TABLE,
        semver::TABLE,
        strings::TABLE,
        urls::TABLE,
        word_case::TABLE,
        wrapping::TABLE,
    ] {
        functions.extend(table);
    }
    functions
}
