//! The flags of `helm template`, read as helm's own flag library (`pflag`) reads them.

use crate::template_functions::durations;

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

/// What a flag changes.
#[derive(Clone, Copy)]
enum Effect {
    /// What is rendered or printed.
    Rendering,
    /// Nothing that is printed.
    None,
    /// Nothing that is printed; the function returns what is wrong with the value.
    Checked(fn(&str) -> Option<String>),
    /// Nothing that is printed, but helm says that the flag is deprecated.
    Deprecated(&'static str),
    /// Something that hydrant cannot do; the text says what would be needed.
    Refused(&'static str),
}

const CLUSTER: &str = "a Kubernetes cluster";
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

type Flag = (&'static str, Option<char>, Takes, Effect);

/// The flags of `helm template` 4.3.1, and `--semantics`.
const FLAGS: &[Flag] = &[
    ("api-versions", Some('a'), Takes::List, Effect::Rendering),
    ("atomic", None, Takes::Switch, Effect::Deprecated("use --rollback-on-failure instead")),
    ("burst-limit", None, Takes::Value, Effect::Checked(check_integer)),
    ("ca-file", None, Takes::Value, Effect::None),
    ("cert-file", None, Takes::Value, Effect::None),
    ("color", None, Takes::Value, Effect::Checked(check_color)),
    ("colour", None, Takes::Value, Effect::Checked(check_color)),
    ("content-cache", None, Takes::Value, Effect::None),
    ("create-namespace", None, Takes::Switch, Effect::None),
    ("debug", None, Takes::Switch, Effect::Rendering),
    ("dependency-update", None, Takes::Switch, Effect::None),
    ("description", None, Takes::Value, Effect::None),
    ("devel", None, Takes::Switch, Effect::Rendering),
    ("disable-openapi-validation", None, Takes::Switch, Effect::None),
    ("dry-run", None, Takes::Optional, Effect::None),
    ("enable-dns", None, Takes::Switch, Effect::Refused("name servers")),
    ("force", None, Takes::Switch, Effect::Deprecated("use --force-replace instead")),
    ("force-conflicts", None, Takes::Switch, Effect::None),
    ("force-replace", None, Takes::Switch, Effect::None),
    ("generate-name", Some('g'), Takes::Switch, Effect::Rendering),
    ("hide-notes", None, Takes::Switch, Effect::Deprecated(NO_EFFECT)),
    ("include-crds", None, Takes::Switch, Effect::Rendering),
    ("insecure-skip-tls-verify", None, Takes::Switch, Effect::None),
    ("is-upgrade", None, Takes::Switch, Effect::Rendering),
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
    ("kube-version", None, Takes::Value, Effect::Rendering),
    ("kubeconfig", None, Takes::Value, Effect::None),
    ("labels", Some('l'), Takes::Value, Effect::Checked(check_labels)),
    ("name-template", None, Takes::Value, Effect::Rendering),
    ("namespace", Some('n'), Takes::Value, Effect::Rendering),
    ("no-hooks", None, Takes::Switch, Effect::Rendering),
    ("output-dir", None, Takes::Value, Effect::Rendering),
    ("pass-credentials", None, Takes::Switch, Effect::None),
    ("password", None, Takes::Value, Effect::None),
    ("plain-http", None, Takes::Switch, Effect::None),
    ("post-renderer", None, Takes::Value, Effect::Refused("another program")),
    ("post-renderer-args", None, Takes::Value, Effect::Refused("another program")),
    ("qps", None, Takes::Value, Effect::Checked(check_float)),
    ("registry-config", None, Takes::Value, Effect::None),
    ("release-name", None, Takes::Switch, Effect::Rendering),
    ("render-subchart-notes", None, Takes::Switch, Effect::Deprecated(NO_EFFECT)),
    ("replace", None, Takes::Switch, Effect::None),
    ("repo", None, Takes::Value, Effect::Rendering),
    ("repository-cache", None, Takes::Value, Effect::None),
    ("repository-config", None, Takes::Value, Effect::None),
    ("rollback-on-failure", None, Takes::Switch, Effect::None),
    ("semantics", None, Takes::Value, Effect::Rendering),
    ("server-side", None, Takes::Switch, Effect::None),
    ("set", None, Takes::Value, Effect::Rendering),
    ("set-file", None, Takes::Value, Effect::Rendering),
    ("set-json", None, Takes::Value, Effect::Rendering),
    ("set-literal", None, Takes::Value, Effect::Rendering),
    ("set-string", None, Takes::Value, Effect::Rendering),
    ("show-only", Some('s'), Takes::Value, Effect::Rendering),
    ("skip-crds", None, Takes::Switch, Effect::None),
    ("skip-schema-validation", None, Takes::Switch, Effect::Rendering),
    ("skip-tests", None, Takes::Switch, Effect::Rendering),
    ("take-ownership", None, Takes::Switch, Effect::None),
    ("timeout", None, Takes::Value, Effect::Checked(durations::check)),
    ("username", None, Takes::Value, Effect::None),
    ("validate", None, Takes::Switch, Effect::Refused(CLUSTER)),
    ("values", Some('f'), Takes::List, Effect::Rendering),
    ("verify", None, Takes::Switch, Effect::Refused("a key ring")),
    ("version", None, Takes::Value, Effect::Rendering),
    ("wait", None, Takes::Optional, Effect::None),
    ("wait-for-jobs", None, Takes::Switch, Effect::None),
];

/// Flags of [`Effect::Rendering`] that count once: the last one replaces those before it.
const SINGLE: [&str; 7] = ["namespace", "semantics", "kube-version", "output-dir", "name-template", "repo", "version"];

/// A flag with its value; the value of a switch is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenFlag {
    /// The name without dashes.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

impl GivenFlag {
    /// Returns whether the flag takes no value.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        FLAGS.iter().any(|flag| flag.0 == self.name && flag.2 == Takes::Switch)
    }
}

/// The arguments of `helm template`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The flags that change the result, one for each item of a list, in their order. Switches that are off are left out.
    pub given: Vec<GivenFlag>,
    /// The arguments that are not flags.
    pub positional: Vec<String>,
    /// The arguments of other flags, which the caller named.
    pub own: Vec<String>,
    /// What helm prints on stderr about the flags, a line each.
    pub notices: Vec<String>,
    /// Why hydrant cannot do it.
    pub refusal: Option<String>,
}

impl Flags {
    /// Reads the arguments. The arguments in `own` are not helm's; they are kept apart.
    ///
    /// # Errors
    /// helm's text of a flag that does not exist, lacks its value, or has an invalid one.
    pub fn read(arguments: &[String], own: &[&str]) -> Result<Flags, String> {
        let mut flags = Flags::default();
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            match word.strip_prefix('-') {
                _ if own.contains(&word.as_str()) => flags.own.push(word.clone()),
                None | Some("") => flags.positional.push(word.clone()),
                Some("-") => flags.positional.extend(rest.by_ref().cloned()),
                Some(long) if long.starts_with('-') => flags.long(&long[1..], &mut rest)?,
                Some(shorts) => flags.shorts(shorts, &mut rest)?,
            }
        }
        Ok(flags)
    }

    /// Returns the values of a flag.
    pub fn values<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.given.iter().filter(move |flag| flag.name == name).map(|flag| flag.value.as_str())
    }

    /// Returns whether a switch is on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.given.iter().any(|flag| flag.name == name)
    }

    fn long<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), String> {
        let (name, given) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if name.is_empty() || name.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: --{word}"));
        }
        let Some(flag) = FLAGS.iter().find(|flag| flag.0 == name) else {
            return Err(format!("unknown flag: --{name}"));
        };
        let value = match (given, flag.2) {
            (Some(value), _) => value.to_owned(),
            (None, Takes::Switch) => "true".to_owned(),
            (None, Takes::Optional) => "unset".to_owned(),
            (None, _) => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?,
        };
        self.set(flag, &value)
    }

    fn shorts<'w>(&mut self, word: &str, rest: &mut impl Iterator<Item = &'w String>) -> Result<(), String> {
        let mut letters = word.chars();
        while let Some(letter) = letters.next() {
            let Some(flag) = FLAGS.iter().find(|flag| flag.1 == Some(letter)) else {
                let after = format!("{letter}{}", letters.as_str());
                return Err(format!("unknown shorthand flag: '{letter}' in -{after}"));
            };
            let after = letters.as_str();
            if let Some(value) = after.strip_prefix('=').filter(|value| !value.is_empty()) {
                return self.set(flag, value);
            }
            if flag.2 == Takes::Switch {
                self.set(flag, "true")?;
                continue;
            }
            if !after.is_empty() {
                return self.set(flag, after);
            }
            let missing = || format!("flag needs an argument: '{letter}' in -{letter}");
            return self.set(flag, rest.next().ok_or_else(missing)?);
        }
        Ok(())
    }

    fn set(&mut self, &(name, short, takes, effect): &Flag, value: &str) -> Result<(), String> {
        let is_on = match takes {
            Takes::Switch => parse_bool(value).ok_or_else(|| {
                let why = format!("strconv.ParseBool: parsing {value:?}: invalid syntax");
                invalid_argument(value, name, short, &why)
            })?,
            _ => true,
        };
        if name == "validate" {
            self.notices.push("Flag --validate has been deprecated, use '--dry-run=server' instead".to_owned());
        }
        match effect {
            Effect::Refused(_) if value.is_empty() => {}
            Effect::Refused(what) if is_on => {
                let why = format!("--{name} needs {what}, which hydrant does not use: run helm instead");
                self.refusal.get_or_insert(why);
            }
            Effect::Checked(check) => {
                if let Some(why) = check(value) {
                    return Err(if why.starts_with("level=") {
                        why
                    } else {
                        invalid_argument(value, name, short, &why)
                    });
                }
            }
            Effect::None if name == "wait" => self.wait(value)?,
            Effect::None if name == "dry-run" => self.dry_run(value)?,
            Effect::None | Effect::Refused(_) => {}
            Effect::Deprecated(advice) => self.notices.push(format!("Flag --{name} has been deprecated, {advice}")),
            Effect::Rendering => self.give(name, takes, value, is_on),
        }
        Ok(())
    }

    fn give(&mut self, name: &'static str, takes: Takes, value: &str, is_on: bool) {
        if takes == Takes::Switch || SINGLE.contains(&name) {
            self.given.retain(|flag| flag.name != name);
        }
        let values = match takes {
            Takes::Switch if is_on => vec![String::new()],
            Takes::Switch => Vec::new(),
            Takes::List => comma_separated(value),
            _ => vec![value.to_owned()],
        };
        self.given.extend(values.into_iter().map(|value| GivenFlag { name, value }));
    }

    fn wait(&mut self, value: &str) -> Result<(), String> {
        let replacement = match value {
            "true" => "watcher",
            "false" => "hookOnly",
            "unset" | "watcher" | "hookOnly" | "legacy" => return Ok(()),
            _ => {
                let why = format!("invalid wait input {value:?}. Valid inputs are watcher, hookOnly, and legacy");
                return Err(invalid_argument(value, "wait", None, &why));
            }
        };
        let text =
            format!("--wait={value} is deprecated (boolean value) and can be replaced with --wait={replacement}");
        self.notices.push(format!("level=WARN msg=\"{text}\""));
        Ok(())
    }

    fn dry_run(&mut self, value: &str) -> Result<(), String> {
        match value {
            "unset" => {
                let text = "--dry-run is deprecated and should be replaced with '--dry-run=client'";
                self.notices.push(format!("level=WARN msg=\"{text}\""));
            }
            "client" => {}
            "none" | "false" | "0" | "f" | "F" | "FALSE" | "False" => {
                return Err(format!("invalid dry-run value ({value:?}). Must be \"server\" or \"client\""));
            }
            "1" | "t" | "T" | "TRUE" | "True" | "true" => {
                let text = format!(
                    "boolean '--dry-run={value}' flag is deprecated and must be replaced with '--dry-run=client'"
                );
                self.notices.push(format!("level=WARN msg=\"{text}\""));
            }
            "server" => {
                let why = format!("--dry-run=server needs {CLUSTER}, which hydrant does not use: run helm instead");
                self.refusal.get_or_insert(why);
            }
            other => {
                return Err(format!("invalid dry-run value ({other:?}). Must be \"none\", \"server\", or \"client\""));
            }
        }
        Ok(())
    }
}

/// Returns helm's text of a value that a flag does not take.
fn invalid_argument(value: &str, name: &str, short: Option<char>, why: &str) -> String {
    let shown = short.map_or(format!("--{name}"), |short| format!("-{short}, --{name}"));
    format!("invalid argument {value:?} for \"{shown}\" flag: {why}")
}

fn check_labels(value: &str) -> Option<String> {
    let wrong = comma_separated(value).into_iter().find(|label| !label.contains('='));
    let wrong = if value.is_empty() { Some(String::new()) } else { wrong };
    // Of a list with one pair, everything after the `=` is its value.
    wrong.filter(|_| value.matches('=').count() != 1).map(|label| format!("{label} must be formatted as key=value"))
}

fn check_integer(value: &str) -> Option<String> {
    number_problem("ParseInt", value, gotemplate::strconv::parse_int(value.as_bytes(), 0).is_some())
}

fn check_float(value: &str) -> Option<String> {
    let finite = gotemplate::strconv::parse_float(value.as_bytes()).is_some_and(f64::is_finite);
    number_problem("ParseFloat", value, finite)
}

fn number_problem(function: &str, value: &str, valid: bool) -> Option<String> {
    let is_number = value.parse::<f64>().is_ok();
    let why = if is_number { "value out of range" } else { "invalid syntax" };
    (!valid).then(|| format!("strconv.{function}: parsing {value:?}: {why}"))
}

/// helm fails before its commands have begun, so that its logger prints the error.
fn check_color(value: &str) -> Option<String> {
    let known = ["never", "auto", "always"].contains(&value);
    let why = || format!("invalid color mode \\\"{value}\\\": must be one of: never, auto, always");
    (!known).then(|| format!("level=WARN msg=\"command failed\" error=\"{}\"", why()))
}

/// Reads a boolean as Go's `strconv.ParseBool`.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
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

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        let arguments: Vec<String> =
            "-f a,b -q c --values=d -fe -f=g --include-crds=false --no-hooks=1 --no-hooks=0 --is-upgrade -n a -nb --wait --timeout 5s -l a=b --set -x -- -y"
                .split(' ')
                .map(str::to_owned)
                .collect();
        let flags = Flags::read(&arguments, &["-q"]).unwrap();
        assert_eq!(flags.values("values").collect::<Vec<_>>(), ["a", "b", "d", "e", "g"]);
        assert_eq!(flags.values("namespace").collect::<Vec<_>>(), ["b"]);
        assert_eq!(flags.values("set").collect::<Vec<_>>(), ["-x"]);
        assert!(flags.is_on("is-upgrade") && !flags.is_on("include-crds") && !flags.is_on("no-hooks"));
        assert_eq!((flags.positional, flags.own), (vec!["c".to_owned(), "-y".to_owned()], vec!["-q".to_owned()]));
    }

    #[test]
    fn items_of_lists_can_be_quoted() {
        for (text, expected) in
            [("", &[][..]), ("a,b", &["a", "b"]), ("\"a,b\",c", &["a,b", "c"]), ("\"a\"\"b\"", &["a\"b"])]
        {
            assert_eq!(comma_separated(text), expected, "{text}");
        }
    }

    #[test]
    fn no_flag_is_listed_twice() {
        assert!(FLAGS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
