//! Random values in the charts of the conformance suite. `HYDRANT_CHARTS` is the suite's folder; the results are printed, a line a case.

use manifest::yaml::read_objects;
use render_core::helm::run_program;
use render_core::host::{Host, NoHost, Program, ProgramKind};
use serde_json::Value;

use super::*;
use crate::host::disk::DiskFiles;
use crate::pipeline::file_set::Style;

/// The command lines of the cases that render, each once, without `--show-only`.
fn command_lines(folder: &str) -> Vec<Vec<String>> {
    let index = std::fs::read(format!("{folder}/index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let mut all: Vec<Vec<String>> = Vec::new();
    for case in index["cases"].as_array().unwrap().iter().filter(|case| case["expect"] == "ok") {
        let mut arguments = case["args"].as_array().unwrap().iter().filter_map(Value::as_str);
        let mut line = vec!["helm".to_owned(), "template".to_owned()];
        while let Some(argument) = arguments.next() {
            if matches!(argument, "--show-only" | "-s") {
                arguments.next();
            } else {
                line.push(argument.to_owned());
            }
        }
        if !all.contains(&line) {
            all.push(line);
        }
    }
    all
}

/// The fields that differ from run to run.
fn refused_fields(unit: &UnitRenderings<'_>) -> Result<Vec<String>, String> {
    let rendered = |vary| {
        let rendering = unit.rendering(Derivation { vary, ..unit.source() });
        rendering.map_err(|errors| errors.all()[0].message.clone())
    };
    let first = rendered(Vary::Nothing)?;
    if first.is_constant() {
        return Ok(Vec::new());
    }
    let other = rendered(Vary::Everything)?;
    Ok(first.fields().differences(&other.fields()).iter().map(ToString::to_string).collect())
}

#[test]
#[ignore = "renders the charts of the conformance suite several times: set HYDRANT_CHARTS"]
fn charts_of_the_conformance_suite() {
    let folder = std::env::var("HYDRANT_CHARTS").unwrap();
    let files = DiskFiles::default();
    let part = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (start, step) = (part("HYDRANT_CHARTS_START").unwrap_or(0), part("HYDRANT_CHARTS_STEP").unwrap_or(1));
    for line in command_lines(&folder).into_iter().skip(start).step_by(step) {
        let program = Program {
            arguments: line.clone(),
            folder: folder.clone(),
            variables: Vec::new(),
            input: Vec::new(),
            kind: ProgramKind::Helm,
        };
        let once = |host: &dyn Host| -> Result<Output, Errors> {
            let finished = run_program(&program, &files, host)?;
            if finished.status != Some(0) {
                return Err(
                    manifest::Diagnostic::new(String::from_utf8_lossy(&finished.stderr).trim().to_owned()).into()
                );
            }
            Ok(Output::of_objects(read_objects(&finished.stdout)?, Style::Skaffold, Vec::new()))
        };
        let unit = UnitRenderings::new(&NoHost, &once);
        let refused = refused_fields(&unit);
        let printed = || {
            let seed = Seed::of_secret(b"the seed of this test");
            let output =
                UnitRenderings::new(&NoHost, &once).stable(&seed).map_err(|errors| errors.all()[0].message.clone())?;
            Ok::<_, String>(format!("{:?}", output.objects))
        };
        let (one, two) = (printed(), printed());
        let result = serde_json::json!({
            "args": line[2..],
            "refused": refused,
            "stable": one.is_ok() && one == two,
            "error": one.err(),
        });
        // The result is what this test is run for.
        #[allow(clippy::print_stdout)]
        {
            println!("CASE {result}");
        }
    }
}
