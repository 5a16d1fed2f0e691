//! The name that the program is called by: a link named `skaffold` answers Skaffold's commands, and links named
//! `kubectl-hydrant`, `argocd-hydrant` and `flux-hydrant` are plugins of these programs.

use std::ffi::OsString;
use std::path::Path;

use crate::invocation::Invocation;
use crate::outcome::Failure;
use crate::skaffold_commands;

/// Programs that run `NAME-hydrant` for `NAME hydrant`.
const HOSTS: [&str; 3] = ["kubectl", "argocd", "flux"];

/// Reads the arguments of this process.
///
/// # Errors
/// Called as `skaffold`, for a command that hydrant does not have; the hint says what to use instead.
pub(crate) fn read(typed: Vec<OsString>) -> Result<Invocation, Failure> {
    let path = typed.first().map(Path::new);
    let called = path.and_then(Path::file_stem).and_then(|name| name.to_str()).unwrap_or_default();
    if called == "skaffold" {
        return skaffold_commands::read(&typed);
    }
    let Some(host) = HOSTS.into_iter().find(|host| called.strip_prefix(host) == Some("-hydrant")) else {
        return Ok(Invocation::Hydrant(typed));
    };
    let name = OsString::from(format!("{host} hydrant"));
    Ok(Invocation::Hydrant(std::iter::once(name).chain(typed.into_iter().skip(1)).collect()))
}
