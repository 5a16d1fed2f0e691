//! The table of Skaffold's flags in `docs/compatibility.md`, compared with the flags of `hydrant render`:
//! `UPDATE_EXPECT=1 cargo test -p hydrant compatibility`.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::{Arg, CommandFactory};
use testkit::expect::Expect;

/// Every flag that `skaffold render` has had since v1.17.0, and the first of those versions that has it. Source: the files of
/// `cmd/skaffold/app/cmd` at the tags from v1.17.0 to v2.24.0.
const SKAFFOLD: [(&str, &str); 38] = [
    ("add-skaffold-labels", "v1.17 to v1.32"),
    ("assume-yes", "v2.0"),
    ("build-artifacts", "v1.17"),
    ("cache-artifacts", "v1.22"),
    ("color", "v1.17"),
    ("default-repo", "v1.17"),
    ("digest-source", "v1.17"),
    ("enable-gke-arm-node-toleration", "v2.0"),
    ("enable-platform-node-affinity", "v2.0"),
    ("enable-rpc", "v1.25"),
    ("event-log-file", "v1.25"),
    ("filename", "v1.17"),
    ("force-colors", "v1.17"),
    ("hydration-dir", "v2.0"),
    ("images", "v1.34"),
    ("interactive", "v1.17"),
    ("label", "v1.17"),
    ("last-log-file", "v1.35"),
    ("loud", "v1.17"),
    ("module", "v1.18"),
    ("namespace", "v1.17"),
    ("offline", "v1.17"),
    ("output", "v1.17"),
    ("platform", "v2.0"),
    ("profile", "v1.17"),
    ("profile-auto-activation", "v1.17"),
    ("propagate-profiles", "v1.25"),
    ("remote-cache-dir", "v1.20"),
    ("resource-selector-rules-file", "v1.37"),
    ("set", "v2.2"),
    ("set-value-file", "v2.4"),
    ("sync-remote-cache", "v1.29"),
    ("tag", "v2.1"),
    ("timestamps", "v1.18"),
    ("update-check", "v1.17"),
    ("user", "v1.23"),
    ("verbosity", "v1.17"),
    ("wait-for-connection", "v1.31"),
];

const BEGIN: &str = "<!-- skaffold render flags: written by a test -->\n";
const END: &str = "<!-- end of skaffold render flags -->\n";

fn row(arg: &Arg, versions: &str) -> String {
    let name = arg.get_long().unwrap_or_default();
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let heading = arg.get_help_heading().unwrap_or_default();
    let done = match heading {
        "Skaffold's options without effect" => "accepted without effect",
        _ if arg.get_help().is_some_and(|help| help.to_string().starts_with("Refused")) => "refused where true",
        _ => "done",
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    format!("| `{short}--{name}` | {versions} | {done} | {} |\n", help.replace('|', "\\|"))
}

#[test]
fn the_page_names_every_flag_of_skaffold_render() {
    let mut command = crate::command_line::Arguments::command();
    command.build();
    let render = command.find_subcommand("render").expect("there is a command render");
    let ours: Vec<&Arg> = render
        .get_arguments()
        .filter(|arg| arg.get_help_heading().is_some_and(|heading| heading.starts_with("Skaffold")))
        .collect();
    let known: BTreeSet<&str> = SKAFFOLD.iter().map(|(name, _)| *name).collect();
    let named: BTreeSet<&str> = ours.iter().filter_map(|arg| arg.get_long()).collect();
    assert_eq!(named, known, "the flags of hydrant render (left) and those of skaffold render (right) differ");
    let mut table = String::from("| flag | Skaffold, since | hydrant | |\n| --- | --- | --- | --- |\n");
    for (name, versions) in SKAFFOLD {
        for arg in ours.iter().filter(|arg| arg.get_long() == Some(name)) {
            write!(table, "{}", row(arg, versions)).expect("a String takes whatever is written to it");
        }
    }
    let path = testkit::fixtures::root().join("docs/compatibility.md");
    let page = std::fs::read_to_string(&path).expect("docs/compatibility.md is there");
    let (before, rest) = page.split_once(BEGIN).expect("the page has the table's beginning");
    let (_, after) = rest.split_once(END).expect("the page has the table's end");
    let mut expect = Expect::default();
    expect.file(&path, &format!("{before}{BEGIN}{table}{END}{after}"));
    expect.finish();
}
