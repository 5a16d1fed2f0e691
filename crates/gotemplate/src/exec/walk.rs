//! Nodes: text, actions and control structures.

use super::frame::{At, Frame};
use super::{Executor, Failure};
use crate::allowance;
use crate::ast::{Branch, Call, Node};
use crate::format::print_value;
use crate::value::{Map, TypedValue, Value};

/// How many bytes of values are made while a step is executed.
const MADE_A_STEP: u64 = 32;

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Normal,
    Break,
    Continue,
}

impl<'s> Executor<'s> {
    pub(super) fn walk(&mut self, frame: &mut Frame<'s>, dot: &TypedValue, nodes: &'s [Node]) -> Result<Flow, Failure> {
        for node in nodes {
            self.step(frame)?;
            let flow = match node {
                Node::Text(range) => {
                    self.out.extend_from_slice(&frame.tree.source.text[range.clone()]);
                    self.check_output(frame)?;
                    Flow::Normal
                }
                Node::Action(pipe) => {
                    let value = self.pipeline(frame, dot, pipe)?;
                    if pipe.variables.is_empty() {
                        frame.at = At::Action(pipe);
                        self.print(frame, &value, pipe.is_call())?;
                    }
                    Flow::Normal
                }
                Node::If(branch) => crate::stack::grow(|| self.condition(frame, dot, branch, false))?,
                Node::With(branch) => crate::stack::grow(|| self.condition(frame, dot, branch, true))?,
                Node::Range(branch) => crate::stack::grow(|| self.range(frame, dot, branch))?,
                Node::Template(call) => {
                    crate::stack::grow(|| self.template(frame, dot, call))?;
                    Flow::Normal
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Normal {
                return Ok(flow);
            }
        }
        Ok(Flow::Normal)
    }

    pub(super) fn step(&mut self, frame: &Frame<'_>) -> Result<(), Failure> {
        self.steps += 1 + allowance::counted_work() / MADE_A_STEP;
        if self.steps > self.limits.steps {
            return Err(frame.error(format!("execution exceeds the limit of {} steps", self.limits.steps)));
        }
        if allowance::is_used_up() {
            return Err(frame.error(format!("values exceed the limit of {} bytes", self.limits.values)));
        }
        Ok(())
    }

    fn check_output(&self, frame: &Frame<'_>) -> Result<(), Failure> {
        if self.written + self.out.len() > self.limits.output {
            return Err(frame.error(format!("output exceeds the limit of {} bytes", self.limits.output)));
        }
        Ok(())
    }

    fn print(&mut self, frame: &Frame<'_>, value: &TypedValue, is_result: bool) -> Result<(), Failure> {
        match &value.value {
            Value::String(text) => self.out.extend_from_slice(text),
            Value::Nil => self.out.extend_from_slice(b"<no value>"),
            Value::Function(_) => {
                let shown = match frame.at {
                    At::Action(pipe) => format!("{{{{{pipe}}}}}"),
                    _ => String::new(),
                };
                return Err(frame.error(format!("can't print {shown} of type {}", value.type_name())));
            }
            Value::Object(object) if !is_result => match object.display_addressable() {
                Some(text) => self.out.extend_from_slice(text.as_bytes()),
                None => print_value(&mut self.out, &value.value),
            },
            other => print_value(&mut self.out, other),
        }
        self.check_output(frame)
    }

    fn condition(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        branch: &'s Branch,
        with: bool,
    ) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let value = self.pipeline(frame, dot, &branch.pipe)?;
        let flow = if value.value.is_true() {
            self.walk(frame, if with { &value } else { dot }, &branch.body)?
        } else {
            self.otherwise(frame, dot, branch)?
        };
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn otherwise(&mut self, frame: &mut Frame<'s>, dot: &TypedValue, branch: &'s Branch) -> Result<Flow, Failure> {
        match &branch.otherwise {
            Some(nodes) => self.walk(frame, dot, nodes),
            None => Ok(Flow::Normal),
        }
    }

    fn template(&mut self, frame: &mut Frame<'s>, dot: &TypedValue, call: &'s Call) -> Result<(), Failure> {
        frame.at = At::Call(call);
        let name = call.name.to_text();
        let Some(tree) = self.scope.tree(&name) else {
            return Err(frame.error(format!("template {} not defined", crate::strconv::quote(&call.name))));
        };
        if self.depth > self.limits.depth {
            return Err(frame.error(format!("exceeded maximum template depth ({})", self.limits.depth)));
        }
        let data = match &call.pipe {
            Some(pipe) => self.pipeline(frame, dot, pipe)?,
            None => TypedValue::plain(Value::Nil),
        };
        frame.at = At::Call(call);
        self.run(tree, &data, Some(frame))
    }

    fn range(&mut self, frame: &mut Frame<'s>, dot: &TypedValue, branch: &'s Branch) -> Result<Flow, Failure> {
        let mark = self.variables.len();
        let value = self.pipeline(frame, dot, &branch.pipe)?;
        let integers = self.scope.own.integer_ranges();
        let ran = match &value.value {
            Value::Nil => false,
            Value::Int(count, of) if integers => {
                self.check_single(frame, branch, &value.value)?;
                let items = (0..*count).map(|index| TypedValue::plain(Value::Int(index, of)));
                self.iterate(frame, branch, items.map(|item| (None, item)))?
            }
            Value::Uint(count, of) if integers => {
                self.check_single(frame, branch, &value.value)?;
                let items = (0..*count).map(|index| TypedValue::plain(Value::Uint(index, of)));
                self.iterate(frame, branch, items.map(|item| (None, item)))?
            }
            Value::List(list) => {
                let declared = list.type_of().element;
                let items = list.iter().map(|item| TypedValue::element(item.clone(), declared));
                let indexes = (0_usize..).map(|index| Some(Value::from(index)));
                self.iterate(frame, branch, indexes.zip(items))?
            }
            Value::Bytes(bytes) => {
                let items = bytes.iter().map(|byte| Value::Uint(u64::from(*byte), &crate::value::types::UINT8));
                let indexes = (0_usize..).map(|index| Some(Value::from(index)));
                self.iterate(frame, branch, indexes.zip(items.map(TypedValue::plain)))?
            }
            Value::Map(map) => self.iterate(frame, branch, entries(map))?,
            other => return Err(frame.error(format!("range can't iterate over {other}"))),
        };
        if !ran {
            // `break` and `continue` of the else part belong to an outer loop.
            let flow = self.otherwise(frame, dot, branch)?;
            self.variables.truncate(mark);
            return Ok(flow);
        }
        self.variables.truncate(mark);
        Ok(Flow::Normal)
    }

    fn check_single(&self, frame: &Frame<'_>, branch: &Branch, value: &Value) -> Result<(), Failure> {
        if branch.pipe.variables.len() > 1 {
            return Err(frame.error(format!("can't use {value} to iterate over more than one variable")));
        }
        Ok(())
    }

    /// Runs the body for every item; returns whether there was one.
    fn iterate(
        &mut self,
        frame: &mut Frame<'s>,
        branch: &'s Branch,
        items: impl Iterator<Item = (Option<Value>, TypedValue)>,
    ) -> Result<bool, Failure> {
        let mark = self.variables.len();
        let mut ran = false;
        for (index, item) in items {
            ran = true;
            self.step(frame)?;
            self.set_loop_variables(frame, branch, index, &item)?;
            let flow = self.walk(frame, &item, &branch.body)?;
            self.variables.truncate(mark);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    fn set_loop_variables(
        &mut self,
        frame: &Frame<'_>,
        branch: &'s Branch,
        index: Option<Value>,
        item: &TypedValue,
    ) -> Result<(), Failure> {
        let index = || TypedValue::plain(index.unwrap_or_default());
        let top = self.variables.len();
        match &branch.pipe.variables[..] {
            [] => {}
            [name] if branch.pipe.assigns => self.assign(frame, name, item.clone())?,
            [_] => self.variables[top - 1].1 = item.clone(),
            [first, second, ..] if branch.pipe.assigns => {
                self.assign(frame, first, index())?;
                self.assign(frame, second, item.clone())?;
            }
            [..] => {
                self.variables[top - 1].1 = item.clone();
                self.variables[top - 2].1 = index();
            }
        }
        Ok(())
    }
}

/// Returns a map's entries as they are now: the body may change the map.
fn entries(map: &Map) -> impl Iterator<Item = (Option<Value>, TypedValue)> + use<> {
    let declared = map.type_of().element;
    let entries = map.entries().into_iter();
    entries.map(move |(key, value)| (Some(Value::String(key)), TypedValue::element(value, declared)))
}
