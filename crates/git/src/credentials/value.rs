//! The value that helpers provide and HTTP sends.

use std::fmt;

/// A user name with a password or token for HTTP. `Debug` does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name. Hosts that only check the token accept any; `x-access-token` is common.
    pub username: String,
    /// The password or token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}
