//! `--set` and its kin.
//!
//! Source of the grammar: `helm pkg/strvals`.

use gotemplate::{List, Map, Value};

use super::error::HelmError;
use crate::template_functions::json;

/// Whether values are given types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Typing {
    /// `1`, `true` and `null` are not strings.
    Typed,
    /// All are strings.
    Strings,
}

/// The largest index of a list.
const LARGEST_INDEX: i64 = 65_536;
/// The maximum depth of nested names (helm's `MaxNestedNameLevel`).
const DEEPEST: usize = 30;

/// One step to a value.
enum Step {
    Key(String),
    Index(usize),
}

/// Sets `a.b=1,c[0]={x,y}`.
pub(super) fn set(target: &Map, text: &str, typing: Typing) -> Result<(), HelmError> {
    let flag = if typing == Typing::Typed { "--set" } else { "--set-string" };
    let mut parser = Parser { rest: text.chars().collect(), at: 0, typing };
    parser.run(target).map_err(|error| HelmError::new(format!("failed parsing {flag} data: {error}")))
}

/// Sets `a.b=TEXT`, where TEXT is all that follows.
pub(super) fn set_literal(target: &Map, text: &str) -> Result<(), HelmError> {
    let failed = |error: String| HelmError::new(format!("failed parsing --set-literal data: {error}"));
    let Some((path, value)) = text.split_once('=') else {
        return Err(failed(format!("key {text:?} has no value")));
    };
    if path.contains('[') {
        return Err(HelmError::unsupported("an index in --set-literal"));
    }
    let steps: Vec<Step> = path.split('.').map(|key| Step::Key(key.to_owned())).collect();
    put(target, &steps, Value::from(value)).map_err(failed)
}

/// Sets `key=JSON`, or a whole object.
pub(super) fn set_json(target: &Map, text: &str) -> Result<(), HelmError> {
    let failed = || HelmError::new(format!("failed parsing --set-json data {text}"));
    if text.trim_start().starts_with('{') {
        match json::parse(text.as_bytes()) {
            Ok(Value::Map(map)) => {
                super::maps::merge(target, &map);
                return Ok(());
            }
            _ => return Err(failed()),
        }
    }
    let Some((path, value)) = text.split_once('=') else { return Err(failed()) };
    if path.contains(['[', '\\', ',']) {
        return Err(HelmError::unsupported("this form of --set-json"));
    }
    let steps: Vec<Step> = path.split('.').map(|key| Step::Key(key.to_owned())).collect();
    let value = if value.is_empty() { Value::Nil } else { json::parse(value.as_bytes()).map_err(|_| failed())? };
    put(target, &steps, value).map_err(|_| failed())
}

struct Parser {
    rest: Vec<char>,
    at: usize,
    typing: Typing,
}

/// The character that ended a run; `None` at the end of the text.
type Stop = Option<char>;

impl Parser {
    fn run(&mut self, target: &Map) -> Result<(), String> {
        while self.at < self.rest.len() {
            self.assignment(target)?;
        }
        Ok(())
    }

    /// Reads up to one of the stop characters, which is taken as well. A backslash makes the next character literal.
    fn until(&mut self, stops: &[char]) -> (String, Stop) {
        let mut text = String::new();
        while let Some(&c) = self.rest.get(self.at) {
            self.at += 1;
            match c {
                c if stops.contains(&c) => return (text, Some(c)),
                '\\' => {
                    if let Some(&next) = self.rest.get(self.at) {
                        text.push(next);
                        self.at += 1;
                    }
                }
                c => text.push(c),
            }
        }
        (text, None)
    }

    fn assignment(&mut self, target: &Map) -> Result<(), String> {
        let mut steps = Vec::new();
        loop {
            let (key, stop) = self.until(&['=', '[', ',', '.']);
            match stop {
                None if key.is_empty() => return Ok(()),
                None => return Err(format!("key {key:?} has no value")),
                Some(',') => return Err(format!("key {key:?} has no value (cannot end with ,)")),
                Some('.') => {
                    steps.push(Step::Key(key));
                    if steps.len() > DEEPEST {
                        return Err(format!(
                            "value name nested level is greater than maximum supported nested level of {DEEPEST}"
                        ));
                    }
                    continue;
                }
                Some('[') => {
                    steps.push(Step::Key(key));
                    if !self.indexes(&mut steps)? {
                        continue;
                    }
                }
                Some(_) => steps.push(Step::Key(key)),
            }
            let value = self.value()?;
            // An empty name sets nothing.
            if steps.iter().any(|step| matches!(step, Step::Key(key) if key.is_empty())) {
                return match steps.first() {
                    Some(Step::Key(first)) if !first.is_empty() => Err(format!("key map {first:?} has no value")),
                    _ => Ok(()),
                };
            }
            return put(target, &steps, value);
        }
    }

    /// Reads `0]`, `0][1]`; returns whether the value follows.
    fn indexes(&mut self, steps: &mut Vec<Step>) -> Result<bool, String> {
        loop {
            let (text, stop) = self.until(&[']']);
            if stop.is_none() {
                return Err("error parsing index: EOF".to_owned());
            }
            let index: i64 = text
                .parse()
                .map_err(|_| format!("error parsing index: strconv.Atoi: parsing {text:?}: invalid syntax"))?;
            if index < 0 {
                return Err(format!("negative {index} index not allowed"));
            }
            if index > LARGEST_INDEX {
                return Err(format!("index of {index} is greater than maximum supported index of {LARGEST_INDEX}"));
            }
            steps.push(Step::Index(usize::try_from(index).unwrap_or_default()));
            let (text, stop) = self.until(&['[', '.', '=']);
            if !text.is_empty() {
                return Err(format!("unexpected data at end of array index: [{text:?}]").replace('"', "'"));
            }
            match stop {
                Some('[') => {}
                Some('.') => return Ok(false),
                Some(_) => return Ok(true),
                None => return Err(format!("key {:?} has no value", "")),
            }
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.rest.get(self.at) != Some(&'{') {
            let (text, _) = self.until(&[',']);
            return Ok(self.typed(text));
        }
        self.at += 1;
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            items.push(self.typed(text));
            match stop {
                Some('}') => break,
                Some(_) => {}
                None => return Err("list must terminate with '}'".to_owned()),
            }
        }
        if self.rest.get(self.at) == Some(&',') {
            self.at += 1;
        }
        Ok(Value::List(List::from_iter(items)))
    }

    fn typed(&self, text: String) -> Value {
        if self.typing == Typing::Strings {
            return text.into();
        }
        match text.to_ascii_lowercase().as_str() {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            "null" => return Value::Nil,
            "0" => return Value::int64(0),
            _ => {}
        }
        // A leading zero makes a string, so that it is not lost.
        match text.parse::<i64>() {
            Ok(number) if !text.starts_with('0') => Value::int64(number),
            _ => text.into(),
        }
    }
}

/// Puts a value at a path. A value of another type on the path is replaced; a scalar is an error.
fn put(target: &Map, steps: &[Step], value: Value) -> Result<(), String> {
    let [Step::Key(key), rest @ ..] = steps else { return Ok(()) };
    let present = target.get(key.as_bytes());
    let value = placed(present, rest, value)?;
    target.insert(key.as_str(), value);
    Ok(())
}

fn placed(present: Option<Value>, steps: &[Step], value: Value) -> Result<Value, String> {
    match steps.first() {
        None => Ok(value),
        Some(Step::Key(_)) => {
            let map = match present {
                Some(Value::Map(map)) => map,
                None | Some(Value::Nil | Value::List(_)) => Map::default(),
                Some(other) => {
                    let found = other.type_name();
                    return Err(format!(
                        "unable to parse key: interface conversion: interface {{}} is {found}, not map[string]interface {{}}"
                    ));
                }
            };
            put(&map, steps, value)?;
            Ok(map.into())
        }
        Some(Step::Index(index)) => {
            let mut items = match present {
                Some(Value::List(list)) => list.to_vec(),
                _ => Vec::new(),
            };
            if items.len() <= *index {
                items.resize(index + 1, Value::Nil);
            }
            let present = match &items[*index] {
                Value::Map(map) => Some(Value::Map(map.clone())),
                Value::List(list) => Some(Value::List(list.clone())),
                _ => None,
            };
            items[*index] = placed(present, &steps[1..], value)?;
            Ok(items.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Result<String, String> {
        let target = Map::default();
        set(&target, text, Typing::Typed).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(json::encode(&target.into(), json::Style::COMPACT).unwrap()).unwrap())
    }

    #[test]
    fn flags_are_read_as_helm_reads_them() {
        let table = [
            ("a=1,b=-1,c=01,d=1.5,e=TRUE,f=null,g=", r#"{"a":1,"b":-1,"c":"01","d":"1.5","e":true,"f":null,"g":""}"#),
            (r"a=x\,y,a\.b=1", r#"{"a":"x,y","a.b":1}"#),
            ("a={1,x,null},b={}", r#"{"a":[1,"x",null],"b":[""]}"#),
            ("a[1]=x,b[0][1]=2,c[0].d=1", r#"{"a":[null,"x"],"b":[[null,2]],"c":[{"d":1}]}"#),
            ("a.b=1,a=2", r#"{"a":2}"#),
        ];
        for (text, expected) in table {
            assert_eq!(after(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(after("a").unwrap_err(), "failed parsing --set data: key \"a\" has no value");
        assert_eq!(after("a={1").unwrap_err(), "failed parsing --set data: list must terminate with '}'");
    }
}
