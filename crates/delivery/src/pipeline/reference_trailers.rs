//! `Argocd-reference-commit-…`: the reference in a source commit's message to the commit of another repository that caused it, in
//! most cases the code whose image it bumps.
//!
//! The rules are Argo CD's (`GetReferences` in its `util/git`): each line of the body is read by itself, the last valid one of a kind counts,
//! valid lines leave the body, and a line that is malformed stays in it and is ignored.

use committer::metadata::{Reference, ReferencedCommit};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The referenced commit, if the body has one, and the body without those lines.
pub(crate) fn split(body: &str) -> (Option<Reference>, String) {
    let mut commit = ReferencedCommit::default();
    let rest: Vec<&str> = body.lines().filter(|line| take(&mut commit, line).is_none()).collect();
    let reference = (commit != ReferencedCommit::default()).then_some(Reference { commit });
    (reference, rest.join("\n").trim_end().to_owned())
}

/// Puts a line's value into its field; nothing where the line is another one or its value is malformed.
fn take(commit: &mut ReferencedCommit, line: &str) -> Option<()> {
    let (key, value) = line.strip_prefix("Argocd-reference-commit-")?.split_once(": ")?;
    match key {
        "author" => commit.author = is_address(value).then(|| value.to_owned())?,
        "date" => commit.date = OffsetDateTime::parse(value, &Rfc3339).ok()?.format(&Rfc3339).ok()?,
        "subject" => value.clone_into(&mut commit.subject),
        "body" => commit.body = serde_json::from_str(value).ok()?,
        "sha" => commit.sha = is_hash(value).then(|| value.to_owned())?,
        "repourl" => commit.repo_url = is_url(value).then(|| value.to_owned())?,
        _ => return None,
    }
    Some(())
}

/// `Name <mail>` or the mail address alone.
fn is_address(value: &str) -> bool {
    let mail = match value.split_once('<') {
        Some((_, rest)) => rest.trim_end().strip_suffix('>'),
        None => Some(value.trim()),
    };
    let parts = mail.and_then(|mail| mail.rsplit_once('@'));
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains(char::is_whitespace) && !user.contains(['<', '>'])
    })
}

/// 5 to 40 digits of lower-case hex.
fn is_hash(value: &str) -> bool {
    (5..=40).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the text has only characters of a URL, and each `%` two digits.
fn is_url(value: &str) -> bool {
    let whole = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    !value.is_empty()
        && !value.contains(|letter: char| letter.is_whitespace() || letter.is_control())
        && value.split('%').skip(1).all(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pairs: &[(&str, &str)]) -> String {
        pairs.iter().map(|(name, value)| format!("Argocd-reference-commit-{name}: {value}\n")).collect()
    }

    #[test]
    fn the_last_valid_line_counts_and_leaves_the_body() {
        let text = format!(
            "Why.\n\n{}Signed-off-by: Ann <ann@example.com>\n",
            body(&[
                ("sha", "1234567"),
                ("sha", "abc"),
                ("sha", "ABCDEF0"),
                ("author", "Ann <ann@example.com>"),
                ("author", "% unknown %"),
                ("body", "\"two\\nlines\""),
                ("date", "2026-11-21T19:00:00+09:00"),
                ("date", "yesterday"),
                ("subject", "s"),
                ("repourl", "https://git.example.com/a/b"),
                ("repourl", "% invalid %"),
            ])
        );
        let (reference, rest) = split(&text);
        let commit = reference.unwrap().commit;
        assert_eq!((commit.sha.as_str(), commit.body.as_str()), ("1234567", "two\nlines"));
        assert_eq!((commit.author.as_str(), commit.subject.as_str()), ("Ann <ann@example.com>", "s"));
        assert_eq!(commit.date, "2026-11-21T19:00:00+09:00");
        assert_eq!(commit.repo_url, "https://git.example.com/a/b");
        let malformed = body(&[
            ("sha", "abc"),
            ("sha", "ABCDEF0"),
            ("author", "% unknown %"),
            ("date", "yesterday"),
            ("repourl", "% invalid %"),
        ]);
        assert_eq!(rest, format!("Why.\n\n{malformed}Signed-off-by: Ann <ann@example.com>"));
    }

    #[test]
    fn a_body_without_them_stays() {
        assert_eq!(split("One.\n\nTwo."), (None, "One.\n\nTwo.".to_owned()));
        assert_eq!(split(""), (None, String::new()));
    }
}
