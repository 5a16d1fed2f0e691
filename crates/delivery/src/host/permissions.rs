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
        if program.kind == ProgramKind::Helm
            && let Some(argument) = secret_argument(&program.arguments)
        {
            let message = format!(
                "cannot run {name}: its argument {argument} has credentials, and other users can see arguments"
            );
            return Err(Diagnostic::new(message)
                .hint("leave them out of the URL, and run `helm repo add --username` or `helm registry login` once"));
        }
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

/// The first of helm's arguments with a URL that has credentials, redacted. Values (`--set`) are the chart's content.
fn secret_argument(arguments: &[String]) -> Option<String> {
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument.starts_with("--set") {
            _ = if argument.contains('=') { None } else { arguments.next() };
            continue;
        }
        let redacted = net::redact::text(argument);
        if redacted != *argument {
            return Some(redacted);
        }
    }
    None
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
    fn credentials_are_no_arguments_of_helm() {
        for argument in ["--repo https://u:p@h/charts", "--repo=https://h?token=p", "oci://u:p@h/chart"] {
            let arguments = format!("helm template x {argument}").split(' ').map(str::to_owned).collect();
            let program = Program {
                arguments,
                kind: ProgramKind::Helm,
                folder: String::new(),
                variables: Vec::new(),
                input: Vec::new(),
            };
            let allowed = Permissions { exec: AllowedPrograms::All, ..Permissions::default() };
            let refused = allowed.check(&program).unwrap_err().to_string();
            assert!(
                refused.contains("has credentials") && !refused.contains("u:p") && !refused.contains("=p"),
                "{refused}"
            );
        }
    }

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
            (
                ProgramKind::Helm,
                "helm template x --repo https://h/charts --set a=https://u:p@h --set b=c://u:p@h",
                true,
            ),
            (ProgramKind::Helm, "helm template x --set-string a=https://u:p@h", true),
        ];
        for (kind, line, expected) in table {
            assert_eq!(check(normal, kind, line), expected, "{line}");
            assert_eq!(check(hooks, kind, line), expected || kind == ProgramKind::Hook, "{line}");
            assert!(check(allowed, kind, line), "{line}");
            assert!(!check(untrusted, kind, line), "{line}");
        }
    }
}
