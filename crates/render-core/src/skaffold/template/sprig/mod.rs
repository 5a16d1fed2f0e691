//! The functions that Skaffold adds to Go's templates: Sprig 2.22, as far as they depend on nothing but their arguments.
//!
//! Source of each: the function of that name in Masterminds/sprig v2.22.0. What asks the clock, the network or chance is
//! there as well and refuses by name.

mod arguments;
mod choices;
mod dates;
mod encodings;
mod lists;
mod mappings;
mod numbers;
mod paths;
mod patterns;
mod strings;

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{FuncMap, Result, TemplateError, Value};

use crate::skaffold::time::Clock;

/// Those that would give another answer in the next run.
const REFUSED: [(&str, &[&str]); 3] = [
    (
        "asks the clock",
        &[
            "now",
            "date",
            "date_in_zone",
            "dateInZone",
            "date_modify",
            "dateModify",
            "htmlDate",
            "htmlDateInZone",
            "ago",
            "toDate",
            "unixEpoch",
        ],
    ),
    (
        "depends on chance",
        &[
            "randAlphaNum",
            "randAlpha",
            "randAscii",
            "randNumeric",
            "shuffle",
            "uuidv4",
            "genPrivateKey",
            "genCA",
            "genSelfSignedCert",
            "genSignedCert",
            "buildCustomCert",
            "encryptAES",
        ],
    ),
    ("asks the network", &["getHostByName"]),
];

/// All functions; `env` and `expandenv` read `environment`, `now` and its kin read `clock` and refuse without one.
pub(super) fn functions(environment: &Arc<BTreeMap<String, String>>, clock: Option<&Clock>) -> FuncMap {
    let tables = [
        choices::TABLE,
        encodings::TABLE,
        lists::TABLE,
        mappings::TABLE,
        numbers::TABLE,
        paths::TABLE,
        patterns::TABLE,
        strings::TABLE,
    ];
    let mut functions = FuncMap::new();
    for &(name, function) in tables.into_iter().flatten() {
        functions.insert(name.to_owned(), Arc::new(move |given: &[Value]| named(name, function(given))));
    }
    refuse(&mut functions);
    if let Some(clock) = clock {
        for &(name, function) in dates::TABLE {
            let clock = clock.clone();
            functions.insert(name.to_owned(), Arc::new(move |given: &[Value]| named(name, function(&clock, given))));
        }
    }
    let variables = environment.clone();
    let env = move |given: &[Value]| {
        let name = arguments::text(given, 0)?;
        Ok(arguments::string(variables.get(name).map_or("", String::as_str)))
    };
    functions.insert("env".to_owned(), Arc::new(env));
    let variables = environment.clone();
    let expand = move |given: &[Value]| Ok(arguments::string(&expanded(arguments::text(given, 0)?, &variables)));
    functions.insert("expandenv".to_owned(), Arc::new(expand));
    functions
}

fn refuse(functions: &mut FuncMap) {
    for (reason, names) in REFUSED {
        for &name in names {
            let refuse = move |_: &[Value]| -> Result<Value> {
                Err(TemplateError::Exec(format!(
                    "{name} {reason}, so that two runs would differ: pass the value in an environment variable"
                )))
            };
            functions.insert(name.to_owned(), Arc::new(refuse));
        }
    }
}

fn named(name: &str, result: Result<Value>) -> Result<Value> {
    result.map_err(|error| match error {
        TemplateError::Exec(message) => TemplateError::Exec(format!("error calling {name}: {message}")),
        other => other,
    })
}

/// `$NAME` and `${NAME}` filled in; what is not set is empty. Source: Go's `os.ExpandEnv`.
fn expanded(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, next) = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').unwrap_or((inner, "")),
            None => after.split_at(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len())),
        };
        out.push_str(variables.get(name).map_or("", String::as_str));
        rest = next;
    }
    out + rest
}
