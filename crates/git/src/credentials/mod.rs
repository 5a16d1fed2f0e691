//! User names and passwords for HTTP, and the programs that provide them.

mod askpass;
mod helper;
mod program;
mod value;

pub use helper::CredentialHelpers;
pub(crate) use helper::FoundCredentials;
pub use program::CredentialError;
pub use value::{CredentialSource, Credentials};
