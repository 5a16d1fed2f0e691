//! Templates: parsed in helm's order, executed with the objects of their charts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use gotemplate::{Entries, Limits, Map, MissingKey, Str, Templates, Usage, Value};
use rustc_hash::FxHashMap;

use super::active_chart::ActiveChart;
use super::chart::Chart;
use super::error::HelmError;
use super::functions::{functions, without_no_value};
use super::parsed_templates::{Parsed, Participant};
use super::semantics::Semantics;
use super::template_error;
use super::{RenderOptions, chart_object, files, objects};
use crate::repeatable::ChartSource;
use crate::template_functions::FunctionState;

/// The limits of all templates of a chart together, far above what published charts need. The depth is Go's; an `include` that calls itself
/// fails after helm's own 1,000 calls.
const LIMITS: Limits = Limits { depth: 100_000, nested: 3_000, steps: 50_000_000, output: 1 << 26, values: 400 << 20 };

/// The output of each template file by its path, which begins with the chart's name.
pub(super) type RenderedFiles = BTreeMap<String, Vec<u8>>;

/// A template file, with the data of its chart.
struct File<'c> {
    path: String,
    text: &'c Arc<[u8]>,
    base_path: String,
    data: Map,
}

/// Parses and executes the templates of a chart and its subcharts.
pub(super) fn render(
    chart: &Chart,
    active: &ActiveChart<'_>,
    values: &Map,
    options: &mut RenderOptions,
) -> Result<RenderedFiles, HelmError> {
    let shared =
        Shared { release: objects::release(options), capabilities: objects::capabilities(chart.semantics, options) };
    let values_type = objects::values_type(chart.semantics);
    let mut files = FxHashMap::default();
    shared.add(active, &values.view_as(values_type), chart.semantics, &mut files);
    let parsed = parsed(chart, active, &files)?;
    let random = options.random.take().map(RefCell::new);
    let zones = options.zones.take();
    let repeatable = options
        .repeatable
        .take()
        .map(|source| ChartSource::new(source, chart.call(&options.release, &options.namespace)));
    let state = FunctionState { clock: options.clock.clone(), random, repeatable, zones, ..FunctionState::default() };
    let mut rendered = RenderedFiles::new();
    let mut usage = Usage::default();
    for path in &parsed.order {
        let Some(file) = files.get(path) else { continue };
        file.data.insert("Template", objects::template(path, &file.base_path, chart.semantics));
        let data = file.data.view_as(values_type);
        let output = parsed
            .templates
            .execute_counted(path, data.into(), &state, &mut usage)
            .map_err(|error| template_error::execution(&error, chart.semantics))?;
        rendered.insert(path.clone(), without_no_value(output));
    }
    Ok(rendered)
}

/// The objects that all charts of a rendering share.
struct Shared {
    release: Value,
    capabilities: Value,
}

impl Shared {
    /// Adds the templates of a chart and its subcharts, and returns the chart's data.
    fn add<'c>(
        &self,
        chart: &ActiveChart<'c>,
        values: &Map,
        semantics: Semantics,
        files: &mut FxHashMap<String, File<'c>>,
    ) -> Map {
        let values_type = objects::values_type(semantics);
        let subcharts = Map::default();
        let data: Map = [
            ("Capabilities", self.capabilities.clone()),
            ("Chart", chart_object::of(chart, semantics)),
            ("Files", files::object(&chart.content.files)),
            ("Release", self.release.clone()),
            ("Subcharts", subcharts.clone().into()),
            ("Values", values.clone().into()),
        ]
        .into_iter()
        .collect();
        for subchart in &chart.subcharts {
            let own = match values.get(subchart.name.as_bytes()) {
                Some(Value::Map(own)) => own.view_as(values_type),
                _ => Map::new(values_type, Entries::default()),
            };
            let inner = self.add(subchart, &own, semantics, files);
            subcharts.insert(subchart.name.as_str(), inner.into());
        }
        for file in &chart.content.templates {
            if chart.is_library() && !is_partial(&file.path) {
                continue;
            }
            let path = format!("{}/{}", chart.path, file.path);
            let base_path = format!("{}/templates", chart.path);
            files.insert(path.clone(), File { path, text: &file.bytes, base_path, data: data.clone() });
        }
        data
    }
}

fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|base| base.starts_with('_'))
}

/// Returns the parsed templates: those of an earlier rendering if the same charts took part.
fn parsed(
    chart: &Chart,
    active: &ActiveChart<'_>,
    files: &FxHashMap<String, File<'_>>,
) -> Result<Arc<Parsed>, HelmError> {
    let mut key = Vec::new();
    add_key(active, &mut key);
    if let Some(known) = chart.parsed.get(&key) {
        return Ok(known);
    }
    let mut ordered: Vec<&File<'_>> = files.values().collect();
    // Deepest first, and backwards by name: of two definitions the last one counts.
    let slashes = |path: &str| path.bytes().filter(|byte| *byte == b'/').count();
    ordered.sort_by_cached_key(|file| std::cmp::Reverse((slashes(&file.path), file.path.clone())));
    let mut templates = Templates::new("gotpl")
        .with_functions(functions(chart.semantics))
        .with_missing_key(MissingKey::Zero)
        .with_integer_ranges(chart.semantics > Semantics::V3_17)
        .with_limits(LIMITS);
    for file in &ordered {
        templates.parse(&file.path, Str::from(file.text.clone())).map_err(|error| template_error::parsing(&error))?;
    }
    let order = ordered.iter().filter(|file| !is_partial(&file.path)).map(|file| file.path.clone()).collect();
    let parsed = Arc::new(Parsed { templates, order });
    chart.parsed.insert(key, parsed.clone());
    Ok(parsed)
}

/// Adds the path and the identity of a chart and its subcharts.
fn add_key(chart: &ActiveChart<'_>, key: &mut Vec<Participant>) {
    let content = if chart.is_root { 0 } else { std::ptr::from_ref(chart.content).addr() };
    key.push(Participant { path: chart.path.clone(), content });
    chart.subcharts.iter().for_each(|subchart| add_key(subchart, key));
}
