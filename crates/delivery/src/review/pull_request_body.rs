//! The body of a pull request: the source commit, the origins of the images, and the objects that differ. Values of Secrets are never shown.

use std::fmt::Write as _;

use committer::{AssignedBy, Assignment, SourceRecord, TargetContent};
use git::FileSet;
use manifest::{Node, escape, yaml};

use super::prepared::PreparedUnit;
use crate::host::source_link;
use crate::images::assign;
use crate::images::origins::ImageOrigin;
use crate::plan::{PlannedChecks, Request};
use crate::report::diff::{Change, Noise, UnitDiff, compare, markdown};
use crate::report::findings::{self, UnitFinding};

/// The lines that delimit hydrant's region of a pull request's body.
const BEGIN: &str = "<!-- hydrant: written anew with each delivery; write above or below -->";
const END: &str = "<!-- hydrant: end -->";
/// The start of the comment that keeps the title that hydrant gave last, to recognize one that a person wrote.
const TITLE: &str = "<!-- hydrant title: ";

/// The title and the parts of a unit's pull request body.
pub(crate) struct PullRequestBody {
    unit: String,
    checks: PlannedChecks,
    branch: String,
    /// The title.
    pub(crate) title: String,
    source: SourceRecord,
    files: FileSet,
    hold: Option<String>,
    is_rollback: bool,
    is_release: bool,
    promoted_from: Option<String>,
    assignments: Vec<Assignment>,
    origins: Vec<ImageOrigin>,
}

impl PullRequestBody {
    pub(crate) fn of(request: &Request, prepared: &PreparedUnit) -> PullRequestBody {
        let PreparedUnit { unit, content, subject, origins, .. } = prepared;
        // A rollback has a title of its own.
        let title = request.title.clone().filter(|_| content.hold.is_none()).unwrap_or_else(|| subject.clone());
        PullRequestBody {
            unit: unit.name(),
            checks: unit.checks.clone(),
            branch: unit.branch.clone(),
            title,
            source: content.source.clone(),
            files: content.files.clone(),
            hold: content.hold.clone(),
            is_rollback: content.restores.is_some(),
            is_release: content.release,
            promoted_from: content.promoted_from.clone(),
            assignments: content.assignments.clone(),
            origins: origins.clone(),
        }
    }

    /// Hydrant's region of the body, at most `limit` bytes.
    pub(crate) fn region(&self, before: &TargetContent, limit: usize) -> String {
        let title = escape::line(&self.title).replace("--", "- -");
        let frame = BEGIN.len() + END.len() + TITLE.len() + title.len() + 16;
        let text = self.markdown(before, limit.saturating_sub(frame));
        format!("{BEGIN}\n{TITLE}{title} -->\n\n{}\n{END}", text.trim_end())
    }

    /// The source, the origins of the images, and the differences, at most `limit` bytes.
    pub(crate) fn markdown(&self, before: &TargetContent, limit: usize) -> String {
        let mut text = self.risks(before) + &self.head(before);
        text.truncate(text.floor_char_boundary(limit));
        let room = limit.saturating_sub(text.len() + 1);
        match self.differences(before) {
            Ok(unit) => text.push_str(&markdown(&[unit], room)),
            Err(message) => {
                let _ = write!(text, "The differences cannot be shown: {message}");
            }
        }
        text.truncate(text.floor_char_boundary(limit));
        text
    }

    /// A summary in one line, for hosts that take no more.
    pub(crate) fn line(&self, before: &TargetContent) -> String {
        let mut text = format!("{} from {}", self.unit, short(&self.source.dry_sha));
        if !self.source.subject.is_empty() {
            let _ = write!(text, " ({})", self.source.subject);
        }
        if let Some(why) = &self.hold {
            let _ = write!(text, "; {why}");
        }
        if let Ok(unit) = self.differences(before) {
            let _ = write!(text, ": {}", unit.counts());
            let images = images(&unit);
            if !images.is_empty() {
                let _ = write!(text, "; {}", images.join(", "));
            }
        }
        text.push_str(". See the commit message for details.");
        text
    }

    /// What the change risks, which comes first; empty if nothing.
    fn risks(&self, before: &TargetContent) -> String {
        let found = findings::risks::of_files(&self.checks, &before.files, &self.files).into_iter();
        let found: Vec<UnitFinding> = found.map(|finding| UnitFinding { unit: self.unit.clone(), finding }).collect();
        findings::markdown(&found)
    }

    fn head(&self, before: &TargetContent) -> String {
        let mut text = String::new();
        let commit = linked(&self.source.repo_url, &self.source.dry_sha);
        let _ = writeln!(text, "Source: {commit} {}  ", escaped(&self.source.subject));
        let old = before.record.as_ref().map(|record| &record.source).filter(|old| old.dry_sha != self.source.dry_sha);
        if let Some(old) = old {
            let range = source_link::range(&self.source.repo_url, &old.dry_sha, &self.source.dry_sha);
            // A rollback goes back in history, which a range does not show.
            let range = range.filter(|_| self.hold.is_none());
            let range = range.map_or_else(String::new, |link| format!(" ([changes since]({link}))"));
            let _ = writeln!(
                text,
                "{} holds {}{range}  ",
                escape::markdown_code(&self.branch),
                linked(&old.repo_url, &old.dry_sha)
            );
        }
        if let Some(from) = &self.promoted_from {
            let _ = writeln!(text, "Promoted from {}  ", escaped(from));
        }
        for one in self.assignments.iter().filter(|one| one.by != AssignedBy::Source) {
            let (image, version) = (escaped(&one.image), escaped(&assign::version(one)));
            let at = if one.at.is_empty() { String::new() } else { format!(", {}", escaped(&one.at)) };
            let applied = assign::applied(one).map(|applied| format!(", {}", escaped(&applied))).unwrap_or_default();
            let _ = writeln!(text, "{image}: {version}, {}{applied}{at}  ", escaped(&assign::origin(one)));
        }
        if let Some(why) = &self.hold {
            let kind = if self.is_rollback { "rollback" } else { "hold" };
            let _ = writeln!(
                text,
                "A {kind}: {}. Once merged, deliveries leave the unit as it is until `hydrant release`.  ",
                escaped(why)
            );
        }
        if let Some(why) = before.record.as_ref().and_then(|record| record.hold.as_ref()).filter(|_| self.is_release) {
            let _ = writeln!(text, "Ends the hold: {}. Once merged, deliveries change the unit again.  ", escaped(why));
        }
        text.push('\n');
        let origins: Vec<String> = self.origins.iter().filter_map(origin).collect();
        if !origins.is_empty() {
            let _ = writeln!(text, "{}\n", origins.join("\n"));
        }
        text
    }

    fn differences(&self, before: &TargetContent) -> Result<UnitDiff, String> {
        let noise = Noise::new([]).map_err(|error| error.to_string())?;
        let (old, new) = (objects(&before.files)?, objects(&self.files)?);
        Ok(UnitDiff {
            name: self.unit.clone(),
            sides: (format!("branch {}", self.branch), format!("source {}", short(&self.source.dry_sha))),
            objects: compare(&old, &new, &noise),
            assignments: Vec::new(),
            ended: Vec::new(),
            hold: None,
            findings: Vec::new(),
        })
    }
}

/// Title and body of a pull request after a delivery. Text outside of hydrant's region is kept; the region is replaced, and so is the title
/// unless a person changed it.
pub(crate) fn rewritten(content: &PullRequestBody, region: &str, title: &str, body: &str) -> (String, String) {
    let body = body.replace("\r\n", "\n");
    let Some((above, rest)) = body.split_once(BEGIN) else {
        // A person opened the pull request or removed the region: their text comes first.
        let above = if body.trim().is_empty() { String::new() } else { format!("{}\n\n", body.trim_end()) };
        return (title.to_owned(), format!("{above}{region}"));
    };
    let (ours, below) = rest.split_once(END).unwrap_or((rest, ""));
    let given = ours.lines().find_map(|line| line.strip_prefix(TITLE)).and_then(|line| line.strip_suffix(" -->"));
    let kept = given.is_some_and(|given| given == title.replace("--", "- -"));
    (if kept { content.title.clone() } else { title.to_owned() }, format!("{above}{region}{below}"))
}

/// The number of bytes of a body outside of hydrant's region.
pub(crate) fn room_taken(body: &str) -> usize {
    let body = body.replace("\r\n", "\n");
    match body.split_once(BEGIN) {
        None => body.len() + 2,
        Some((above, rest)) => above.len() + rest.split_once(END).map_or(0, |(_, below)| below.len()),
    }
}

fn images(unit: &UnitDiff) -> Vec<String> {
    let mut all = Vec::new();
    for object in &unit.objects {
        let Change::Changed { images, .. } = &object.change else { continue };
        let short = |image: &Option<String>| {
            let name = image.as_deref().unwrap_or("none").split('@').next().unwrap_or_default();
            name.rsplit('/').next().unwrap_or(name).to_owned()
        };
        all.extend(images.iter().map(|image| format!("{} -> {}", short(&image.old), short(&image.new))));
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn objects(files: &FileSet) -> Result<Vec<Node>, String> {
    let mut all = Vec::new();
    for (path, file) in files {
        all.extend(yaml::read_objects(&file.bytes).map_err(|finding| finding.in_file(path.as_str()).to_string())?);
    }
    Ok(all)
}

fn origin(one: &ImageOrigin) -> Option<String> {
    let name = one.image.split('@').next().unwrap_or_default();
    one.markdown().map(|links| format!("- {}: {links}", escape::markdown_code(name)))
}

fn linked(repository: &str, commit: &str) -> String {
    let id = short(commit);
    source_link::commit(repository, commit).map_or_else(|| format!("`{id}`"), |link| format!("[`{id}`]({link})"))
}

fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// Text of a commit without its markup; an `@` mentions no user.
fn escaped(text: &str) -> String {
    escape::markdown(&text.replace(['\n', '\r'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> PullRequestBody {
        PullRequestBody {
            unit: "cart/production".to_owned(),
            checks: PlannedChecks::default(),
            branch: "cart/production".to_owned(),
            title: "deliver cart to production".to_owned(),
            source: SourceRecord {
                repo_url: "https://github.com/acme/shop.git".to_owned(),
                dry_sha: "1".repeat(40),
                subject: "fewer <b> for @ann".to_owned(),
                ..SourceRecord::default()
            },
            files: FileSet::new(),
            hold: None,
            promoted_from: None,
            assignments: Vec::new(),
            is_rollback: false,
            is_release: false,
            origins: Vec::new(),
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let content = content();
        let region = content.region(&TargetContent::default(), 60_000);
        assert!(region.contains("fewer &lt;b&gt; for &#64;ann"), "{region}");
        let first = rewritten(&content, &region, &content.title, "");
        assert_eq!(first, (content.title.clone(), region.clone()));
        let edited = format!("Please look.\r\n\r\n{}\r\n\r\nAnd below.", region.replace('\n', "\r\n"));
        let (title, body) = rewritten(&content, "NEW", "my own title", &edited);
        assert_eq!((title.as_str(), body.as_str()), ("my own title", "Please look.\n\nNEW\n\nAnd below."));
        assert_eq!(room_taken(&edited), "Please look.\n\n\n\nAnd below.".len());
        // A rollback takes the place of a delivery: a title by hydrant changes, one by a person does not.
        let mut back = super::tests::content();
        back.title = "roll cart back".to_owned();
        assert_eq!(rewritten(&back, "NEW", &content.title, &region).0, "roll cart back");
        let (_, body) = rewritten(&content, "NEW", "t", "opened by hand");
        assert_eq!(body, "opened by hand\n\nNEW");
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = |value: &str| {
            let text =
                format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {value}}}\n");
            FileSet::from([("manifest.yaml".to_owned(), git::File::regular(text.as_bytes()))])
        };
        let mut content = content();
        content.files = secret("hunter3");
        let before = TargetContent { files: secret("hunter2"), record: None };
        let texts =
            [content.region(&before, 60_000), content.region(&TargetContent::default(), 60_000), content.line(&before)];
        assert!(texts[0].contains("changed <code>Secret/s</code>"), "{}", texts[0]);
        assert!(texts.iter().all(|text| !text.contains("hunter")), "{texts:?}");
    }

    #[test]
    fn it_fits() {
        let mut content = content();
        content.source.subject = "ä".repeat(40_000);
        for limit in [0, 10, 1_000, 65_536] {
            assert!(content.markdown(&TargetContent::default(), limit).len() <= limit, "{limit}");
        }
        assert!(content.region(&TargetContent::default(), 65_536).len() <= 65_536);
    }
}
