//! Checks the values of charts by their schemas.

use gotemplate::{Map, Value};
use serde_json::Value as Json;

use super::active_chart::ActiveChart;
use super::error::HelmError;
use super::schema::{Schema, Uncompiled};
use super::semantics::Semantics;
use super::{log, schema_cost, schema_error};

/// Checks the values of a chart and its subcharts.
///
/// # Errors
/// helm's text of all violations.
pub(super) fn validate(
    chart: &ActiveChart<'_>,
    values: &Map,
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<(), HelmError> {
    if !has_schema(chart) {
        return Ok(());
    }
    let mut checker = Checker { semantics, warnings, text: String::new() };
    checker.chart(chart, &json_of(&Value::Map(values.clone())))?;
    if checker.text.is_empty() {
        return Ok(());
    }
    Err(HelmError::new(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
        checker.text
    )))
}

fn has_schema(chart: &ActiveChart<'_>) -> bool {
    chart.content.schema.is_some() || chart.subcharts.iter().any(has_schema)
}

struct Checker<'w> {
    semantics: Semantics,
    warnings: &'w mut Vec<String>,
    text: String,
}

impl Checker<'_> {
    fn chart(&mut self, chart: &ActiveChart<'_>, values: &Json) -> Result<(), HelmError> {
        if let Some(schema) = &chart.content.schema {
            self.schema(&chart.name, schema, values)?;
        }
        for subchart in &chart.subcharts {
            match values.get(&subchart.name) {
                None | Some(Json::Null) => {}
                Some(inner @ Json::Object(_)) => self.chart(subchart, inner)?,
                Some(other) => self.text.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {}\n",
                    subchart.name,
                    go_type(other)
                )),
            }
        }
        Ok(())
    }

    fn schema(&mut self, name: &str, schema: &Schema, values: &Json) -> Result<(), HelmError> {
        match schema.compiled() {
            Err(Uncompiled::Reference(url)) => {
                return Err(HelmError::new(format!(
                    "cannot resolve \"{url}\" in values.schema.json of chart {name}: schemas are not downloaded; set --skip-schema-validation to render without the schema"
                )));
            }
            Err(Uncompiled::Invalid(message)) => self.text.push_str(&format!("{name}:\n{message}")),
            Ok(compiled) => {
                for urn in &compiled.unresolved {
                    self.warnings.push(log::unresolved_urn(urn));
                }
                if !schema_cost::is_bounded(&compiled.schema, values) {
                    let most = schema_cost::MOST_APPLICATIONS;
                    return Err(HelmError::new(format!(
                        "values.schema.json of chart {name} applies more than {most} subschemas to the values; set --skip-schema-validation to render without the schema"
                    )));
                }
                if compiled.validator.is_valid(values) {
                    return Ok(());
                }
                let errors = compiled.validator.iter_errors(values);
                let text = match self.semantics {
                    Semantics::V3_17 => schema_error::flat_text(errors, &compiled.schema),
                    _ => schema_error::text(errors, &compiled.schema),
                };
                self.text.push_str(&format!("{name}:\n{text}\n"));
            }
        }
        Ok(())
    }
}

fn go_type(value: &Json) -> &'static str {
    match value {
        Json::Null => "<nil>",
        Json::Bool(_) => "bool",
        Json::Number(_) => "float64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// Returns a value for the validator: whole numbers become integers.
fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value, _) => Json::from(*value),
        Value::Uint(value, _) => Json::from(*value),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Json::from(*value as i64),
        Value::Float(value) => Json::from(*value),
        Value::String(text) => Json::String(text.to_text().into_owned()),
        Value::List(list) => Json::Array(list.iter().map(json_of).collect()),
        Value::Map(map) => {
            Json::Object(map.borrow().iter().map(|(key, value)| (key.to_text().into_owned(), json_of(value))).collect())
        }
        _ => Json::Null,
    }
}
