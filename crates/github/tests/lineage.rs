//! GitHub is asked which commit is older where the origin of a shallow clone cannot be fetched from.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

#[path = "../../git/tests/histories/mod.rs"]
mod histories;

use std::collections::BTreeMap;

use git::GitConfig;
use git::source::{Ancestry, HistoryService, SourceHistory};
use github::{GitHub, Login, Repository, RepositoryHistory};
use histories::{history, shallow};
use testkit::github::{FakeGitHub, TOKEN};

#[test]
fn github_is_asked_where_the_origin_cannot_be_and_else_the_reason_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeGitHub::start();
    let path = fake.repository("acme/shop", &[]);
    let history = history(&path);
    let at = folder.path().join("clone");
    let source = shallow(&at, &path, "http://127.0.0.1:1/acme/shop.git", history.new);
    let config = GitConfig::load(&at, &BTreeMap::new());
    let (old, side, new) = (history.old.to_string(), history.side.to_string(), history.new.to_string());
    let github = |token: &str| {
        let repository = Repository { owner: "acme".to_owned(), name: "shop".to_owned() };
        let github = GitHub::new(fake.api(), Login::Token(token.to_owned()));
        Some(Box::new(RepositoryHistory { github, repository }) as Box<dyn HistoryService>)
    };
    let lineage = SourceHistory::new(&source, &config, github(TOKEN));
    assert_eq!(lineage.is_ancestor(&old, &new), Ancestry::Ancestor);
    assert_eq!(lineage.is_ancestor(&side, &new), Ancestry::NotAncestor);
    let answer = SourceHistory::new(&source, &config, github("ghp_wrong")).is_ancestor(&old, &new);
    let Ancestry::Unknown(why) = answer else { panic!("{answer:?}") };
    assert!(why.contains("Bad credentials"), "{why}");
}
