//! Go templates in a `skaffold.yaml`: environment variables, Sprig's functions and `cmd`.
//!
//! Source: Skaffold's `util/env_template.go`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use gotemplate::{Error, Function, FunctionResult, Functions, Limits, Map, MissingKey, Param, Value};
use manifest::Diagnostic;

use crate::host::{Host, Program, ProgramKind};
use crate::template_functions::{self, FunctionState, ProgramOutputs, hidden_variable};
use crate::time::Clock;

/// The name of templates in errors.
const NAME: &str = "envTemplate";

/// The hint for a variable of the environment that is hidden.
pub(super) const HIDDEN: &str =
    "set the variable in skaffold.env, or run without `--untrusted` if you trust the source";

/// The maximum number of programs that one template may run.
const PROGRAMS: usize = 100;

/// The treatment of undefined names. Source: Skaffold's `ExpandEnvTemplate` and `ExpandEnvTemplateOrFail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The text `<no value>`.
    NoValue,
    /// An error.
    Error,
}

/// The inputs of template expansion.
#[derive(Clone, Copy)]
pub struct Templates<'a> {
    /// The environment's variables.
    pub environment: &'a BTreeMap<String, String>,
    /// Whether the variables of the process are hidden, so that reading a name that `environment` lacks is an error.
    pub hides_environment: bool,
    /// Runs the programs of `cmd`.
    pub host: &'a dyn Host,
    /// The folder `cmd` runs in.
    pub folder: &'a str,
    /// The clock of `now` and `date`; without one they fail.
    pub clock: Option<&'a Clock>,
}

/// The functions: Sprig's and `cmd`. Functions that need random bytes or the network fail.
static FUNCTIONS: LazyLock<Arc<Functions>> = LazyLock::new(|| {
    let mut functions = template_functions::functions();
    functions.insert("cmd", Function::with_context(&[], cmd).variadic(Param::Any));
    functions.insert("getHostByName", Function::new(&[Param::String], |_| {
        Err("getHostByName depends on the network, so two runs would differ: pass the value in an environment variable".into())
    }));
    Arc::new(functions)
});

/// A name that no environment has, and the value that stands for those of hidden variables.
const ANY_NAME: &str = "hydrant-hidden-variable";

/// The maximum number of names that are looked for in a template.
const MAX_NAMES: usize = 100;

/// The limits of a template's execution.
const LIMITS: Limits = Limits { depth: 1_000, nested: 1_000, steps: 10_000_000, output: 1 << 26, values: 256 << 20 };

/// `cmd` cannot run a program during an execution: it records the program, and the template is executed again after the program has run.
fn cmd(context: &mut dyn gotemplate::Context, arguments: &[Value]) -> FunctionResult {
    let arguments: Vec<String> = arguments.iter().map(Value::to_string).collect();
    let state = context.state_as::<FunctionState>().ok_or("cmd is not available")?;
    let mut programs = state.programs.borrow_mut();
    match programs.known.get(&arguments) {
        Some(output) => Ok(output.as_str().into()),
        None => {
            programs.missing = Some(arguments);
            Err("cmd waits for its program".into())
        }
    }
}

impl Templates<'_> {
    /// The text of `template` with `extra` on top of the environment.
    ///
    /// A program that `cmd` names is run once, however often the template names it.
    ///
    /// # Errors
    /// A template that does not parse, a function that is unknown or fails, and a missing name under [`Missing::Error`].
    pub fn expand(
        &self,
        template: &str,
        extra: &BTreeMap<String, String>,
        missing: Missing,
    ) -> Result<String, Diagnostic> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let missing_key = match missing {
            _ if self.hides_environment => MissingKey::Error,
            Missing::NoValue => MissingKey::Invalid,
            Missing::Error => MissingKey::Error,
        };
        let mut parsed = gotemplate::Templates::new(NAME)
            .with_functions(FUNCTIONS.clone())
            .with_missing_key(missing_key)
            .with_limits(LIMITS);
        parsed.parse(NAME, template).map_err(|error| failed(template, &error.into(), missing))?;
        let state = FunctionState {
            clock: self.clock.cloned(),
            environment: Arc::new(self.environment.clone()),
            hides_environment: self.hides_environment,
            programs: RefCell::new(ProgramOutputs::default()),
            ..FunctionState::default()
        };
        for _ in 0..=PROGRAMS {
            let error = match parsed.execute_with(NAME, self.data(extra), &state) {
                Ok(text) if self.hides_environment => {
                    self.check_hidden(template, extra, &text, |data| parsed.execute_with(NAME, data, &state).ok())?;
                    return Ok(String::from_utf8_lossy(&text).into_owned());
                }
                Ok(text) => return Ok(String::from_utf8_lossy(&text).into_owned()),
                Err(error) => error,
            };
            let missing_program = state.programs.borrow_mut().missing.take();
            let Some(arguments) = missing_program else {
                return Err(self.hidden(template, &error).unwrap_or_else(|| failed(template, &error, missing)));
            };
            let output = self.run(&arguments)?;
            state.programs.borrow_mut().known.insert(arguments, output);
        }
        Err(Diagnostic::new(format!("the template {template:?} runs more than {PROGRAMS} programs")))
    }

    /// Checks that a template's text does not depend on a hidden variable that it reads by a function, such as `index . "NAME"`, which gives
    /// no error for a missing name. It is executed with a value for each text in it, and for a name of which no template knows.
    ///
    /// # Errors
    /// A variable on which the text depends.
    fn check_hidden(
        &self,
        template: &str,
        extra: &BTreeMap<String, String>,
        text: &[u8],
        execute: impl Fn(Value) -> Option<Vec<u8>>,
    ) -> Result<(), Diagnostic> {
        let quoted: BTreeSet<&str> = template.split(['"', '`']).skip(1).step_by(2).take(MAX_NAMES).collect();
        for name in std::iter::once(ANY_NAME)
            .chain(quoted)
            .filter(|name| !self.environment.contains_key(*name) && !extra.contains_key(*name))
        {
            let mut with_name = extra.clone();
            with_name.insert(name.to_owned(), ANY_NAME.to_owned());
            if execute(self.data(&with_name)).as_deref() != Some(text) {
                let reason = match name {
                    ANY_NAME => "the environment is not read with --untrusted".to_owned(),
                    name => hidden_variable(name),
                };
                return Err(Diagnostic::new(format!("invalid template {template:?}: {reason}")).hint(HIDDEN));
            }
        }
        Ok(())
    }

    /// The error of a template that reads a variable of the process where these are hidden.
    fn hidden(&self, template: &str, error: &Error) -> Option<Diagnostic> {
        let message = error.to_string();
        let reason = match message.split_once("map has no entry for key \"") {
            Some((_, rest)) => hidden_variable(rest.split('"').next()?),
            None => {
                let start = message.find(&hidden_variable("").replace(" is", ""))?;
                message[start..].to_owned()
            }
        };
        self.hides_environment.then(|| Diagnostic::new(format!("invalid template {template:?}: {reason}")).hint(HIDDEN))
    }

    fn data(&self, extra: &BTreeMap<String, String>) -> Value {
        let names = self.environment.iter().chain(extra);
        names.map(|(name, value)| (name.as_str(), Value::from(value.as_str()))).collect::<Map>().into()
    }

    fn run(&self, arguments: &[String]) -> Result<String, Diagnostic> {
        let program = Program {
            arguments: arguments.to_vec(),
            folder: self.folder.to_owned(),
            variables: Vec::new(),
            input: Vec::new(),
            kind: ProgramKind::Source,
        };
        let finished = self.host.run(&program)?;
        if finished.status != Some(0) {
            let status = finished.status.map_or_else(|| "a signal".to_owned(), |status| format!("status {status}"));
            let stderr = String::from_utf8_lossy(&finished.stderr).trim().to_owned();
            let name = arguments.first().map_or("", String::as_str);
            return Err(Diagnostic::new(format!("`cmd {name}` of a template failed with {status}: {stderr}")));
        }
        Ok(String::from_utf8_lossy(&finished.stdout).trim().to_owned())
    }
}

fn failed(template: &str, error: &Error, missing: Missing) -> Diagnostic {
    let message = error.to_string();
    let diagnostic = Diagnostic::new(format!("invalid template {template:?}: {message}"));
    if missing == Missing::Error && message.contains("map has no entry for key") {
        return diagnostic.hint("set the environment variable, or a default: {{default \"value\" (env \"NAME\")}}");
    }
    if matches!(error, Error::Parse(_)) && message.contains("function \"") {
        return diagnostic.hint(
            "use the functions of Go's text/template, those of Sprig that are not random and do not use the network, or `cmd`",
        );
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{NoHost, ProgramOutput, RemoteRepository};
    use crate::time::{Now, Offset};

    /// A world whose programs print their own arguments.
    struct Echo;

    impl Host for Echo {
        fn repository(&self, expected: &RemoteRepository) -> Result<String, Diagnostic> {
            NoHost.repository(expected)
        }

        fn download(&self, url: &str) -> Result<Vec<u8>, Diagnostic> {
            NoHost.download(url)
        }

        fn run(&self, program: &Program) -> Result<ProgramOutput, Diagnostic> {
            let output = format!("{}\n", program.arguments.join("+"));
            Ok(ProgramOutput { status: Some(0), stdout: output.into_bytes(), stderr: Vec::new() })
        }

        fn scratch(&self) -> Result<String, Diagnostic> {
            NoHost.scratch()
        }
    }

    fn expand(template: &str, missing: Missing) -> Result<String, String> {
        let environment = BTreeMap::from([("APP".to_owned(), "shop".to_owned()), ("EMPTY".to_owned(), String::new())]);
        let templates = Templates {
            environment: &environment,
            hides_environment: false,
            host: &Echo,
            folder: "/work",
            clock: None,
        };
        let extra = BTreeMap::from([("IMAGE_NAME".to_owned(), "registry.example/Team/App".to_owned())]);
        templates.expand(template, &extra, missing).map_err(|error| error.to_string())
    }

    #[test]
    fn functions_give_what_sprig_gives() {
        let table = [
            ("plain", "plain"),
            ("{{.APP}}:{{ .IMAGE_NAME | lower }}", "shop:registry.example/team/app"),
            ("{{.NOT}}", "<no value>"),
            ("{{default \"dev\" .NOT}}-{{.EMPTY | default \"none\"}}", "dev-none"),
            ("{{.APP | upper | trunc 2}}{{\"x\" | repeat 3}}", "SHxxx"),
            ("{{trimSuffix \"op\" .APP}} {{.APP | trimPrefix \"sh\"}} {{trimAll \"$\" \"$5$\"}}", "sh op 5"),
            ("{{.APP | replace \"s\" \"z\" | title}} {{substr 1 3 .APP}}", "Zhop ho"),
            ("{{quote .APP}} {{squote .APP}} {{cat \"a\" .APP}}", "\"shop\" 'shop' a shop"),
            ("{{ternary \"a\" \"b\" (eq .APP \"shop\")}} {{coalesce .NOT .EMPTY .APP}}", "a shop"),
            ("{{regexReplaceAll \"(o)p\" .APP \"${1}w\"}} {{regexFind \"[a-h]+\" .APP}}", "show h"),
            ("{{b64enc .APP}} {{b64dec \"c2hvcA==\"}}", "c2hvcA== shop"),
            ("{{sha256sum .APP | trunc 8}} {{adler32sum .APP}}", "8d9001d3 72745403"),
            ("{{(split \"/\" .IMAGE_NAME)._1}} {{splitList \"/\" .IMAGE_NAME | last}}", "Team App"),
            ("{{list \"b\" \"a\" | sortAlpha | join \",\"}} {{add 1 \"2\" 3}} {{div 7 2}}", "a,b 6 3"),
            ("{{env \"APP\"}} {{expandenv \"$APP-${APP}!\"}} {{base .IMAGE_NAME}}", "shop shop-shop! App"),
            (
                "{{cmd \"git\" \"rev-parse\" \"HEAD\"}} {{cmd \"git\" \"rev-parse\" \"HEAD\"}}",
                "git+rev-parse+HEAD git+rev-parse+HEAD",
            ),
            ("{{if .NOT}}yes{{else}}no{{end}} {{kebabcase \"fooBar\"}} {{snakecase \"FooBar\"}}", "no foo-bar foo_bar"),
        ];
        for (template, expected) in table {
            assert_eq!(expand(template, Missing::NoValue).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_hidden_variable_is_an_error_that_names_it() {
        let environment = BTreeMap::from([("APP".to_owned(), "shop".to_owned())]);
        let templates =
            Templates { environment: &environment, hides_environment: true, host: &Echo, folder: "/work", clock: None };
        let extra = BTreeMap::from([("IMAGE_NAME".to_owned(), "app".to_owned())]);
        let known = templates.expand("{{.APP}} {{env \"APP\"}} {{.IMAGE_NAME}}", &extra, Missing::NoValue);
        assert_eq!(known.as_deref(), Ok("shop shop app"));
        for template in [
            "{{.TOKEN}}",
            "{{env \"TOKEN\"}}",
            "{{expandenv \"a$TOKEN\"}}",
            "{{default \"x\" .TOKEN}}",
            "{{if .TOKEN}}{{end}}",
            "{{index . \"TOKEN\"}}",
            "{{get $ `TOKEN`}}",
            "{{if hasKey . \"TOKEN\"}}a{{end}}",
            "{{$all := .}}{{pluck \"TOKEN\" $all | first}}",
        ] {
            for missing in [Missing::NoValue, Missing::Error] {
                let error = templates.expand(template, &extra, missing).expect_err(template).to_string();
                let expected = "the environment variable TOKEN is not read with --untrusted";
                assert!(error.contains(expected), "{template}: {error}");
            }
        }
    }

    #[test]
    fn the_hidden_environment_is_not_read_as_a_whole() {
        let environment = BTreeMap::from([("APP".to_owned(), "shop".to_owned())]);
        let templates =
            Templates { environment: &environment, hides_environment: true, host: &Echo, folder: "/work", clock: None };
        let expand = |template: &str| templates.expand(template, &BTreeMap::new(), Missing::NoValue);
        assert_eq!(expand("{{index . \"APP\"}}{{range list \"a\" \"b\"}}{{.}}{{end}}").as_deref(), Ok("shopab"));
        for template in [
            "{{.}}",
            "{{range $name, $_ := .}}{{$name}}{{end}}",
            "{{len .}}",
            "{{keys . | join \",\"}}",
            "{{toJson $}}",
        ] {
            let error = expand(template).expect_err(template).to_string();
            assert!(error.contains("the environment is not read with --untrusted"), "{template}: {error}");
        }
    }

    #[test]
    fn dates_are_read_from_the_clock_that_is_given() {
        let environment = BTreeMap::new();
        let now = Now { seconds: 1_700_000_000, nanoseconds: 0 };
        let clock = Clock { now, local: Offset { seconds: 3_600, abbreviation: "CET".to_owned() } };
        let templates = Templates {
            environment: &environment,
            hides_environment: false,
            host: &Echo,
            folder: "/work",
            clock: Some(&clock),
        };
        let table = [
            ("{{now | date \"20060102-150405 MST\"}}", "20231114-231320 CET"),
            ("{{dateInZone \"15:04\" now \"UTC\"}} {{htmlDate now}} {{unixEpoch now}}", "22:13 2023-11-14 1700000000"),
            ("{{now | dateModify \"-1h30m\" | date \"15:04\"}} {{date \"2006\" 0}}", "21:43 1970"),
        ];
        for (template, expected) in table {
            assert_eq!(templates.expand(template, &environment, Missing::Error).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_function_changes_a_map_for_everyone() {
        let template = "{{ $m := dict \"a\" \"old\" }}{{ $_ := set $m \"a\" \"new\" }}v-{{ $m.a }}";
        assert_eq!(expand(template, Missing::NoValue).as_deref(), Ok("v-new"));
    }

    #[test]
    fn what_is_missing_or_not_repeatable_is_an_error() {
        let table = [
            ("{{.NOT}}", Missing::Error, "map has no entry"),
            ("{{.APP", Missing::NoValue, "unclosed action"),
            ("{{.NOT | lower}}", Missing::NoValue, "invalid value; expected string"),
            ("{{nothing .APP}}", Missing::NoValue, "nothing"),
            ("{{uuidv4}}", Missing::NoValue, "is random"),
            ("{{now | date \"2006\"}}", Missing::NoValue, "depends on the clock"),
            ("{{fail \"stop here\"}}", Missing::NoValue, "stop here"),
        ];
        for (template, missing, expected) in table {
            let error = expand(template, missing).expect_err(template);
            assert!(error.contains(expected), "{template}: {error}");
        }
    }
}
