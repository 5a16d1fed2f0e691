//! Templates as argument values.

use delivery::config::Template;

/// Parses a template such as `{service}/{environment}`.
///
/// # Errors
/// The reason why the text is not a template, for clap to print.
pub(crate) fn template(text: &str) -> Result<Template, String> {
    Template::try_from(text.to_owned())
}
