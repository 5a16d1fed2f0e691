//! Calls of helm that name a chart in a repository or registry: the chart is fetched by the host, and the call names its archive.

use manifest::Diagnostic;

use super::Flags;
use crate::files::Files;
use crate::host::{ChartRequest, Host, Program};

/// The flags that say which chart it is; `true` where a value follows.
const OWN: [(&str, bool); 3] = [("--repo", true), ("--version", true), ("--devel", false)];

/// The flags with which only the program can fetch the chart.
const OF_PROGRAM: [&str; 8] = [
    "--username",
    "--password",
    "--pass-credentials",
    "--ca-file",
    "--cert-file",
    "--key-file",
    "--insecure-skip-tls-verify",
    "--verify",
];

/// The range of `--devel`.
const DEVEL: &str = ">0.0.0-0";

/// Returns the call with the archive of its remote chart; `None` if the chart is not remote, or only the program can fetch it.
///
/// # Errors
/// A chart that cannot be fetched.
pub(super) fn with_fetched_chart(
    program: &Program,
    files: &dyn Files,
    host: &dyn Host,
) -> Result<Option<Program>, Diagnostic> {
    let is = |argument: &str, flag: &str| {
        argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let arguments = &program.arguments;
    if arguments.iter().any(|argument| OF_PROGRAM.iter().any(|flag| is(argument, flag))) {
        return Ok(None);
    }
    let (mut kept, mut given): (Vec<String>, [Option<String>; 3]) = (Vec::new(), Default::default());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match OWN.iter().position(|(flag, _)| is(argument, flag)) {
            Some(index) => {
                let value = argument.split_once('=').map(|(_, value)| value.to_owned());
                let next = || if OWN[index].1 { rest.next().cloned() } else { Some("true".to_owned()) };
                given[index] = value.or_else(next);
            }
            None => kept.push(argument.clone()),
        }
    }
    let [repository, version, devel] = given.map(|value| value.filter(|text| !text.is_empty() && text != "false"));
    let Ok(flags) = Flags::read(kept.get(1..).unwrap_or_default(), &[]) else { return Ok(None) };
    let (Some(verb), Some(chart)) = (flags.positional.first(), flags.positional.last()) else { return Ok(None) };
    let is_local = || files.kind(&crate::files::join(&program.folder, chart)).is_ok();
    // helm refuses a URL beside `--repo` with a message of its own.
    if repository.is_some() && chart.contains("://") {
        return Ok(None);
    }
    if verb != "template" || (repository.is_none() && (!chart.contains("://") || is_local())) {
        return Ok(None);
    }
    let version = version.or_else(|| devel.map(|_| DEVEL.to_owned()));
    let request = match &repository {
        Some(repository) => ChartRequest::named(repository, chart, version.as_deref()),
        None => ChartRequest::at(chart, version.as_deref()),
    };
    let fetched = host.chart(&request.map_err(Diagnostic::new)?)?;
    let Some(place) = kept.iter().rposition(|argument| argument == chart) else { return Ok(None) };
    kept[place] = fetched.archive;
    Ok(Some(Program { arguments: kept, ..program.clone() }))
}
