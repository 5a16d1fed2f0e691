//! The board as one page that stands alone: no server, no script from elsewhere; readable without scripts at all.

use std::fmt::Write;

use super::{Row, State, age, tags};
use crate::branches;
use crate::pipeline::Moment;
use crate::record::rfc3339;

const CSS: &str = include_str!("board.css");

/// Hides the services whose row does not hold what is typed.
const SEARCH: &str = "const box=document.querySelector('input');box.hidden=false;box.addEventListener('input',()=>{const wanted=box.value.toLowerCase();\
for(const row of document.querySelectorAll('tbody tr'))row.hidden=!row.textContent.toLowerCase().includes(wanted);});";

/// Services down, environments across, each with its state, commits, images and age.
pub fn html(rows: &[Row], now: Option<Moment>) -> String {
    let mut environments: Vec<&str> = Vec::new();
    let mut services: Vec<&str> = Vec::new();
    for row in rows {
        if !environments.contains(&row.unit.environment.as_str()) {
            environments.push(&row.unit.environment);
        }
        if !services.contains(&row.unit.service.as_str()) {
            services.push(&row.unit.service);
        }
    }
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>What stands where</title>\n<style>\n{CSS}</style>\n<h1>What stands where</h1>\n\
         <input type=\"search\" aria-label=\"Search services, commits and images\" placeholder=\"Search\" hidden>\n\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Board\">\n<table>\n<thead><tr><th scope=\"col\">service</th>"
    );
    for environment in &environments {
        // A String takes whatever is written to it.
        let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(environment));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for service in services {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(service));
        for environment in &environments {
            let found = rows.iter().find(|row| row.unit.service == service && row.unit.environment == *environment);
            let _ = write!(page, "<td>{}</td>", found.map_or_else(String::new, |row| cell(row, now)));
        }
        page.push_str("</tr>\n");
    }
    let _ = write!(page, "</tbody>\n</table>\n</div>\n<script>{SEARCH}</script>\n</html>\n");
    page
}

fn cell(row: &Row, now: Option<Moment>) -> String {
    let class = match row.state {
        State::Delivered => "delivered",
        State::Held => "held",
        State::Drifted => "drifted",
        State::Never => "never",
    };
    let mut text = format!("<span class=\"state {class}\">{}</span>", row.state.word());
    let Some(tip) = &row.tip else { return text };
    let source = branches::source_commit(tip).and_then(|id| id.get(..7)).unwrap_or("unknown");
    let subject = tip.record.as_ref().map_or("", |record| record.source.subject.as_str());
    // A String takes whatever is written to it.
    let _ = write!(
        text,
        " <code>{}</code><br>from <code>{source}</code> {}<br><span class=\"soft\"><time datetime=\"{}\">{}</time>, by {}</span>",
        tip.commit.short_id,
        escaped(subject),
        rfc3339(tip.commit.committer.time),
        age(tip.commit.committer.time, now),
        escaped(&tip.commit.committer.name),
    );
    if let Some(hold) = tip.record.as_ref().and_then(|record| record.hold.as_ref()) {
        let _ = write!(text, "<br><span class=\"held\">{}</span>", escaped(hold));
    }
    let images: String = tags(tip).iter().map(|image| format!("<li><code>{}</code></li>", escaped(image))).collect();
    if !images.is_empty() {
        let _ = write!(text, "<ul>{images}</ul>");
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
