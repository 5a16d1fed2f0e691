//! Templates: parsed in helm's order, executed with a chart's objects, and their errors as helm prints them.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gotemplate::{Error, Limits, Map, MissingKey, ParseError, Templates};

use super::chart::Chart;
use super::error::HelmError;
use super::functions::{FUNCTIONS, MARKERS, without_no_value};
use super::{RenderOptions, files, objects};
use crate::template_functions::FunctionState;

/// The limits of a chart's execution, far above what published charts need.
const LIMITS: Limits = Limits { depth: 100_000, steps: 500_000_000, output: 1 << 28 };

/// The output of each template file by its path, which begins with the chart's name.
pub(super) type RenderedFiles = BTreeMap<String, Vec<u8>>;

/// Parses and executes a chart's templates.
pub(super) fn render(chart: &Chart, values: Map, options: &mut RenderOptions) -> Result<RenderedFiles, HelmError> {
    let name = &chart.metadata.name;
    let mut ordered: Vec<(String, &[u8])> =
        chart.templates.iter().map(|file| (format!("{name}/{}", file.path), &*file.bytes)).collect();
    // Deepest first, and backwards by name: of two definitions the last one counts.
    let slashes = |path: &str| path.bytes().filter(|byte| *byte == b'/').count();
    ordered.sort_by(|one, two| slashes(&two.0).cmp(&slashes(&one.0)).then_with(|| two.0.cmp(&one.0)));
    let mut templates = Templates::new("gotpl")
        .with_functions(FUNCTIONS.clone())
        .with_missing_key(MissingKey::Zero)
        .with_limits(LIMITS);
    for (path, text) in &ordered {
        templates.parse(path, text).map_err(|error| parse_error(&error))?;
    }
    let data = context(chart, values, options).copy_as(&objects::VALUES);
    let random = options.random.take().map(RefCell::new);
    let zones = options.zones.take();
    let state = FunctionState { clock: options.clock.clone(), random, zones, ..FunctionState::default() };
    let mut rendered = RenderedFiles::new();
    for (path, _) in &ordered {
        if path.rsplit('/').next().is_some_and(|base| base.starts_with('_')) {
            continue;
        }
        data.insert("Template", objects::template(path, &format!("{name}/templates")));
        let output = templates.execute_with(path, data.clone().into(), &state).map_err(|error| exec_error(&error))?;
        rendered.insert(path.clone(), without_no_value(output));
    }
    Ok(rendered)
}

/// Returns the root of a template's data.
fn context(chart: &Chart, values: Map, options: &RenderOptions) -> Map {
    [
        ("Capabilities", objects::capabilities(options)),
        ("Chart", chart.metadata.object().into()),
        ("Files", files::object(&chart.files)),
        ("Release", objects::release(options)),
        ("Subcharts", Map::default().into()),
        ("Values", values.into()),
    ]
    .into_iter()
    .collect()
}

/// Returns helm's text of a parse error: what follows the last colon and blank.
fn parse_error(error: &ParseError) -> HelmError {
    let text = error.to_string();
    let parts: Vec<&str> = text.split(": ").collect();
    let (location, message) = (parts.get(1).copied().unwrap_or_default(), parts.last().copied().unwrap_or_default());
    HelmError::rendering(format!("parse error at ({location}): {message}"))
}

/// Returns helm's text of an execution error.
fn exec_error(error: &Error) -> HelmError {
    let text = error.to_string();
    let location = text.split(": ").nth(1).unwrap_or_default();
    if let (Some(start), Some(end)) = (text.find(MARKERS.0), text.rfind(MARKERS.1)) {
        let message = text.get(start + MARKERS.0.len()..end).unwrap_or_default();
        return HelmError::rendering(format!("execution error at ({location}): {message}"));
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
            Some(inner) if inner.to_string() == cause.message() => current = inner,
            _ => {
                // An error that a function made itself.
                let own = self::block(cause.message())?;
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
