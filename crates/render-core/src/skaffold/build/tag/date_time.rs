//! `dateTime`: the time of the run in a Go layout.
//!
//! Source of the rules: Skaffold's `pkg/skaffold/tag/date_time.go`.

use manifest::Diagnostic;

use super::tagging::Tagging;
use crate::skaffold::model::LocatedText;
use crate::time::go_layout::format;

/// Skaffold's default layout.
const LAYOUT: &str = "2006-01-02_15-04-05.999_MST";

/// Returns the time in the layout and zone.
///
/// # Errors
/// An unknown zone.
pub(super) fn tag(tagging: &Tagging<'_>, layout: &LocatedText, zone: &LocatedText) -> Result<String, Diagnostic> {
    let zone_name = if zone.is_empty() { "Local" } else { zone.text.as_str() };
    let offset = tagging.offset(zone_name).map_err(|error| error.at(zone.at))?;
    Ok(format(if layout.is_empty() { LAYOUT } else { layout }, tagging.now, &offset))
}
