//! One unit on the board: a summary, with details that open on demand.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::{STATES, ago, escaped, text, when};
use crate::host::Moment;
use crate::host::source_link;

/// A unit's cell. `left` is the same service in the environment before it.
pub(super) fn unit(unit: &Value, left: Option<&Value>, now: Option<Moment>) -> String {
    let state = text(unit, "state");
    let class = STATES.iter().find(|(known, _)| *known == state).map_or("drifted", |(_, class)| class);
    let pending = unit["pending"].as_object().map(|_| &unit["pending"]);
    let states = if pending.is_some() { format!("{class} pending") } else { class.to_owned() };
    if text(unit, "commit").is_empty() && pending.is_none() {
        return format!(
            "<div class=\"unit\" data-states=\"{states}\"><span class=\"state {class}\">{state}</span></div>"
        );
    }
    let mut cell = format!(
        "<details class=\"unit\" data-states=\"{states}\"><summary><span class=\"state {class}\">{state}</span>"
    );
    if pending.is_some() {
        cell.push_str(" <span class=\"state pending\">in review</span>");
    }
    // A String takes whatever is written to it.
    let _ = writeln!(
        cell,
        "<span class=\"subject\">{}</span><span class=\"line\"><code>{}</code> {}{}</span>{}</summary>",
        escaped(text(unit, "sourceSubject")),
        escaped(short(text(unit, "sourceCommit"))),
        ago(text(unit, "deliveredAt"), now),
        left.map(|left| compared_to(unit, left)).unwrap_or_default(),
        tags(unit, before(unit)),
    );
    if let Some(pending) = pending {
        cell.push_str(&review(pending, unit, now));
    }
    if !text(unit, "hold").is_empty() {
        let _ = write!(cell, "<p class=\"note held\">Held: {}</p>", escaped(text(unit, "hold")));
    }
    cell.push_str(&facts(unit, now));
    cell.push_str(&history(unit, now));
    cell + "</details>"
}

/// Whether the environment to the left runs the same images, of those that both run.
fn compared_to(unit: &Value, left: &Value) -> String {
    let other: BTreeMap<&str, &str> = images(left).into_iter().map(|image| (named(image).0, image)).collect();
    let both = images(unit).into_iter().filter_map(|image| Some((image, *other.get(named(image).0)?)));
    let both: Vec<(&str, &str)> = both.collect();
    if both.is_empty() {
        return String::new();
    }
    let is_same = both.iter().all(|(own, other)| own == other);
    let sign = if is_same { "=" } else { "≠" };
    let label = if is_same { "same images as" } else { "different images from" };
    let environment = escaped(text(left, "environment"));
    format!(" <span class=\"soft\" title=\"{label} {environment}\">{sign} {environment}</span>")
}

/// The assignment that an image is from.
fn assignment<'a>(unit: &'a Value, image: &str) -> Option<&'a Value> {
    unit["assignments"].as_array().into_iter().flatten().find(|one| text(one, "reference") == image)
}

/// Who decided an image, and when.
fn origin(assignment: &Value, now: Option<Moment>) -> String {
    let at = ago(text(assignment, "at"), now);
    let at = if at.is_empty() { String::new() } else { format!(", {at}") };
    format!(" <span class=\"soft\">{}{at}</span>", escaped(text(assignment, "origin")))
}

/// The images' last names and tags; those that the delivery before did not have, with what it had.
fn tags(unit: &Value, before: Option<&Value>) -> String {
    let old: Vec<&str> = before.map(images).unwrap_or_default();
    let mut list = String::new();
    for image in images(unit) {
        let (name, tag) = named(image);
        let was = old.iter().map(|old| named(old)).find(|(known, _)| *known == name);
        let was = was.filter(|_| before.is_some() && !old.contains(&image)).map(|(_, tag)| tag);
        let was = was.map(|was| format!("<span class=\"soft\">{} → </span>", escaped(was))).unwrap_or_default();
        let last = name.rsplit('/').next().unwrap_or(name);
        // A String takes whatever is written to it.
        let _ = write!(list, "<li><code>{}</code> {was}<code>{}</code></li>", escaped(last), escaped(tag));
    }
    if list.is_empty() { String::new() } else { format!("<ul class=\"images\">{list}</ul>") }
}

/// What waits, and which images it changes.
fn review(pending: &Value, unit: &Value, now: Option<Moment>) -> String {
    let (url, title) = (text(pending, "url"), text(pending, "title"));
    let number = pending["number"].as_u64().map(|number| format!("#{number}")).unwrap_or_default();
    let name = [number.as_str(), title].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let name = if name.is_empty() { if url.is_empty() { "a change" } else { url } } else { &name };
    let source = short(text(pending, "sourceCommit"));
    let source = if source.is_empty() { String::new() } else { format!(", from <code>{}</code>", escaped(source)) };
    let since = ago(text(pending, "deliveredAt"), now);
    let since = if since.is_empty() { String::new() } else { format!(", {since}") };
    let images = tags(pending, Some(unit));
    format!("<p class=\"note pending\">Waiting for review: {}{source}{since}</p>{images}", link(url, &escaped(name)))
}

fn facts(unit: &Value, now: Option<Moment>) -> String {
    let (source, commit) = (text(unit, "sourceRepository"), text(unit, "sourceCommit"));
    let page = source_link::commit(source, commit).unwrap_or_default();
    let shown = [
        ("source", link(&page, &format!("<code>{}</code>", escaped(commit)))),
        ("repository", escaped(source)),
        ("branch", format!("<code>{}</code>", escaped(text(unit, "branch")))),
        ("commit", format!("<code>{}</code>", escaped(text(unit, "commit")))),
        ("delivered", when(text(unit, "deliveredAt"), now)),
        ("by", escaped(text(unit, "deliveredBy"))),
    ];
    let mut list = String::from("<dl>");
    for (name, value) in shown.iter().filter(|(_, value)| !value.is_empty() && value != "<code></code>") {
        // A String takes whatever is written to it.
        let _ = write!(list, "<dt>{name}</dt><dd>{value}</dd>");
    }
    let image = |image: &&str| {
        let origin = assignment(unit, image).map(|one| origin(one, now)).unwrap_or_default();
        format!("<dd><code>{}</code>{origin}</dd>", escaped(image))
    };
    let images: String = images(unit).iter().map(image).collect();
    if !images.is_empty() {
        let _ = write!(list, "<dt>images</dt>{images}");
    }
    list + "</dl>"
}

/// The deliveries before, newest first.
fn history(unit: &Value, now: Option<Moment>) -> String {
    let past: Vec<&Value> = past(unit).collect();
    if past.is_empty() {
        return String::new();
    }
    let mut list = String::from("<h2>History</h2><ol class=\"history\">");
    for (index, one) in past.iter().enumerate() {
        let held = if text(one, "hold").is_empty() { "" } else { " <span class=\"state held\">held</span>" };
        // A String takes whatever is written to it.
        let _ = write!(
            list,
            "<li>{}{held} <code>{}</code> {}<span class=\"subject\">{}</span>{}</li>",
            when(text(one, "deliveredAt"), now),
            escaped(short(text(one, "sourceCommit"))),
            escaped(text(one, "deliveredBy").split(" <").next().unwrap_or_default()),
            escaped(text(one, "sourceSubject")),
            tags(one, past.get(index + 1).copied()),
        );
    }
    list + "</ol>"
}

/// The deliveries before the current one.
fn past(unit: &Value) -> impl Iterator<Item = &Value> {
    let tip = text(unit, "commit");
    unit["history"].as_array().into_iter().flatten().filter(move |one| text(one, "commit") != tip)
}

fn before(unit: &Value) -> Option<&Value> {
    past(unit).next()
}

fn images(unit: &Value) -> Vec<&str> {
    unit["images"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// An image's name, and its tag or else the start of its digest.
fn named(image: &str) -> (&str, &str) {
    let (plain, digest) = image.split_once('@').unwrap_or((image, ""));
    let start = plain.rfind('/').map_or(0, |slash| slash + 1);
    match plain[start..].split_once(':') {
        Some((_, tag)) => (&plain[..plain.len() - tag.len() - 1], tag),
        None => (plain, digest.get(..19).unwrap_or(digest)),
    }
}

fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

/// A link to an https URL; the text alone for anything else.
fn link(url: &str, label: &str) -> String {
    if url.starts_with("https://") { format!("<a href=\"{}\">{label}</a>", escaped(url)) } else { label.to_owned() }
}
