//! `manifests.hooks`: host commands before and after rendering. Their output goes to stderr, never into the manifests, unless a
//! hook after rendering says `withChange`.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/hooks/{host,render}.go`.

use manifest::yaml::{read_objects, write_skaffold};
use manifest::{Diagnostic, Errors, Node};

use crate::files::join;
use crate::host::{Program, ProgramKind, ProgramOutput};
use crate::skaffold::inputs::Inputs;
use crate::skaffold::model::{Config, HostHook};

/// Runs the hooks before rendering and adds what they print to `hook_output`.
///
/// # Errors
/// A command that cannot be started or fails.
pub(super) fn before(inputs: &Inputs<'_>, config: &Config, hook_output: &mut Vec<u8>) -> Result<(), Errors> {
    for (index, hook) in config.manifests.hooks.before.iter().enumerate().filter(|(_, hook)| is_for_here(hook)) {
        let field = format!("manifests.hooks.before[{index}].host");
        let finished = run(inputs, config, hook, &field, Vec::new())?;
        hook_output.extend(finished.stdout);
        hook_output.extend(finished.stderr);
    }
    Ok(())
}

/// Runs the hooks after rendering, each with the config's manifests on its standard input, and returns the manifests: those
/// that the last hook `withChange` printed, or as they were.
///
/// # Errors
/// A command that cannot be started or fails, and one `withChange` that prints nothing or invalid YAML.
pub(super) fn after(
    inputs: &Inputs<'_>,
    config: &Config,
    mut objects: Vec<Node>,
    hook_output: &mut Vec<u8>,
) -> Result<Vec<Node>, Errors> {
    for (index, hook) in config.manifests.hooks.after.iter().enumerate().filter(|(_, hook)| is_for_here(hook)) {
        let field = format!("manifests.hooks.after[{index}].host");
        let finished = run(inputs, config, hook, &field, print(&objects)?.into_bytes())?;
        hook_output.extend(finished.stderr);
        if !hook.with_change {
            hook_output.extend(finished.stdout);
            continue;
        }
        let diagnostic =
            |message: &str| config.diagnostic(hook.at, &field, format!("{}: {message}", hook.command.join(" ")));
        if finished.stdout.is_empty() {
            return Err(diagnostic("a hook with `withChange` must print the manifests, but printed nothing").into());
        }
        objects = read_objects(&finished.stdout)
            .map_err(|error| diagnostic(&format!("its output, line {}: {}", error.at.line, error.message)))?;
    }
    Ok(objects)
}

/// The objects as Skaffold prints them, `---` between them and a newline at the end.
///
/// # Errors
/// Returns an error for objects that cannot be printed.
pub(super) fn print(objects: &[Node]) -> Result<String, Diagnostic> {
    let mut text = String::new();
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        write_skaffold(object, &mut text)?;
    }
    Ok(text)
}

fn is_for_here(hook: &HostHook) -> bool {
    let here = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    hook.os.is_empty() || hook.os.iter().any(|os| os == here)
}

fn run(
    inputs: &Inputs<'_>,
    config: &Config,
    hook: &HostHook,
    field: &str,
    input: Vec<u8>,
) -> Result<ProgramOutput, Diagnostic> {
    let diagnostic = |message: String| config.diagnostic(hook.at, field, message);
    let program = Program {
        arguments: hook.command.clone(),
        folder: join(inputs.working_dir, &hook.dir),
        variables: variables(inputs),
        input,
        kind: ProgramKind::Hook,
    };
    let locate = |error: Diagnostic| error.in_file(&config.file).at(hook.at).field(field);
    let finished = inputs.host.run(&program).map_err(locate)?;
    if finished.status == Some(0) {
        return Ok(finished);
    }
    let status = finished
        .status
        .map_or("was terminated by a signal".to_owned(), |status| format!("exited with status {status}"));
    let stderr = String::from_utf8_lossy(&finished.stderr);
    Err(diagnostic(format!("{} {status}: {}", hook.command.join(" "), stderr.trim()))
        .hint("run the command by hand in the same folder"))
}

/// The environment variables that Skaffold sets for hooks, without those that the environment already has.
fn variables(inputs: &Inputs<'_>) -> Vec<(String, String)> {
    let options = inputs.options;
    let mut variables = vec![
        ("SKAFFOLD_WORK_DIR".to_owned(), inputs.working_dir.to_owned()),
        ("SKAFFOLD_KUBE_CONTEXT".to_owned(), options.kube_context.clone()),
        ("SKAFFOLD_NAMESPACES".to_owned(), options.namespace.clone()),
    ];
    variables.extend(options.default_repo.iter().map(|repo| ("SKAFFOLD_DEFAULT_REPO".to_owned(), repo.clone())));
    variables.retain(|(name, _)| !inputs.environment.contains_key(name));
    variables
}
