//! The flags of `helm template`, read as helm's own flag library (`pflag`) reads them.
//!
//! [`normalized`] turns what was typed into what the declaration of the flags parses: one word for each flag with its
//! value. Flags without effect on a rendering are left out, and those that hydrant cannot serve are refused by name.

use std::ffi::OsString;

use clap::{ArgAction, Args};

use super::Template;
use crate::outcome::Failure;
use crate::output;

/// What a flag takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Nothing, or a boolean after `=`.
    Switch,
    /// A value.
    Value,
    /// A list, separated by commas.
    List,
    /// A value after `=`, or nothing.
    Optional,
}

/// What becomes of a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It is one of [`Template`]'s.
    Declared,
    /// None on what is rendered.
    None,
    /// None, and helm prints that the flag is deprecated.
    Deprecated(&'static str),
    /// hydrant cannot do it; the text says what would be needed.
    Refused(&'static str),
}

#[derive(Clone)]
struct Flag {
    name: String,
    short: Option<char>,
    takes: Takes,
    effect: Effect,
}

const CLUSTER: &str = "a Kubernetes cluster";
const REPOSITORY: &str = "a chart repository";
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

/// The further flags of `helm template` 4.3.1.
const FURTHER: &[(&str, Option<char>, Takes, Effect)] = &[
    ("atomic", None, Takes::Switch, Effect::Deprecated("use --rollback-on-failure instead")),
    ("burst-limit", None, Takes::Value, Effect::None),
    ("ca-file", None, Takes::Value, Effect::None),
    ("cert-file", None, Takes::Value, Effect::None),
    ("color", None, Takes::Value, Effect::None),
    ("colour", None, Takes::Value, Effect::None),
    ("content-cache", None, Takes::Value, Effect::None),
    ("create-namespace", None, Takes::Switch, Effect::None),
    ("debug", None, Takes::Switch, Effect::None),
    ("dependency-update", None, Takes::Switch, Effect::None),
    ("description", None, Takes::Value, Effect::None),
    ("devel", None, Takes::Switch, Effect::None),
    ("disable-openapi-validation", None, Takes::Switch, Effect::None),
    ("dry-run", None, Takes::Optional, Effect::None),
    ("enable-dns", None, Takes::Switch, Effect::Refused("name servers")),
    ("force", None, Takes::Switch, Effect::Deprecated("use --force-replace instead")),
    ("force-conflicts", None, Takes::Switch, Effect::None),
    ("force-replace", None, Takes::Switch, Effect::None),
    ("hide-notes", None, Takes::Switch, Effect::Deprecated(NO_EFFECT)),
    ("hide-secret", None, Takes::Switch, Effect::None),
    ("insecure-skip-tls-verify", None, Takes::Switch, Effect::None),
    ("key-file", None, Takes::Value, Effect::None),
    ("keyring", None, Takes::Value, Effect::None),
    ("kube-apiserver", None, Takes::Value, Effect::None),
    ("kube-as-group", None, Takes::Value, Effect::None),
    ("kube-as-user", None, Takes::Value, Effect::None),
    ("kube-ca-file", None, Takes::Value, Effect::None),
    ("kube-context", None, Takes::Value, Effect::None),
    ("kube-insecure-skip-tls-verify", None, Takes::Switch, Effect::None),
    ("kube-tls-server-name", None, Takes::Value, Effect::None),
    ("kube-token", None, Takes::Value, Effect::None),
    ("kubeconfig", None, Takes::Value, Effect::None),
    ("labels", Some('l'), Takes::Value, Effect::None),
    ("pass-credentials", None, Takes::Switch, Effect::None),
    ("password", None, Takes::Value, Effect::None),
    ("plain-http", None, Takes::Switch, Effect::None),
    ("post-renderer", None, Takes::Value, Effect::Refused("another program")),
    ("post-renderer-args", None, Takes::Value, Effect::Refused("another program")),
    ("qps", None, Takes::Value, Effect::None),
    ("registry-config", None, Takes::Value, Effect::None),
    ("render-subchart-notes", None, Takes::Switch, Effect::Deprecated(NO_EFFECT)),
    ("replace", None, Takes::Switch, Effect::None),
    ("repo", None, Takes::Value, Effect::Refused(REPOSITORY)),
    ("repository-cache", None, Takes::Value, Effect::None),
    ("repository-config", None, Takes::Value, Effect::None),
    ("rollback-on-failure", None, Takes::Switch, Effect::None),
    ("server-side", None, Takes::Switch, Effect::None),
    ("skip-crds", None, Takes::Switch, Effect::None),
    ("take-ownership", None, Takes::Switch, Effect::None),
    ("timeout", None, Takes::Value, Effect::None),
    ("username", None, Takes::Value, Effect::None),
    ("validate", None, Takes::Switch, Effect::Refused(CLUSTER)),
    ("verify", None, Takes::Switch, Effect::Refused("a key ring")),
    ("version", None, Takes::Value, Effect::None),
    ("wait", None, Takes::Optional, Effect::None),
    ("wait-for-jobs", None, Takes::Switch, Effect::None),
];

/// Flags whose values are lists in helm; the others that can be repeated take each value as it is.
const LISTS: [&str; 2] = ["values", "api-versions"];

/// Returns the arguments of `hydrant helm template` as the declaration of its flags parses them.
///
/// # Errors
/// helm's text of a flag that does not exist or lacks its value, and a refusal of what hydrant does not support.
pub(crate) fn normalized(typed: &[OsString]) -> Result<Vec<OsString>, Failure> {
    let (head, words) = typed.split_at(typed.len().min(3));
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut reader = Reader { known: known(), flags: Vec::new(), positional: Vec::new() };
    reader.read(&words).map_err(|message| Failure::Verbatim(format!("Error: {message}\n")))?;
    let mut all = head.to_vec();
    all.extend(reader.flags.into_iter().map(OsString::from));
    all.push("--".into());
    all.extend(reader.positional.into_iter().map(OsString::from));
    Ok(all)
}

/// Returns the declared flags and the further ones.
fn known() -> Vec<Flag> {
    let declared = Template::augment_args(clap::Command::new("template"));
    let mut known: Vec<Flag> = Vec::new();
    for argument in declared.get_arguments() {
        let Some(name) = argument.get_long() else { continue };
        let takes = match argument.get_action() {
            ArgAction::SetTrue => Takes::Switch,
            _ if LISTS.contains(&name) => Takes::List,
            _ => Takes::Value,
        };
        known.push(Flag { name: name.to_owned(), short: argument.get_short(), takes, effect: Effect::Declared });
    }
    let further = FURTHER.iter();
    known.extend(further.map(|&(name, short, takes, effect)| Flag { name: name.to_owned(), short, takes, effect }));
    known
}

struct Reader {
    known: Vec<Flag>,
    flags: Vec<String>,
    positional: Vec<String>,
}

impl Reader {
    fn read(&mut self, words: &[String]) -> Result<(), String> {
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match word.strip_prefix('-') {
                None | Some("") => self.positional.push(word.clone()),
                Some("-") => {
                    self.positional.extend(rest.by_ref().cloned());
                }
                // hydrant's own.
                Some("h" | "-help" | "v" | "vv" | "-verbose" | "q" | "-quiet") => self.flags.push(word.clone()),
                Some(long) if long.starts_with('-') => self.long(&long[1..], &mut rest)?,
                Some(shorts) => self.shorts(shorts, &mut rest)?,
            }
        }
        Ok(())
    }

    fn long<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), String> {
        let (name, given) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: --{word}"));
        }
        let Some(flag) = self.known.iter().find(|flag| flag.name == name).cloned() else {
            return Err(format!("unknown flag: --{name}"));
        };
        let value = match (given, flag.takes) {
            (Some(value), _) => value.to_owned(),
            (None, Takes::Switch) => "true".to_owned(),
            (None, Takes::Optional) => "unset".to_owned(),
            (None, _) => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.set(&flag, &value)
    }

    fn shorts<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), String> {
        let mut letters = word.chars();
        while let Some(letter) = letters.next() {
            let Some(flag) = self.known.iter().find(|flag| flag.short == Some(letter)).cloned() else {
                let after = format!("{letter}{}", letters.as_str());
                return Err(format!("unknown shorthand flag: '{letter}' in -{after}"));
            };
            let after = letters.as_str();
            if let Some(value) = after.strip_prefix('=').filter(|value| !value.is_empty() || after.len() > 1) {
                return self.set(&flag, value);
            }
            if flag.takes == Takes::Switch {
                self.set(&flag, "true")?;
                continue;
            }
            if !after.is_empty() {
                return self.set(&flag, after);
            }
            let shown = format!("'{letter}' in -{letter}");
            let value = rest.next().ok_or_else(|| format!("flag needs an argument: {shown}"))?;
            return self.set(&flag, value);
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, value: &str) -> Result<(), String> {
        let name = &flag.name;
        let on = match flag.takes {
            Takes::Switch => parse_bool(value).ok_or_else(|| {
                let shown = flag.short.map_or(format!("--{name}"), |short| format!("-{short}, --{name}"));
                format!("invalid argument {value:?} for \"{shown}\" flag: strconv.ParseBool: parsing {value:?}: invalid syntax")
            })?,
            _ => true,
        };
        match flag.effect {
            Effect::Refused(_) if !on => Ok(()),
            Effect::Refused(what) => {
                Err(format!("--{name} needs {what}, which hydrant does not use: run helm instead"))
            }
            Effect::None if name == "dry-run" => dry_run(value),
            Effect::None => Ok(()),
            Effect::Deprecated(advice) => {
                output::verbatim(&format!("Flag --{name} has been deprecated, {advice}\n"));
                Ok(())
            }
            Effect::Declared => {
                self.declare(flag, value, on);
                Ok(())
            }
        }
    }

    fn declare(&mut self, flag: &Flag, value: &str, on: bool) {
        let name = &flag.name;
        match flag.takes {
            Takes::Switch => {
                self.flags.retain(|word| word != &format!("--{name}"));
                if on {
                    self.flags.push(format!("--{name}"));
                }
            }
            Takes::List => self.flags.extend(comma_separated(value).into_iter().map(|item| format!("--{name}={item}"))),
            _ => {
                // The last one of a flag that is given once counts.
                if matches!(name.as_str(), "namespace" | "semantics" | "kube-version" | "output-dir" | "name-template")
                {
                    let start = format!("--{name}=");
                    self.flags.retain(|word| !word.starts_with(&start));
                }
                self.flags.push(format!("--{name}={value}"));
            }
        }
    }
}

/// Reads a boolean as Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn dry_run(value: &str) -> Result<(), String> {
    match value {
        "unset" | "true" => {
            let text = "--dry-run is deprecated and should be replaced with '--dry-run=client'";
            output::verbatim(&format!("level=WARN msg=\"{text}\"\n"));
            Ok(())
        }
        "client" | "none" | "false" => Ok(()),
        "server" => Err(format!("--dry-run=server needs {CLUSTER}, which hydrant does not use: run helm instead")),
        other => Err(format!("invalid dry-run value ({other:?}). Must be \"none\", \"server\", or \"client\"")),
    }
}

/// Splits a list at its commas; an item in double quotes may contain some.
fn comma_separated(text: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut rest = text;
    if text.is_empty() {
        return items;
    }
    loop {
        let (item, after) = match rest.strip_prefix('"').and_then(quoted) {
            Some((item, after)) => (item, after),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        items.push(item);
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return items,
        }
    }
}

/// Reads a quoted item after its first quote; a doubled quote stands for one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut item = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        item.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                item.push('"');
                rest = after;
            }
            None => return (rest.is_empty() || rest.starts_with(',')).then_some((item, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<String, String> {
        let typed: Vec<OsString> = text.split(' ').map(OsString::from).collect();
        match normalized(&[&["hydrant".into(), "helm".into(), "template".into()][..], &typed].concat()) {
            Ok(all) => Ok(all[3..].iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")),
            Err(Failure::Verbatim(text)) => Err(text),
            Err(_) => Err(String::new()),
        }
    }

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        let table = [
            ("r c", "-- r c"),
            ("-f a,b c --values=d -fe -f=g", "--values=a --values=b --values=d --values=e --values=g -- c"),
            ("c --set -x --set a=1,b=2", "--set=-x --set=a=1,b=2 -- c"),
            ("c --include-crds=false --no-hooks=1 --no-hooks=0 --is-upgrade", "--is-upgrade -- c"),
            ("c -n a -nb --wait --timeout 5s -l a=b", "--namespace=b -- c"),
            ("-ga v1 -- -x", "--generate-name --api-versions=v1 -- -x"),
        ];
        for (typed, expected) in table {
            assert_eq!(words(typed).as_deref(), Ok(expected), "{typed}");
        }
        for (typed, expected) in [
            ("--nope c", "Error: unknown flag: --nope\n"),
            ("-x c", "Error: unknown shorthand flag: 'x' in -x\n"),
            ("c --set", "Error: flag needs an argument: --set\n"),
            (
                "c --validate",
                "Error: --validate needs a Kubernetes cluster, which hydrant does not use: run helm instead\n",
            ),
        ] {
            assert_eq!(words(typed).unwrap_err(), expected, "{typed}");
        }
    }

    #[test]
    fn no_flag_is_known_twice() {
        let mut names: Vec<String> = known().into_iter().map(|flag| flag.name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
