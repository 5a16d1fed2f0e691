//! Errors of templates as helm prints them.

use gotemplate::{Error, ParseError};

use super::error::HelmError;
use super::functions::MARKERS;
use super::semantics::Semantics;

/// Returns helm's text of a parse error: what follows the last colon and blank.
pub(super) fn parsing(error: &ParseError) -> HelmError {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    let (location, message) = (parts.get(1).copied().unwrap_or_default(), parts.last().copied().unwrap_or_default());
    HelmError::rendering(format!("parse error at ({location}): {message}"))
}

/// Returns helm's text of an execution error.
pub(super) fn execution(error: &Error, semantics: Semantics) -> HelmError {
    let text = error.to_string();
    let location = text.split(": ").nth(1).unwrap_or_default();
    if let (Some(start), Some(end)) = (text.find(MARKERS.0), text.rfind(MARKERS.1)) {
        let message = text.get(start + MARKERS.0.len()..end).unwrap_or_default();
        return HelmError::rendering(format!("execution error at ({location}): {message}"));
    }
    if semantics.is_v3() {
        return HelmError::rendering(text);
    }
    let Some(blocks) = traceable(error) else { return HelmError::rendering(text) };
    HelmError::rendering(blocks.concat().trim().to_owned())
}

/// Returns the block of each template error of the chain; `None` where some other error is in it.
fn traceable(error: &Error) -> Option<Vec<String>> {
    let mut blocks: Vec<String> = Vec::new();
    let mut current = error;
    loop {
        let block = block(&current.to_string())?;
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
        let Error::Exec(failed) = current else { return Some(blocks) };
        let Some(cause) = &failed.cause else { return Some(blocks) };
        match cause.template_error() {
            Some(inner) if cause.is_transparent() => current = inner,
            _ => {
                // An error that a function made itself.
                let own = self::block(&cause.to_string())?;
                if blocks.last() != Some(&own) {
                    blocks.push(own);
                }
                return Some(blocks);
            }
        }
    }
}

/// Returns the location, the expression and the message of a template error, a line each.
fn block(text: &str) -> Option<String> {
    let rest = text.strip_prefix("template: ")?;
    if rest.starts_with("no template ") {
        return Some(format!("{text}\n"));
    }
    let short = |message: &str| message.split(" template:").next().unwrap_or_default().to_owned();
    if let Some((location, after)) = rest.split_once(": executing \"") {
        let (name, after) = after.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        return Some(format!("{location}\n  executing \"{name}\" at <{context}>:\n    {}\n", short(message)));
    }
    let (location, message) = rest.rsplit_once(": ")?;
    Some(format!("{location}\n  {}\n", short(message)))
}
