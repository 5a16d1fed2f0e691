//! The executor.

mod arguments;
mod call;
mod evaluate;
mod frame;
mod walk;

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::allowance;
use crate::ast::Tree;
use crate::error::{Error, ExecError};
use crate::templates::{Limits, MissingKey, Templates, Usage};
use crate::text::Str;
use crate::value::{CallReferences, CallSite, Context, TypedValue, Value};
use frame::{CallPlace, Frame};

/// The most bytes that an output has room for before it is written.
const LARGEST_ROOM: usize = 64 << 10;

type Failure = Box<ExecError>;

/// The texts that were executed as templates, by name and content.
type ParsedTexts = Rc<RefCell<FxHashMap<(String, Str), Arc<Templates>>>>;

/// The templates that can be called: a set's own, before those of the enclosing set.
struct Scope<'s> {
    own: &'s Templates,
    outer: Option<&'s Scope<'s>>,
}

impl<'s> Scope<'s> {
    /// Returns the tree of that name. An empty definition does not hide one of an outer set.
    fn tree(&self, name: &str) -> Option<&'s Tree> {
        let own = self.own.tree(name);
        match (own, self.outer) {
            (Some(tree), _) if !tree.empty => Some(tree),
            (own, Some(outer)) => outer.tree(name).or(own),
            (own, None) => own,
        }
    }
}

/// A running execution.
struct Executor<'s> {
    scope: &'s Scope<'s>,
    state: &'s dyn Any,
    limits: Limits,
    missing_key: MissingKey,
    parsed: ParsedTexts,
    out: Vec<u8>,
    variables: Vec<(Str, TypedValue)>,
    /// The first variable of the template that runs, which is `$`.
    base: usize,
    /// How many templates are running inside each other.
    depth: usize,
    /// How many executions are running inside each other that functions started.
    nested: usize,
    steps: u64,
    /// The bytes of outer outputs, which count against the limit, too.
    written: usize,
    /// The function call that runs, or the last one.
    call: Option<CallPlace<'s>>,
    /// The calls that the running templates were called by, outermost first.
    callers: Vec<CallPlace<'s>>,
    /// The execution that called [`Context::execute_text`].
    outer: Option<&'s dyn Callers>,
}

/// An execution that other ones run inside of.
trait Callers {
    /// Passes on the calls that are running, outermost first.
    fn add_calls(&self, add: &mut dyn FnMut(&CallPlace<'_>));
}

impl<'s> Executor<'s> {
    fn new(scope: &'s Scope<'s>, state: &'s dyn Any) -> Executor<'s> {
        Executor {
            scope,
            state,
            limits: scope.own.limits(),
            missing_key: scope.own.missing_key(),
            parsed: Rc::default(),
            out: Vec::new(),
            variables: Vec::new(),
            base: 0,
            depth: 0,
            nested: 0,
            steps: 0,
            written: 0,
            call: None,
            callers: Vec::new(),
            outer: None,
        }
    }

    /// Returns the parsed text, from an earlier execution of it if there was one.
    fn parsed(&self, name: &str, text: &[u8]) -> Result<Arc<Templates>, Error> {
        let key = (name.to_owned(), Str::from(text));
        if let Some(templates) = self.parsed.borrow().get(&key) {
            return Ok(templates.clone());
        }
        let mut templates = self.scope.own.sibling(name);
        templates.parse(name, key.1.clone())?;
        let templates = Arc::new(templates);
        self.parsed.borrow_mut().insert(key, templates.clone());
        Ok(templates)
    }

    /// Runs a template with its own variables. `caller` is the place of a `{{template}}` action.
    fn run(&mut self, tree: &'s Tree, data: &TypedValue, caller: Option<&Frame<'s>>) -> Result<(), Failure> {
        let mut frame = Frame::new(tree);
        let calls = self.callers.len();
        if let Some(place) = caller.map_or(self.call, |caller| Some(CallPlace::of(caller, caller.at))) {
            self.callers.push(place);
        }
        let base = std::mem::replace(&mut self.base, self.variables.len());
        self.variables.push((tree.source.root.clone(), data.clone()));
        self.depth += 1;
        let result = if self.depth > self.limits.depth + 1 {
            let message = format!("exceeded maximum template depth ({})", self.limits.depth);
            Err(caller.unwrap_or(&frame).error(message))
        } else {
            self.walk(&mut frame, data, &tree.root).map(|_| ())
        };
        self.depth -= 1;
        self.callers.truncate(calls);
        self.variables.truncate(self.base);
        self.base = base;
        result
    }

    /// Runs a template and returns its output.
    fn output_of(&mut self, tree: &'s Tree, data: Value) -> Result<Vec<u8>, Error> {
        if self.nested > self.limits.nested {
            let message =
                format!("functions execute templates more than {} deep inside each other", self.limits.nested);
            return Err(Error::Exec(Frame::new(tree).error(message)));
        }
        // The output of a whole file is mostly as long as its text.
        let room = if self.nested == 0 { tree.source.text.len().min(LARGEST_ROOM) } else { 0 };
        let outer = std::mem::replace(&mut self.out, Vec::with_capacity(room));
        self.written += outer.len();
        self.nested += 1;
        let result = crate::stack::grow(|| self.run(tree, &TypedValue::plain(data), None));
        self.nested -= 1;
        self.written -= outer.len();
        let output = std::mem::replace(&mut self.out, outer);
        result.map(|()| output).map_err(Error::Exec)
    }
}

impl Context for Executor<'_> {
    fn state(&self) -> &dyn Any {
        self.state
    }

    fn data(&self) -> Value {
        self.variables.get(self.base).map(|(_, data)| data.value.clone()).unwrap_or_default()
    }

    fn has_template(&self, name: &str) -> bool {
        self.scope.tree(name).is_some()
    }

    fn execute(&mut self, name: &str, data: Value) -> Result<Vec<u8>, Error> {
        let Some(tree) = self.scope.tree(name) else {
            return Err(Error::NotDefined { name: name.to_owned(), set: self.scope.own.name().to_owned() });
        };
        self.output_of(tree, data)
    }

    fn execute_text(&mut self, name: &str, text: &[u8], data: Value) -> Result<Vec<u8>, Error> {
        let templates = self.parsed(name, text)?;
        let scope = Scope { own: &templates, outer: Some(self.scope) };
        let outer: &Self = self;
        let mut inner = Executor {
            parsed: outer.parsed.clone(),
            limits: outer.limits,
            missing_key: outer.missing_key,
            depth: outer.depth,
            nested: outer.nested,
            steps: outer.steps,
            written: outer.written + outer.out.len(),
            outer: Some(outer),
            ..Executor::new(&scope, outer.state)
        };
        // An empty text is executed itself: it does not replace a template of its name in an outer set.
        let output = match templates.tree(name) {
            Some(tree) if tree.empty => inner.output_of(tree, data),
            _ => inner.execute(name, data),
        };
        let steps = inner.steps;
        self.steps = steps;
        output
    }

    fn charge(&mut self, steps: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            return Err(format!("execution exceeds the limit of {} steps", self.limits.steps));
        }
        Ok(())
    }

    fn output_limit(&self) -> usize {
        self.limits.output
    }

    fn calls(&self) -> Vec<CallSite> {
        let mut sites = Vec::new();
        self.add_calls(&mut |place| sites.push(place.site()));
        sites
    }

    fn references(&self) -> Vec<CallReferences> {
        let mut all = Vec::new();
        self.add_calls(&mut |place| all.push(place.references()));
        all
    }
}

impl Callers for Executor<'_> {
    fn add_calls(&self, add: &mut dyn FnMut(&CallPlace<'_>)) {
        if let Some(outer) = self.outer {
            outer.add_calls(add);
        }
        self.callers.iter().chain(&self.call).for_each(add);
    }
}

/// Execution.
impl Templates {
    /// Executes a template.
    ///
    /// # Errors
    /// There is no such template, or the execution fails.
    pub fn execute(&self, name: &str, data: Value) -> Result<Vec<u8>, Error> {
        self.execute_with(name, data, &())
    }

    /// Executes a template with a state that functions reach through [`Context::state`].
    ///
    /// # Errors
    /// There is no such template, or the execution fails.
    pub fn execute_with(&self, name: &str, data: Value, state: &dyn Any) -> Result<Vec<u8>, Error> {
        self.execute_counted(name, data, state, &mut Usage::default())
    }

    /// Executes a template with what is left of the limits, and counts what it uses.
    ///
    /// # Errors
    /// There is no such template, or the execution fails.
    pub fn execute_counted(
        &self,
        name: &str,
        data: Value,
        state: &dyn Any,
        usage: &mut Usage,
    ) -> Result<Vec<u8>, Error> {
        let scope = Scope { own: self, outer: None };
        let mut executor = Executor::new(&scope, state);
        executor.steps = usage.steps;
        executor.written = usage.output;
        let allowed = self.limits().values.saturating_sub(usage.values);
        let outer = allowance::replace(allowed);
        // What was made outside of executions is not of this one.
        allowance::counted_work();
        let output = executor.execute(name, data);
        usage.steps = executor.steps;
        let used = allowed - allowance::replace(outer).min(allowed);
        usage.values = usage.values.saturating_add(used);
        usage.output += output.as_ref().map_or(0, Vec::len);
        output
    }

    /// Executes a template and returns its output as text.
    ///
    /// # Errors
    /// There is no such template, or the execution fails.
    pub fn execute_to_string(&self, name: &str, data: Value) -> Result<String, Error> {
        let output = self.execute(name, data)?;
        Ok(String::from_utf8(output).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}
