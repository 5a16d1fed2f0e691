//! Runs the fixtures of `fixtures/risks`: the objects of `new.yaml` replace those of `old.yaml`, or the units in the folder `units` are
//! delivered together; the result is `expected`, a line for each risk.

use std::process::ExitCode;

use checks::risks::{self, Risk, UnitObjects};
use manifest::yaml::read_objects;
use testkit::expect::Expect;
use testkit::fixtures::{Case, Suite, run as run_suites};

fn line(risk: &Risk) -> String {
    let field = if risk.field.is_empty() { String::new() } else { format!(" {}", risk.field) };
    format!("{}: {}{field}: {}\n", risk.rule.id, risk.object, risk.change)
}

fn change(case: &Case, expect: &mut Expect) {
    let read = |name| case.bytes(name).map(|bytes| read_objects(&bytes));
    let outcome = read("old.yaml").unwrap_or(Ok(Vec::new())).and_then(|old| {
        let new = read("new.yaml").unwrap_or(Ok(Vec::new()))?;
        let found = risks::of_change(&old, &new).into_iter().chain(risks::of_objects(&new));
        Ok(found.map(|risk| line(&risk)).collect::<String>())
    });
    let outcome = outcome.map_err(|error| error.to_string());
    expect.outcome(&case.folder, "expected", "expected.err", outcome.as_deref().map_err(String::as_str));
}

fn units(case: &Case, expect: &mut Expect) {
    let unit = |(name, bytes): (String, Vec<u8>)| {
        let name = name.trim_end_matches(".yaml").to_owned();
        let cluster = name.split('/').next().unwrap_or_default().to_owned();
        let objects = read_objects(&bytes).map_err(|error| error.to_string())?;
        Ok(UnitObjects { unit: name, cluster, objects: risks::identities(&objects, "shop") })
    };
    let all: Result<Vec<UnitObjects>, String> = case.files("units").into_iter().map(unit).collect();
    let outcome = all.map(|all| {
        let found = risks::across_units(&all, true);
        found.iter().map(|one| format!("{}: {}", one.unit, line(&one.risk))).collect::<String>()
    });
    expect.outcome(&case.folder, "expected", "expected.err", outcome.as_deref().map_err(String::as_str));
}

fn main() -> ExitCode {
    run_suites(&[
        Suite { name: "risks", area: "risks", marker: "new.yaml", run: change },
        Suite { name: "units", area: "risks", marker: "units", run: units },
    ])
}
