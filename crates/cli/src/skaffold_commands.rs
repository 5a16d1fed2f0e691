//! What a link named `skaffold` answers: `render` and what its users call beside it; for all other commands, what to use instead.
//!
//! Source of the commands: `cmd/skaffold/app/cmd/cmd.go` of Skaffold 2.24.0.

use std::ffi::OsString;

use delivery::Diagnostic;

use crate::invocation::Invocation;
use crate::outcome::Failure;

/// The release of Skaffold that `render` is held to; `docs/conformance.md` has the cases.
const RELEASE: &str = "v2.24.0";

/// A command of Skaffold, and the hint of the error that it gives.
struct Unsupported {
    name: &'static str,
    instead: &'static str,
}

const fn unsupported(name: &'static str, instead: &'static str) -> Unsupported {
    Unsupported { name, instead }
}

/// Skaffold's commands without an equivalent of the same form.
const UNSUPPORTED: &[Unsupported] = &[
    unsupported(
        "build",
        "build images with `docker buildx bake --metadata-file build.json`, and run `hydrant deliver --images build.json`",
    ),
    unsupported(
        "run",
        "build with `docker buildx bake`, and run `hydrant deliver --images build.json`; Argo CD or Flux applies the result",
    ),
    unsupported("dev", "use Tilt, DevSpace or Telepresence to develop against a cluster"),
    unsupported("debug", "use `kubectl debug`, Tilt or DevSpace to debug in a cluster"),
    unsupported("test", "run container-structure-test or your own tests as a step of CI"),
    unsupported("deploy", "run `hydrant deliver`; Argo CD or Flux applies the result"),
    unsupported("apply", "run `hydrant deliver`, or `kubectl apply -f` with the output of `hydrant render`"),
    unsupported("delete", "run `hydrant retire`, or `kubectl delete -f` with the output of `hydrant render`"),
    unsupported("verify", "run your test containers as a step of CI, a Job or an Argo CD hook"),
    unsupported("exec", "run the command as a step of CI"),
    unsupported("init", "run `hydrant init`"),
    unsupported("fix", "keep the file: hydrant reads every version from skaffold/v1alpha1 to skaffold/v4beta14"),
    unsupported(
        "filter",
        "run `skaffold render` with the manifests in `manifests.rawYaml`, --build-artifacts and --label",
    ),
    unsupported(
        "diagnose",
        "run `skaffold render` for the effective manifests, or `hydrant plan --all` for all units and their settings",
    ),
    unsupported("inspect", "run `hydrant plan --all --format json`"),
    unsupported("find-configs", "run `hydrant init --print`"),
    unsupported("lint", "run `skaffold render`: it reports invalid configs with file and line"),
    unsupported("config", "set --default-repo, or edit ~/.skaffold/config: hydrant reads it"),
    unsupported("completion", "run `hydrant completions bash`"),
    unsupported("options", "run `skaffold render --help`"),
    unsupported("generate-pipeline", "use the pipelines in hydrant's guide for CI"),
    unsupported("survey", "open an issue of hydrant"),
    unsupported("credits", "read the notices in Skaffold's own release"),
    unsupported(
        "schema",
        "run `skaffold schema list`; the schemas are in Skaffold's repository, in docs-v2/content/en/schemas",
    ),
    unsupported("lsp", "use the JSON schema of skaffold.yaml in your editor"),
];

/// Reads the arguments of a process that was called as `skaffold`.
///
/// # Errors
/// The command is not `render`, `version`, `schema list` or `help`.
pub(crate) fn read(typed: &[OsString]) -> Result<Invocation, Failure> {
    let word = |index: usize| typed.get(index).and_then(|word| word.to_str()).unwrap_or_default();
    match (word(1), word(2)) {
        ("render", _) => Ok(Invocation::Hydrant(typed.to_vec())),
        ("version", _) => Ok(Invocation::Print(format!("{RELEASE}\n"))),
        ("schema", "list") => Ok(Invocation::Print(delivery::verbs::schema::skaffold_versions())),
        ("" | "help" | "--help" | "-h", _) => Ok(Invocation::Print(help())),
        (command, _) => Err(refused(command)),
    }
}

fn help() -> String {
    format!(
        "hydrant {} answers as skaffold {RELEASE}:\n\n  \
         skaffold render       print the manifests of a skaffold.yaml; see `skaffold render --help`\n  \
         skaffold schema list  print the versions of skaffold.yaml that are read\n  \
         skaffold version      print the release of Skaffold that `render` is held to\n\n\
         For other commands of Skaffold, an error says what to use instead. `hydrant --help` lists hydrant's own.\n",
        env!("CARGO_PKG_VERSION")
    )
}

fn refused(command: &str) -> Failure {
    match UNSUPPORTED.iter().find(|known| known.name == command) {
        Some(known) => Diagnostic::new(format!("skaffold {command} is not supported")).hint(known.instead).into(),
        None => Diagnostic::new(format!("unknown command {command:?} of skaffold"))
            .hint("run `skaffold --help` for the commands that hydrant answers")
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> Result<Invocation, Failure> {
        read(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn render_is_passed_on() {
        let Ok(Invocation::Hydrant(arguments)) = read_line("skaffold render -p production --offline=true") else {
            panic!("not passed on");
        };
        assert_eq!(arguments, ["skaffold", "render", "-p", "production", "--offline=true"]);
    }

    #[test]
    fn every_other_command_names_an_alternative() {
        for known in UNSUPPORTED {
            let Err(Failure::Input(error)) = read_line(&format!("skaffold {}", known.name)) else {
                panic!("{} is accepted", known.name);
            };
            assert!(error.to_string().contains("is not supported"), "{error}");
        }
        assert!(read_line("skaffold schema get skaffold/v4beta14").is_err());
        assert!(read_line("skaffold no-such-command").is_err());
    }

    #[test]
    fn versions_are_listed_from_the_oldest_to_the_newest() {
        let Ok(Invocation::Print(text)) = read_line("skaffold schema list") else { panic!("no list") };
        assert!(text.starts_with("skaffold/v1alpha1\n") && text.ends_with("skaffold/v4beta14\n"), "{text}");
    }
}
