//! Templates as argument values.

use delivery::config::Template;

/// Parses a template such as `{service}/{environment}`.
///
/// # Errors
/// The reason why the text is not a template, for clap to print.
pub(crate) fn template(text: &str) -> Result<Template, String> {
    Template::try_from(text.to_owned())
}

/// As [`template`], for a new config, which has no captures yet.
///
/// # Errors
/// Also a placeholder that is neither `{service}` nor `{environment}`.
pub(crate) fn template_without_captures(text: &str) -> Result<Template, String> {
    let template = template(text)?;
    template.check(&[]).map_err(|unknown| unknown.to_string())?;
    Ok(template)
}
