//! The table of `docs/risks.md` is that of the code.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that panics has failed, as it should")]

use checks::risks::RULES;

const START: &str = "| id | severity | default | why |\n";

#[test]
fn the_page_has_every_risk() {
    let path = testkit::fixtures::root().join("docs/risks.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let text = page.split(START).next().unwrap();
    let mut want = format!("{text}{START}| --- | --- | --- | --- |\n");
    for rule in RULES {
        let (severity, default) = (rule.severity.name(), rule.default.name());
        let source = rule.reference;
        want += &format!("| `{}` | {severity} | {default} | {} ([source]({source})) |\n", rule.id, rule.reason);
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &want).unwrap();
    } else {
        assert_eq!(page, want, "run UPDATE_EXPECT=1 cargo test -p checks --test risks_page");
    }
}
