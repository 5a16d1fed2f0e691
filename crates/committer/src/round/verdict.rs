//! What a push did to each of its refs: the server's report, together with the refs as they were read after it. Pure.
//!
//! A ref that has another value than before the push was lost to a concurrent update; one that has not was refused. The server's message does not
//! decide that. It says which refs of an atomic push were refused, if it differs from the one for the others; otherwise the server answered
//! for the push as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use git::{PushReport, RefUpdate, RemoteRef, is_atomic_failure};
use git2::Oid;

const HEADS: &str = "refs/heads/";

/// What a push did to one ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefVerdict {
    /// It has the new value.
    Updated,
    /// It did not have the expected value.
    Lost(String),
    /// The server refuses it.
    Refused(RefusedRef),
    /// It was not updated because of other refs of the push.
    Aborted(String),
}

/// A ref that the server refuses, although it has the expected value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedRef {
    /// The server's message.
    pub message: String,
    /// The branch because of which the ref cannot be created: one name is a folder of the other.
    pub in_the_way: Option<String>,
    /// Whether it is not pushed once more to make sure.
    pub is_final: bool,
}

/// What a push did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    refs: BTreeMap<String, RefVerdict>,
    /// The server's message if it rejected the push as a whole. Its refs are [`RefVerdict::Aborted`] then.
    pub whole: Option<String>,
    /// The refs that the server may have meant when it rejected the push as a whole. Only a guess, to find them sooner.
    pub suspects: BTreeSet<String>,
    /// The server's messages to the user.
    pub messages: Vec<String>,
}

impl Verdict {
    /// The verdict, if it can be given without reading the refs again: the push was accepted, or not sent since refs had other values.
    pub(crate) fn of(report: &PushReport) -> Option<Self> {
        let accepted = report.statuses.iter().all(|status| status.result.is_ok());
        if !accepted && report.stale.is_empty() {
            return None;
        }
        let verdict = |status: &git::RefStatus| match &status.result {
            Ok(()) => RefVerdict::Updated,
            Err(message) if report.stale.contains(&status.name) => RefVerdict::Lost(message.clone()),
            Err(message) => RefVerdict::Aborted(message.clone()),
        };
        let refs = report.statuses.iter().map(|status| (status.name.clone(), verdict(status))).collect();
        Some(Self { refs, messages: report.messages.clone(), ..Self::default() })
    }

    /// The verdict on a push with rejected refs. `found` is what was read of [`names_to_read`] after it.
    pub(crate) fn after_reading(updates: &[RefUpdate], report: &PushReport, found: &[RemoteRef], atomic: bool) -> Self {
        let now: BTreeMap<&str, Oid> = found.iter().map(|found| (found.name.as_str(), found.id)).collect();
        let results: BTreeMap<&str, &Result<(), String>> =
            report.statuses.iter().map(|status| (status.name.as_str(), &status.result)).collect();
        let answers: Vec<Answer<'_>> = updates
            .iter()
            .filter_map(|update| Answer::new(update, results.get(update.name.as_str()).copied(), &now))
            .collect();
        let lines = ReportLine::all(report, updates);
        let is_whole = is_whole(updates, &answers, atomic);
        let any_lost = answers.iter().any(|answer| answer.change == Change::Other);
        let victims = answers.iter().any(|answer| is_atomic_failure(answer.message));
        let mut verdict = Self { messages: report.messages.clone(), ..Self::default() };
        for update in updates {
            verdict.refs.insert(update.name.clone(), RefVerdict::Updated);
        }
        for answer in &answers {
            let message = || answer.with_messages(&lines);
            let refused = |in_the_way| {
                let is_final = false;
                RefVerdict::Refused(RefusedRef { message: message(), in_the_way, is_final })
            };
            let result = match answer.change {
                Change::New => RefVerdict::Updated,
                Change::Other => RefVerdict::Lost(answer.message.to_owned()),
                Change::None => match answer.in_the_way(&now) {
                    Some(branch) => refused(Some(branch)),
                    None if is_whole || atomic && is_atomic_failure(answer.message) => {
                        RefVerdict::Aborted(answer.message.to_owned())
                    }
                    // Of a push that lost a race, an unknown server may give any reason for the other refs.
                    None if atomic && any_lost && !victims => RefVerdict::Aborted(answer.message.to_owned()),
                    None => refused(None),
                },
            };
            verdict.refs.insert(answer.update.name.clone(), result);
        }
        let explained =
            answers.iter().any(|answer| !matches!(verdict.get(&answer.update.name), Some(RefVerdict::Aborted(_))));
        if !explained && let Some(first) = answers.first() {
            let text: Vec<&str> = std::iter::once(first.message).chain(lines.iter().map(|line| line.text)).collect();
            verdict.whole = Some(text.join("; "));
            verdict.suspects = suspects(&answers, &lines);
        }
        verdict
    }

    pub(crate) fn get(&self, name: &str) -> Option<&RefVerdict> {
        self.refs.get(name)
    }

    pub(crate) fn is_updated(&self, name: &str) -> bool {
        self.get(name) == Some(&RefVerdict::Updated)
    }

    pub(crate) fn is_lost(&self, name: &str) -> bool {
        matches!(self.get(name), Some(RefVerdict::Lost(_)))
    }

    /// The message about a ref that was not updated, but not refused either.
    pub(crate) fn not_updated(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(RefVerdict::Lost(message) | RefVerdict::Aborted(message)) => Some(message),
            _ => None,
        }
    }

    /// Whether any ref was lost to a concurrent update.
    pub(crate) fn has_lost(&self) -> bool {
        self.refs.values().any(|verdict| matches!(verdict, RefVerdict::Lost(_)))
    }

    /// How the server refuses a ref.
    pub(crate) fn refused(&self, name: &str) -> Option<&RefusedRef> {
        match self.get(name) {
            Some(RefVerdict::Refused(refused)) => Some(refused),
            _ => None,
        }
    }

    /// Whether every ref was updated.
    pub(crate) fn is_accepted(&self) -> bool {
        self.refs.values().all(|verdict| *verdict == RefVerdict::Updated)
    }

    /// The message about the first ref that the server refuses.
    pub(crate) fn first_refused(&self) -> Option<&str> {
        self.refs.values().find_map(|verdict| match verdict {
            RefVerdict::Refused(refused) => Some(refused.message.as_str()),
            RefVerdict::Updated | RefVerdict::Lost(_) | RefVerdict::Aborted(_) => None,
        })
    }

    /// The server refuses this ref of a push that it rejected as a whole.
    pub(crate) fn refuse(&mut self, name: &str, message: &str, is_final: bool) {
        let refused = RefusedRef { message: message.to_owned(), in_the_way: None, is_final };
        self.refs.insert(name.to_owned(), RefVerdict::Refused(refused));
    }
}

/// The names of the refs to read after a push that was rejected: its refs, and the branches that can be in the way of a new one. Names are prefixes
/// for [`git::Transport::list_refs`], so the branches below a ref are among the answers.
pub(crate) fn names_to_read(updates: &[RefUpdate]) -> Vec<String> {
    let mut names: BTreeSet<String> = updates.iter().map(|update| update.name.clone()).collect();
    for update in updates.iter().filter(|update| update.old.is_none()) {
        names.extend(folders(&update.name).map(str::to_owned));
    }
    names.into_iter().collect()
}

/// The branches of whose names a branch's name is a continuation: `a` and `a/b` for `a/b/c`.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/')
        .map(|(at, _)| &name[..at])
        .filter(|folder| folder.len() > HEADS.len() && folder.starts_with(HEADS))
}

/// How a rejected ref has changed since it was read before the push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// It has the value of the push, whatever the server answered.
    New,
    Other,
}

/// The server's message about a ref that it rejected.
struct Answer<'a> {
    update: &'a RefUpdate,
    message: &'a str,
    change: Change,
}

impl<'a> Answer<'a> {
    fn new(update: &'a RefUpdate, result: Option<&'a Result<(), String>>, now: &BTreeMap<&str, Oid>) -> Option<Self> {
        let message = match result {
            Some(Ok(())) => return None,
            Some(Err(message)) => message,
            None => "missing in the server's report",
        };
        let value = now.get(update.name.as_str()).copied();
        let change = match value {
            value if value == update.old => Change::None,
            value if value == update.new => Change::New,
            _ => Change::Other,
        };
        Some(Self { update, message, change })
    }

    /// The branch because of which the ref cannot be created.
    fn in_the_way(&self, now: &BTreeMap<&str, Oid>) -> Option<String> {
        let name = &self.update.name;
        if self.update.old.is_some() || !name.starts_with(HEADS) {
            return None;
        }
        let below = format!("{name}/");
        let found = folders(name).find(|folder| now.contains_key(folder));
        let found = found.or_else(|| now.keys().copied().find(|other| other.starts_with(&below)));
        found.map(|found| found[HEADS.len()..].to_owned())
    }

    /// The message with those to the user that are not about another ref of the push.
    fn with_messages(&self, lines: &[ReportLine<'_>]) -> String {
        let own = lines.iter().filter(|line| line.names.is_empty() || line.names.contains(self.update.name.as_str()));
        std::iter::once(self.message).chain(own.map(|line| line.text)).collect::<Vec<_>>().join("; ")
    }

    /// The message without the name of the ref.
    fn reason(&self) -> String {
        let mut reason = self.message.to_owned();
        while let Some(at) = find_name(&reason, &self.update.name) {
            reason.replace_range(at, "");
        }
        reason
    }
}

/// A line of the server's messages to the user, with the refs of the push that it names.
struct ReportLine<'a> {
    text: &'a str,
    names: BTreeSet<&'a str>,
}

impl<'a> ReportLine<'a> {
    fn all(report: &'a PushReport, updates: &'a [RefUpdate]) -> Vec<Self> {
        let line = |text: &'a String| {
            let names = updates.iter().map(|update| update.name.as_str()).filter(|name| names_ref(text, name));
            Self { text, names: names.collect() }
        };
        report.messages.iter().map(line).collect()
    }
}

/// Whether the server answered for the push as a whole: no ref has an answer of its own.
fn is_whole(updates: &[RefUpdate], answers: &[Answer<'_>], atomic: bool) -> bool {
    if answers.len() < updates.len() || updates.len() < 2 || answers.iter().any(|answer| answer.change != Change::None)
    {
        return false;
    }
    let victims = answers.iter().filter(|answer| is_atomic_failure(answer.message)).count();
    let has_own = victims > 0 && victims < answers.len();
    let same = answers.windows(2).all(|pair| pair[0].reason() == pair[1].reason());
    if atomic { !has_own } else { same }
}

/// The refs that the server may have meant: those that its messages name, if they do not name all; those with another reason than most.
fn suspects(answers: &[Answer<'_>], lines: &[ReportLine<'_>]) -> BTreeSet<String> {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        *reasons.entry(answer.reason()).or_default() += 1;
    }
    let most = reasons.values().copied().max().unwrap_or(0);
    let is_rare = |answer: &&Answer<'_>| reasons.get(&answer.reason()).is_some_and(|count| *count < most);
    let is_named = |answer: &&Answer<'_>| lines.iter().any(|line| line.names.contains(answer.update.name.as_str()));
    let name = |answer: &Answer<'_>| answer.update.name.clone();
    let found: BTreeSet<String> =
        answers.iter().filter(|answer| is_rare(answer) || is_named(answer)).map(name).collect();
    if found.len() < answers.len() { found } else { BTreeSet::new() }
}

/// Whether a line has the name of a ref, or of its branch, as a word.
fn names_ref(line: &str, name: &str) -> bool {
    find_name(line, name).is_some()
}

/// Where a text has the name of a ref, or of its branch, as a word.
fn find_name(text: &str, name: &str) -> Option<Range<usize>> {
    let branch = name.strip_prefix(HEADS).unwrap_or(name);
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'.');
    let found = text.match_indices(branch).map(|(at, _)| {
        let start = if text[..at].ends_with(HEADS) { at - HEADS.len() } else { at };
        start..at + branch.len()
    });
    let mut whole = found.filter(|found| {
        let after = text[found.end..].trim_start_matches('.');
        !text[..found.start].bytes().last().is_some_and(is_part) && !after.bytes().next().is_some_and(is_part)
    });
    whole.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> Oid {
        Oid::from_bytes(&[number; 20]).unwrap()
    }

    /// Three branches and the order ref, each from 1 to 2.
    fn updates() -> Vec<RefUpdate> {
        let names = ["refs/heads/a", "refs/heads/b", "refs/heads/c", "refs/hydrant/order"];
        names.iter().map(|name| RefUpdate { name: (*name).to_owned(), old: Some(id(1)), new: Some(id(2)) }).collect()
    }

    fn verdict(messages: [&str; 4], values: [u8; 4], lines: &[&str]) -> Verdict {
        let updates = updates();
        let mut report = PushReport::new(&updates, messages.map(|message| Err(message.to_owned())));
        report.messages = lines.iter().map(|line| (*line).to_owned()).collect();
        let found: Vec<RemoteRef> = updates
            .iter()
            .zip(values)
            .map(|(update, value)| RemoteRef { name: update.name.clone(), id: id(value) })
            .collect();
        Verdict::after_reading(&updates, &report, &found, true)
    }

    #[test]
    fn the_values_of_the_refs_decide_and_not_the_wording() {
        for wording in ["already exists", "invalid old id sent", "hook declined", "", "no", "transaction aborted"] {
            let lost = verdict([wording; 4], [1, 1, 1, 3], &[]);
            assert!(lost.is_lost("refs/hydrant/order") && lost.whole.is_none(), "{wording}: {lost:?}");
            assert_eq!(lost.refused("refs/heads/a"), None, "{wording}");
            let refused = verdict([wording; 4], [1; 4], &[]);
            assert!(refused.whole.is_some() && !refused.has_lost(), "{wording}: {refused:?}");
            let accepted = verdict([wording; 4], [2; 4], &[]);
            assert!(accepted.is_accepted(), "{wording}: {accepted:?}");
        }
    }

    #[test]
    fn a_ref_with_a_reason_of_its_own_is_refused() {
        let of_git = verdict(
            ["atomic push failure", "hook declined", "atomic push failure", "atomic push failure"],
            [1; 4],
            &["b is frozen", "refs/heads/c: checked", "goodbye"],
        );
        assert_eq!(of_git.whole, None);
        assert_eq!(of_git.refused("refs/heads/b").unwrap().message, "hook declined; b is frozen; goodbye");
        assert_eq!(of_git.get("refs/heads/a"), Some(&RefVerdict::Aborted("atomic push failure".to_owned())));
    }

    #[test]
    fn the_refs_that_a_message_names_are_suspects() {
        let lines = ["GH013: Repository rule violations found for refs/heads/b.", "- Changes to a-b and ab are fine"];
        let whole = verdict(["push declined due to repository rule violations"; 4], [1; 4], &lines);
        assert_eq!(whole.suspects, BTreeSet::from(["refs/heads/b".to_owned()]));
        assert!(whole.whole.unwrap().contains("GH013"));
        let other = verdict(["x", "x", "frozen", "x"], [1; 4], &[]);
        assert_eq!(other.suspects, BTreeSet::from(["refs/heads/c".to_owned()]));
    }

    #[test]
    fn a_branch_in_the_way_is_found_by_its_name() {
        let update = |name: &str| RefUpdate { name: name.to_owned(), old: None, new: Some(id(2)) };
        let updates = vec![update("refs/heads/a/b/c"), update("refs/heads/d")];
        assert_eq!(names_to_read(&updates), ["refs/heads/a", "refs/heads/a/b", "refs/heads/a/b/c", "refs/heads/d"]);
        let report =
            PushReport::new(&updates, [Err("failed to lock".to_owned()), Err("atomic push failure".to_owned())]);
        let found = [RemoteRef { name: "refs/heads/a".to_owned(), id: id(1) }];
        let verdict = Verdict::after_reading(&updates, &report, &found, true);
        assert_eq!(verdict.refused("refs/heads/a/b/c").unwrap().in_the_way.as_deref(), Some("a"));
        assert_eq!(verdict.get("refs/heads/d"), Some(&RefVerdict::Aborted("atomic push failure".to_owned())));
        let found = [RemoteRef { name: "refs/heads/d/e".to_owned(), id: id(1) }];
        let verdict = Verdict::after_reading(&updates, &report, &found, true);
        assert_eq!(verdict.refused("refs/heads/d").unwrap().in_the_way.as_deref(), Some("d/e"));
    }
}
