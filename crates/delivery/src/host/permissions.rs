//! What a run may do on this machine while it renders: which programs it may start.

use manifest::Diagnostic;
use net::InputTrust;
use render_core::host::{Program, ProgramKind};

/// helm's flags that start a program, or read a file that names one (the `exec` plugins of a kubeconfig).
const HELM_FLAGS: &[&str] = &["--post-renderer", "--kubeconfig", "--validate", "--dry-run"];

/// What a run may do on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Whether the run's input is trusted; if not, no program is started at all.
    pub trust: InputTrust,
    /// Which programs are started that the source configures.
    pub exec: AllowedPrograms,
}

/// Which of the programs are started that the source configures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AllowedPrograms {
    /// None.
    #[default]
    None,
    /// Hooks of a Skaffold config.
    Hooks,
    /// Exec functions, hooks, commands in templates, and the others.
    All,
}

impl AllowedPrograms {
    /// Whether every program is started.
    pub fn all(self) -> bool {
        self == AllowedPrograms::All
    }
}

impl Permissions {
    /// Checks that a program may be started.
    ///
    /// # Errors
    /// Where the input is not trusted, and where the source configures the program without permission.
    pub(super) fn check(self, program: &Program) -> Result<(), Diagnostic> {
        let name = program.arguments.first().map_or("", String::as_str);
        self.trust.check_program(name).map_err(|refused| {
            Diagnostic::new(refused.to_string())
                .hint("run without `--untrusted` if you trust the source")
                .caused_by(refused)
        })?;
        if self.exec.all() || self.exec == AllowedPrograms::Hooks && program.kind == ProgramKind::Hook {
            return Ok(());
        }
        let message = match program.kind {
            ProgramKind::Source | ProgramKind::Hook => {
                format!("cannot run {name}: the source configures it, and exec is not allowed")
            }
            ProgramKind::Helm => match starting_flag(&program.arguments) {
                Some(flag) => {
                    format!("cannot run {name} with {flag}: it may start another program, and exec is not allowed")
                }
                None => return Ok(()),
            },
        };
        Err(Diagnostic::new(message).hint("run with `--allow-exec`, or set `trust.exec: true` in hydrant.yaml"))
    }
}

/// The first of helm's arguments that may start another program.
fn starting_flag(arguments: &[String]) -> Option<&'static str> {
    let matches = |argument: &String, flag: &str| {
        argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', '-']))
    };
    HELM_FLAGS.iter().find(|flag| arguments.iter().skip(1).any(|argument| matches(argument, flag))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_the_source_need_permission() {
        let check = |permissions: Permissions, kind, line: &str| {
            let arguments = line.split(' ').map(str::to_owned).collect();
            let program = Program { arguments, kind, folder: String::new(), variables: Vec::new(), input: Vec::new() };
            permissions.check(&program).is_ok()
        };
        let normal = Permissions::default();
        let hooks = Permissions { exec: AllowedPrograms::Hooks, ..normal };
        let allowed = Permissions { exec: AllowedPrograms::All, ..normal };
        let untrusted = Permissions { exec: AllowedPrograms::All, trust: InputTrust::Untrusted };
        let table = [
            (ProgramKind::Source, "./function", false),
            (ProgramKind::Hook, "./hook", false),
            (ProgramKind::Source, "helm template", false),
            (ProgramKind::Helm, "helm template x --set a=--post-renderer", true),
            (ProgramKind::Helm, "helm template x --post-renderer=./evil", false),
            (ProgramKind::Helm, "helm template --post-renderer ./evil", false),
            (ProgramKind::Helm, "helm template --post-renderer-args x", false),
            (ProgramKind::Helm, "helm template --kubeconfig=./evil --validate", false),
            (ProgramKind::Helm, "helm --kube-context c template", true),
        ];
        for (kind, line, expected) in table {
            assert_eq!(check(normal, kind, line), expected, "{line}");
            assert_eq!(check(hooks, kind, line), expected || kind == ProgramKind::Hook, "{line}");
            assert!(check(allowed, kind, line), "{line}");
            assert!(!check(untrusted, kind, line), "{line}");
        }
    }
}
