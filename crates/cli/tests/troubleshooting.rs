//! Holds `docs/troubleshooting.md` and the messages of the code together. `UPDATE_EXPECT=1` writes the page.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use source::tokens::Token;
use source::{crates, read, root, sources};

/// A part of the page: the messages of the files whose paths begin with one of the prefixes.
struct Section {
    title: &'static str,
    /// What errors of this kind have in common.
    cause: &'static str,
    prefixes: &'static [&'static str],
}

/// The sections in their order on the page. A file belongs to the first section that names it.
const SECTIONS: &[Section] = &[
    Section {
        title: "hydrant.yaml, units and options",
        cause: "A field, a selection or an option does not describe units that can be delivered. Nothing was rendered or written.",
        prefixes: &[
            "crates/delivery/src/config",
            "crates/delivery/src/plan",
            "crates/cli",
            "crates/delivery/src/verbs/init",
        ],
    },
    Section {
        title: "kustomize",
        cause: "A kustomization cannot be built. Where kustomize fails too, it does so for the same reason.",
        prefixes: &["crates/render-core/src/kustomize"],
    },
    Section {
        title: "skaffold.yaml",
        cause: "A Skaffold config, or what it renders, is invalid or needs something that hydrant does not do.",
        prefixes: &["crates/render-core/src/skaffold"],
    },
    Section {
        title: "Helm charts",
        cause: "A chart cannot be found, loaded or rendered, or its output is not the same each time.",
        prefixes: &["crates/render-core/src/helm", "crates/gotemplate", "crates/delivery/src/charts"],
    },
    Section {
        title: "YAML and objects",
        cause: "A file is not valid YAML, or its objects are not valid.",
        prefixes: &["crates/manifest", "crates/render-core"],
    },
    Section {
        title: "Checks and policy",
        cause: "The rendered objects were refused before they were written to a branch.",
        prefixes: &["crates/checks", "crates/delivery/src/policy", "crates/delivery/src/check"],
    },
    Section {
        title: "Images and registries",
        cause: "An image cannot be resolved to a digest, or an assignment does not fit the units.",
        prefixes: &["crates/registry", "crates/delivery/src/images", "crates/delivery/src/lock"],
    },
    Section {
        title: "git, source and branches",
        cause: "The source repository or the manifest repository cannot be read or written, or a branch does not accept the output.",
        prefixes: &["crates/git/", "crates/committer", "crates/net"],
    },
    Section {
        title: "Reviews and git hosts",
        cause: "A pull request or merge request cannot be opened, updated or read.",
        prefixes: &["crates/github", "crates/delivery/src/review"],
    },
    Section { title: "Commands", cause: "A command cannot do what was asked.", prefixes: &["crates/delivery"] },
];

const HEAD: &str = "# Troubleshooting

Search this page for the message that you see; `…` stands for a name or a value. It is generated from
the messages of the program that have a remedy, and a test compares both. `-v` prints the causes below
an error. The exit code is 1 if the input or a permission is wrong, 2 for invalid usage, and 4 if a
registry, a git server or a disk failed and a retry may help.
";

#[test]
fn the_page_has_every_message_with_a_remedy() {
    let path = root().join("docs/troubleshooting.md");
    let page = page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    assert!(page.matches("\n- `").count() > 200, "{} messages", page.matches("\n- `").count());
    assert!(
        read(&path) == page,
        "docs/troubleshooting.md is out of date: run `UPDATE_EXPECT=1 cargo test -p hydrant --test troubleshooting`"
    );
}

fn page() -> String {
    let mut sections: Vec<BTreeMap<String, BTreeSet<String>>> = SECTIONS.iter().map(|_| BTreeMap::new()).collect();
    for file in crates().values().filter(|folder| !folder.ends_with("testkit")).flat_map(|folder| sources(folder)) {
        let has = |section: &Section| section.prefixes.iter().any(|prefix| file.name.starts_with(prefix));
        let Some(index) = SECTIONS.iter().position(has) else { continue };
        let mut remedies = Remedies::default();
        remedies.chains(&file.tokens);
        remedies.variants(&file.tokens);
        remedies.arms(&file.tokens);
        for (message, hint) in remedies.found {
            let message = shown(&message);
            // A message that consists of placeholders cannot be searched for.
            if message.chars().filter(char::is_ascii_alphabetic).count() > 3 {
                sections[index].entry(message).or_default().insert(shown(&hint));
            }
        }
    }
    let mut page = HEAD.to_owned();
    for (section, messages) in SECTIONS.iter().zip(sections).filter(|(_, messages)| !messages.is_empty()) {
        write!(page, "\n## {}\n\n{}\n\n", section.title, section.cause).unwrap();
        for (message, hints) in messages {
            let hints: Vec<&str> = hints.iter().map(String::as_str).collect();
            writeln!(page, "- {}<br>{}", code(&message), hints.join("<br>or ")).unwrap();
        }
    }
    page
}

/// A message as code. It may contain backquotes itself.
fn code(message: &str) -> String {
    if message.contains('`') { format!("`` {message} ``") } else { format!("`{message}`") }
}

/// A format string with `…` for each placeholder, on one line.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' if letters.next_if_eq(&letter).is_some() => shown.push(letter),
            '{' => {
                letters.by_ref().find(|next| *next == '}');
                shown.push('…');
            }
            '\n' => shown.push(' '),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Pairs of a message and its remedy.
#[derive(Default)]
struct Remedies {
    found: Vec<(String, String)>,
    /// The messages of the variants of error enums.
    by_variant: BTreeMap<String, String>,
}

impl Remedies {
    /// `Diagnostic::new(MESSAGE)` and the `.hint(HINT)` that follow it, and messages that carry a hint behind a line break.
    fn chains(&mut self, tokens: &[Token]) {
        let mut message = None;
        for at in 0..tokens.len() {
            match &tokens[at..] {
                [
                    Token::Word(own),
                    Token::Punct(':'),
                    Token::Punct(':'),
                    Token::Word(new),
                    Token::Group('(', inner),
                    ..,
                ] if own == "Diagnostic" && new == "new" => message = text(inner),
                [Token::Word(name), Token::Punct('!'), Token::Group('(', inner), ..]
                    if name == "anyhow" || name == "bail" =>
                {
                    let found = format_string(inner).unwrap_or_default();
                    self.found.extend(found.split_once("\n  hint: ").map(|(one, other)| (one.into(), other.into())));
                }
                [Token::Punct('.'), Token::Word(name), Token::Group('(', inner), ..] if name == "hint" => {
                    self.found.extend(message.clone().zip(text(inner)));
                }
                _ => {}
            }
        }
        for token in tokens {
            if let Token::Group(_, inner) = token {
                self.chains(inner);
            }
        }
    }

    /// `#[error(MESSAGE)] Variant`.
    fn variants(&mut self, tokens: &[Token]) {
        for at in 0..tokens.len() {
            if let [Token::Punct('#'), Token::Group('[', attribute), Token::Word(variant), ..] = &tokens[at..]
                && let [Token::Word(name), Token::Group('(', inner), ..] = attribute.as_slice()
                && name == "error"
            {
                self.by_variant.extend(format_string(inner).map(|message| (variant.clone(), message)));
            }
            if let Token::Group(_, inner) = &tokens[at] {
                self.variants(inner);
            }
        }
    }

    /// The arms of the match in `fn hint`: the variants before `=>`, and the first text behind it.
    fn arms(&mut self, tokens: &[Token]) {
        for at in 0..tokens.len() {
            if let [Token::Word(keyword), Token::Word(name), ..] = &tokens[at..]
                && keyword == "fn"
                && name == "hint"
                && let Some(body) = tokens[at..].iter().find_map(|token| token.group('{'))
            {
                self.matched(body);
            }
            if let Token::Group(_, inner) = &tokens[at] {
                self.arms(inner);
            }
        }
    }

    fn matched(&mut self, body: &[Token]) {
        let mut names: Vec<String> = Vec::new();
        let mut behind_arrow = false;
        for at in 0..body.len() {
            match &body[at..] {
                [Token::Punct('='), Token::Punct('>'), ..] => behind_arrow = true,
                [Token::Word(name), ..] if !behind_arrow && self.by_variant.contains_key(name) => {
                    names.push(name.clone());
                }
                [token @ (Token::Group(..) | Token::Text(_)), ..] if behind_arrow => {
                    if let Some(hint) = deep_text(std::slice::from_ref(token)) {
                        let messages = names.iter().map(|name| self.by_variant[name].clone());
                        self.found.extend(messages.map(|message| (message, hint.clone())));
                    }
                    names.clear();
                    behind_arrow = false;
                }
                [Token::Punct(','), ..] if behind_arrow => {
                    names.clear();
                    behind_arrow = false;
                }
                [Token::Group('{', inner), ..] => self.matched(inner),
                _ => {}
            }
        }
    }
}

/// The first text of arguments as a format string: that of `format!`, or a literal with its braces doubled.
fn text(arguments: &[Token]) -> Option<String> {
    match arguments {
        [Token::Text(text), ..] => Some(text.replace('{', "{{").replace('}', "}}")),
        [Token::Word(name), Token::Punct('!'), Token::Group('(', inner), ..] if name == "format" => {
            format_string(inner)
        }
        _ => None,
    }
}

/// The first text of the arguments of a macro that formats.
fn format_string(arguments: &[Token]) -> Option<String> {
    match arguments {
        [Token::Text(text), ..] => Some(text.clone()),
        _ => None,
    }
}

/// The first text in the tokens, at any depth, as a format string.
fn deep_text(tokens: &[Token]) -> Option<String> {
    (0..tokens.len()).find_map(|at| match &tokens[at..] {
        [Token::Group(_, inner), ..] => deep_text(inner),
        rest => text(rest),
    })
}
