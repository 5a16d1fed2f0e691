//! Calls of the program `helm template`, answered in this process where they can be.
//!
//! Units, `helmCharts` of kustomizations and releases of Skaffold all describe a rendering by the arguments of the program. A call that needs
//! more than files (a post-renderer, a plugin, a chart repository, a cluster) is left to the program.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use manifest::Diagnostic;

use super::chart_cache::ChartCache;
use super::chart_trial::ChartTrial;
use super::remote;
use super::{
    Clock, Flags, HelmError, KubeVersion, Now, Offset, PrintOptions, ReadFile, RenderOptions, Semantics, ValueSource,
    Values, release_name, render, zone_offset,
};
use crate::files::{Files, join};
use crate::host::{ChartSettings, Host, Program, ProgramKind, ProgramOutput};

/// The program's name where no other one is chosen.
const HELM: &str = "helm";

/// Runs a call of helm: in this process, or by the program that the settings choose.
///
/// # Errors
/// The program cannot be run.
pub fn run_program(program: &Program, files: &dyn Files, host: &dyn Host) -> Result<ProgramOutput, Diagnostic> {
    let settings = host.charts();
    if program.arguments.first().is_none_or(|name| name != HELM) {
        return host.run(program);
    }
    let fetched = remote::with_fetched_chart(program, files, host)?;
    let program = fetched.as_ref().unwrap_or(program);
    if let Some(chosen) = &settings.program {
        let mut program = program.clone();
        program.arguments[0].clone_from(chosen);
        // The source chooses the program.
        program.kind = if chosen == HELM { program.kind } else { ProgramKind::Source };
        return host.run(&program);
    }
    match answer(program, files, &settings) {
        Some(output) => Ok(output),
        None => host.run(program),
    }
}

/// Returns what the program would print; `None` where only the program can do it.
fn answer(program: &Program, files: &dyn Files, settings: &ChartSettings) -> Option<ProgramOutput> {
    let flags = Flags::read(&program.arguments[1..], &[]).ok()?;
    if flags.refusal.is_some() || flags.positional.first().is_none_or(|verb| verb != "template") {
        return None;
    }
    let call = Call { program, files, settings, flags };
    if !call.is_local() {
        return None;
    }
    let finished = |status, stdout, stderr: String| {
        Some(ProgramOutput { status: Some(status), stdout, stderr: stderr.into_bytes() })
    };
    match call.run() {
        Ok((stdout, warnings)) => finished(0, stdout, warnings.iter().map(|line| format!("{line}\n")).collect()),
        Err(error) => finished(1, Vec::new(), error.stderr()),
    }
}

struct Call<'a> {
    program: &'a Program,
    files: &'a dyn Files,
    settings: &'a ChartSettings,
    flags: Flags,
}

impl Call<'_> {
    /// Returns whether the chart and all values are files.
    fn is_local(&self) -> bool {
        let remote = |path: &str| path.contains("://");
        let chart = self.flags.positional.last();
        chart.is_some_and(|chart| !remote(chart) && self.files.kind(&self.path(chart)).is_ok())
            && !self.flags.values("values").any(remote)
            && !self.flags.is_on("output-dir")
    }

    fn path(&self, path: &str) -> String {
        join(&self.program.folder, path)
    }

    fn run(&self) -> Result<(Vec<u8>, Vec<String>), HelmError> {
        let flags = &self.flags;
        let one = |name: &str| flags.values(name).last().filter(|value| !value.is_empty()).map(str::to_owned);
        let semantics = one("semantics").or_else(|| self.settings.semantics.clone());
        let semantics: Semantics = match semantics {
            Some(name) => name.parse().map_err(|error| HelmError::new(format!("{error}")))?,
            None => Semantics::default(),
        };
        let kube_version = one("kube-version").map(|version| KubeVersion::parse(&version, semantics)).transpose()?;
        let environment: BTreeMap<String, String> =
            self.settings.time_zone.iter().map(|zone| ("TZ".to_owned(), zone.clone())).collect();
        let clock = self.clock(&environment);
        let release = match flags.positional.as_slice() {
            [_, _] => match one("name-template") {
                Some(template) => release_name(
                    &template,
                    environment.clone(),
                    clock.clone(),
                    self.random(),
                    self.settings.repeatable.clone(),
                )?,
                None => "release-name".to_owned(),
            },
            [_, name, _] => name.clone(),
            _ => return Err(HelmError::new("expected at most two arguments")),
        };
        let shown = flags.positional.last().cloned().unwrap_or_default();
        let mut sources = self.sources(semantics)?;
        let mut values = Values::merge(&sources, semantics)?;
        let cache = self.settings.cache.of::<ChartCache>();
        let chart = cache.load(self.files, &self.path(&shown), &shown, semantics)?;
        let namespace = one("namespace").unwrap_or_else(|| "default".to_owned());
        if let Some(repeatable) = &self.settings.repeatable {
            let tried = sources.len();
            let call = chart.call(&release, &namespace);
            sources.extend(repeatable.setters(&call).map(|setter| ValueSource::Set(setter.to_owned())));
            if sources.len() > tried {
                values = Values::merge(&sources, semantics)?;
            }
        }
        let trial = self
            .settings
            .trial
            .as_ref()
            .map(|trial| ChartTrial { chart: chart.call(&release, &namespace), trial: trial.clone() });
        for change in trial.iter().flat_map(ChartTrial::changes) {
            values.set(&change.path, &change.value).map_err(HelmError::new)?;
        }
        let options = RenderOptions {
            trial,
            release,
            namespace,
            values,
            kube_version,
            api_versions: flags.values("api-versions").map(str::to_owned).collect(),
            is_upgrade: flags.is_on("is-upgrade"),
            skip_schema_validation: flags.is_on("skip-schema-validation"),
            clock,
            zones: None,
            random: self.random(),
            repeatable: self.settings.repeatable.clone(),
        };
        let rendered = render(&chart, options)?;
        let print = PrintOptions {
            include_crds: flags.is_on("include-crds"),
            show_only: flags.values("show-only").map(str::to_owned).collect(),
            no_hooks: flags.is_on("no-hooks"),
            skip_tests: flags.is_on("skip-tests"),
        };
        Ok((rendered.print(&print)?, rendered.warnings))
    }

    fn clock(&self, environment: &BTreeMap<String, String>) -> Option<Clock> {
        let utc = || Offset { seconds: 0, abbreviation: "UTC".to_owned() };
        if let Some(repeatable) = &self.settings.repeatable {
            return Some(Clock { now: repeatable.time_of_clock(), local: utc() });
        }
        let (seconds, nanoseconds) = self.settings.now?;
        let local = zone_offset(self.files, environment, "Local", seconds).unwrap_or_else(utc);
        Some(Clock { now: Now { seconds, nanoseconds }, local })
    }

    fn random(&self) -> Option<super::RandomBytes> {
        self.settings.random.map(|draw| -> super::RandomBytes { Box::new(draw) })
    }

    fn sources(&self, semantics: Semantics) -> Result<Vec<ValueSource>, HelmError> {
        let flags = &self.flags;
        let mut sources = Vec::new();
        for name in flags.values("values") {
            let bytes = self.read(name).map_err(HelmError::new)?;
            sources.push(ValueSource::File { name: name.to_owned(), bytes });
        }
        sources.extend(flags.values("set-json").map(|text| ValueSource::SetJson(text.to_owned())));
        sources.extend(flags.values("set").map(|text| ValueSource::Set(text.to_owned())));
        sources.extend(flags.values("set-string").map(|text| ValueSource::SetString(text.to_owned())));
        let contents = self.contents(semantics);
        sources.extend(flags.values("set-file").map(|text| ValueSource::SetFile(text.to_owned(), contents.clone())));
        sources.extend(flags.values("set-literal").map(|text| ValueSource::SetLiteral(text.to_owned())));
        Ok(sources)
    }

    /// Returns the files that `--set-file` names. They are read before the values are set.
    fn contents(&self, semantics: Semantics) -> ReadFile {
        let named = Rc::new(RefCell::new(Vec::new()));
        let note = named.clone();
        let collect = ReadFile::new(move |name| {
            note.borrow_mut().push(name.to_owned());
            Ok(Vec::new())
        });
        for text in self.flags.values("set-file") {
            // An error is found again when the values are set.
            _ = Values::merge(&[ValueSource::SetFile(text.to_owned(), collect.clone())], semantics);
        }
        let read = named.borrow().iter().map(|name| (name.clone(), self.read(name))).collect::<BTreeMap<_, _>>();
        ReadFile::new(move |name| read.get(name).cloned().unwrap_or_else(|| Err(format!("cannot read {name}"))))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        if name.trim() == "-" {
            return Ok(self.program.input.clone());
        }
        let bytes = self.files.read(&self.path(name)).map_err(|error| format!("open {name}: {error}"))?;
        Ok(bytes.to_vec())
    }
}
