//! The board as one page that stands alone: no server, nothing loaded from anywhere, readable without scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use crate::host::Moment;
use crate::report::format::{age, rfc3339};

mod unit;

use unit::unit;

const CSS: &str = include_str!("board.css");
const SCRIPT: &str = include_str!("board.js");

/// The states in the order in which they are told, those that want a look first: the word in the JSON, the class.
const STATES: [(&str, &str); 4] =
    [("drifted", "drifted"), ("held", "held"), ("delivered", "delivered"), ("never delivered", "never")];

/// Services down, environments across. `units` are those of `hydrant status --format json`, in their order. What a unit does
/// not have (a pending review, a history, a branch) is not shown. Ages are counted to `now`.
///
/// Beside the fields of today, a unit may have `pending` (`url`, `number`, `title`, `sourceCommit`) and `history`, newest
/// first (`commit`, `deliveredAt`, `deliveredBy`, `sourceCommit`, `sourceSubject`, `images`).
pub fn board(units: &[Value], now: Option<Moment>) -> String {
    let made = now.map(|now| format!(", {}", when(&rfc3339(now), None))).unwrap_or_default();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>What stands where</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n\
         <header>\n<h1>What stands where</h1>\n<p class=\"tools\"><input type=\"search\" id=\"search\" \
         aria-label=\"Search services, environments, commits, people and images\" placeholder=\"Search\" hidden>\
         <span id=\"found\" role=\"status\"></span></p>\n{}</header>\n<main>\n{}\
         <p id=\"none\" hidden>Nothing here has that.</p>\n</main>\n<footer>Made by <code>hydrant status --html</code>{made}. \
         Nothing was rendered: <code>hydrant verify</code> proves, <code>hydrant diff</code> shows what a delivery would change.</footer>\n\
         <script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        summary(units, now),
        matrix(units, now),
    )
}

fn matrix(units: &[Value], now: Option<Moment>) -> String {
    let (services, environments) = (each(units, "service"), each(units, "environment"));
    let place = |one| (text(one, "service"), text(one, "environment"));
    let known: BTreeMap<(&str, &str), &Value> = units.iter().map(|one| (place(one), one)).collect();
    let mut table = format!(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Board\">\n<table style=\"--columns:{}\">\n\
         <thead><tr><th scope=\"col\">service</th>",
        environments.len()
    );
    for environment in &environments {
        // A String takes whatever is written to it.
        let _ = write!(table, "<th scope=\"col\">{}</th>", escaped(environment));
    }
    table.push_str("</tr></thead>\n<tbody>\n");
    for service in services {
        let _ = write!(table, "<tr><th scope=\"row\">{}</th>", escaped(service));
        let mut left: Option<&Value> = None;
        for environment in &environments {
            let found = known.get(&(service, environment)).copied();
            let nothing = || "<span class=\"soft\">no unit</span>".to_owned();
            let cell = found.map_or_else(nothing, |one| unit(one, left, now));
            let _ = write!(table, "<td data-environment=\"{}\">{cell}</td>", escaped(environment));
            left = found.or(left);
        }
        table.push_str("</tr>\n");
    }
    table + "</tbody>\n</table>\n</div>\n"
}

/// How many units are in which state; the script makes buttons of it.
fn summary(units: &[Value], now: Option<Moment>) -> String {
    let mut list = String::from("<ul class=\"summary\">\n");
    for (word, class) in STATES {
        let count = units.iter().filter(|unit| text(unit, "state") == word).count();
        if count > 0 {
            // A String takes whatever is written to it.
            let _ =
                writeln!(list, "<li data-state=\"{class}\"><span class=\"state {class}\">{count} {word}</span></li>");
        }
    }
    let pending = units.iter().filter(|unit| unit["pending"].is_object()).count();
    if pending > 0 {
        let _ =
            writeln!(list, "<li data-state=\"pending\"><span class=\"state pending\">{pending} in review</span></li>");
    }
    list.push_str("</ul>\n");
    let newest =
        units.iter().map(|unit| text(unit, "deliveredAt")).filter(|at| !at.is_empty()).max_by_key(|at| seconds(at));
    if let Some(newest) = newest {
        let _ = writeln!(list, "<p class=\"soft\">Last delivery {}</p>", when(newest, now));
    }
    list
}

/// The values of a field, each once, in their order.
fn each<'a>(units: &'a [Value], field: &str) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    units.iter().map(|unit| text(unit, field)).filter(|value| seen.insert(*value)).collect()
}

/// A text field; empty where it is absent.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn seconds(time: &str) -> i64 {
    OffsetDateTime::parse(time, &Rfc3339).map_or(i64::MIN, OffsetDateTime::unix_timestamp)
}

/// A time for people, in UTC, and in front of it how long ago that was.
fn when(time: &str, now: Option<Moment>) -> String {
    let Ok(parsed) = OffsetDateTime::parse(time, &Rfc3339) else { return escaped(time) };
    let utc = parsed.to_offset(time::UtcOffset::UTC);
    let absolute = utc.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default();
    match ago(time, now) {
        ago if ago.is_empty() => format!("<time datetime=\"{}\">{absolute}</time>", escaped(time)),
        ago => format!("{ago} <span class=\"soft\">({absolute})</span>"),
    }
}

/// How long ago a time was; the script brings it up to date.
fn ago(time: &str, now: Option<Moment>) -> String {
    let then = Moment { seconds: seconds(time), offset_minutes: 0 };
    let words = match age(then, now).as_str() {
        _ if then.seconds == i64::MIN => return String::new(),
        "" => return String::new(),
        "now" => "just now".to_owned(),
        age => format!("{age} ago"),
    };
    format!("<time datetime=\"{}\" data-ago>{words}</time>", escaped(time))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
