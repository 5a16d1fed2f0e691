//! The flags of `helm template`: read as helm reads them, and handed on in a form that the declaration of the flags parses.

use std::ffi::OsString;

use delivery::verbs::helm::Flags;

use super::{Arguments, Command, DEFAULT_NAMESPACE, DEFAULT_SEMANTICS, Template, fail};
use crate::outcome::Failure;
use crate::output;

/// hydrant's own flags.
const OWN: [&str; 9] = ["-h", "--help", "-v", "-vv", "--verbose", "-q", "--quiet", "-V", "--untrusted"];

/// Environment variables that the declaration of the flags reads.
const VARIABLES: [&str; 2] = ["HELM_NAMESPACE", "HYDRANT_UNTRUSTED"];

/// Reads the flags of `hydrant helm template`, and prints what helm says about deprecated ones.
///
/// # Errors
/// helm's text of a flag that does not exist or lacks its value, and a refusal of what hydrant does not support.
pub(crate) fn read(typed: &[OsString]) -> Result<Flags, Failure> {
    let arguments: Vec<String> = typed.iter().skip(3).map(|word| word.to_string_lossy().into_owned()).collect();
    let flags = Flags::read(&arguments, &OWN).map_err(|message| match message.starts_with("level=") {
        true => Failure::Verbatim(format!("{message}\n")),
        false => fail(&message),
    })?;
    if let Some(refusal) = &flags.refusal {
        return Err(fail(refusal));
    }
    let semantics = flags.values("semantics").last().unwrap_or(DEFAULT_SEMANTICS);
    let notices = flags.notices.iter().filter(|line| is_printed(line, semantics));
    notices.for_each(|line| output::verbatim(&format!("{line}\n")));
    Ok(flags)
}

/// Whether a version of helm prints a line about a flag: helm 3 says nothing about the flags that helm 4 deprecates, and helm 4.1 nothing about
/// those without effect.
fn is_printed(line: &str, semantics: &str) -> bool {
    !(semantics.starts_with("3.") || semantics == "4.1" && line.contains("this flag has no effect"))
}

/// Returns the arguments as the declaration of the flags parses them: one word for each flag with its value. Flags without effect on a rendering
/// are left out.
pub(crate) fn normalized(typed: &[OsString], flags: &Flags) -> Vec<OsString> {
    let given = flags.given.iter().map(|flag| match flag.value.as_str() {
        "" if flag.is_switch() => format!("--{}", flag.name),
        value => format!("--{}={value}", flag.name),
    });
    let arguments = flags.own.iter().cloned().chain(given).chain(["--".to_owned()]).chain(flags.positional.clone());
    typed.iter().take(3).cloned().chain(arguments.map(OsString::from)).collect()
}

/// Returns the arguments without the declaration of the flags, which takes 0.2 ms; `None` where hydrant's own flags or an environment variable
/// count.
pub(crate) fn direct(flags: &Flags) -> Option<Arguments> {
    let declared = !flags.own.is_empty() || VARIABLES.iter().any(|name| std::env::var_os(name).is_some());
    (!declared).then(|| Arguments { command: Command::Template(Box::new(template(flags))) })
}

fn template(flags: &Flags) -> Template {
    let all = |name: &str| flags.values(name).map(str::to_owned).collect();
    let one = |name: &str| flags.values(name).last().map(str::to_owned);
    Template {
        arguments: flags.positional.clone(),
        repo: one("repo"),
        version: one("version"),
        devel: flags.is_on("devel"),
        values: all("values"),
        set: all("set"),
        set_string: all("set-string"),
        set_file: all("set-file"),
        set_json: all("set-json"),
        set_literal: all("set-literal"),
        namespace: one("namespace").unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        semantics: one("semantics").unwrap_or_else(|| DEFAULT_SEMANTICS.to_owned()),
        kube_version: one("kube-version"),
        api_versions: all("api-versions"),
        is_upgrade: flags.is_on("is-upgrade"),
        include_crds: flags.is_on("include-crds"),
        show_only: all("show-only"),
        no_hooks: flags.is_on("no-hooks"),
        skip_tests: flags.is_on("skip-tests"),
        skip_schema_validation: flags.is_on("skip-schema-validation"),
        output_dir: one("output-dir"),
        release_name: flags.is_on("release-name"),
        name_template: one("name-template"),
        debug: flags.is_on("debug"),
        generate_name: flags.is_on("generate-name"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    #[test]
    fn every_declared_flag_is_one_of_helm() {
        for argument in Template::augment_args(clap::Command::new("template")).get_arguments() {
            let Some(name) = argument.get_long() else { continue };
            let word = format!("--{name}=1");
            let read = super::Flags::read(&[word], &[]).unwrap();
            assert_eq!(read.given.len(), 1, "{name}");
        }
    }

    /// Returns the flags as the declaration parses them, and as they are read without it.
    fn both(line: &str) -> [String; 2] {
        let typed: Vec<OsString> = format!("hydrant helm template {line}").split(' ').map(OsString::from).collect();
        let flags = read(&typed).ok().unwrap();
        let declaration = Template::augment_args(clap::Command::new("template"));
        let normalized = normalized(&typed, &flags).into_iter().skip(2);
        let declared = Template::from_arg_matches(&declaration.get_matches_from(normalized)).unwrap();
        [declared, template(&flags)].map(|template| format!("{template:?}"))
    }

    #[test]
    fn flags_are_read_without_the_declaration_as_with_it() {
        let lines = [
            "chart",
            "web chart -f a,b --values=c --set x=1,y=2 --set= --set-string a=b --set-file f=g --set-json {} --set-literal q",
            "web chart -n one --namespace two --semantics 3.22 --semantics=3.17 --kube-version 1.30 -a v1,v2 -a v3",
            "web chart --is-upgrade --include-crds -s a.yaml -s b.yaml --no-hooks --skip-tests --skip-schema-validation",
            "web chart --output-dir out --release-name --name-template {{1}} --debug -g --debug=false --devel --repo u --version 1",
            "web chart -- --set --x",
            "web chart --namespace= --repo= --show-only=",
        ];
        for line in lines {
            let [declared, direct] = both(line);
            assert_eq!(declared, direct, "{line}");
        }
    }
}
