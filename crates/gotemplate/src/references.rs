//! What a template refers to at a location: in the action that contains it, and in the conditions that enclose it.

use crate::ast::{Node, OperandKind, Pipe, Tree};
use crate::value::Reference;

/// Returns the fields and texts that enclose the node at an offset of the template's text, the nearest first. Variables are followed to the
/// pipelines that set them.
pub(crate) fn enclosing(tree: &Tree, offset: usize) -> Vec<Reference> {
    let mut search = Search { offset, enclosing: Vec::new(), assignments: Vec::new() };
    search.nodes(&tree.root, usize::MAX);
    let mut collector = Collector { assignments: &search.assignments, references: Vec::new(), followed: Vec::new() };
    search.enclosing.iter().rev().for_each(|pipe| collector.pipe(pipe));
    collector.references
}

/// Searches the pipelines that contain an offset, or whose bodies do.
struct Search<'t> {
    offset: usize,
    /// Outermost first.
    enclosing: Vec<&'t Pipe>,
    /// Every pipeline that sets a variable.
    assignments: Vec<&'t Pipe>,
}

impl<'t> Search<'t> {
    /// `end` is where the node after these begins.
    fn nodes(&mut self, nodes: &'t [Node], end: usize) {
        for (index, node) in nodes.iter().enumerate() {
            let next = nodes[index + 1..].iter().find_map(start_of).unwrap_or(end);
            match node {
                Node::Action(pipe) => self.pipe(pipe, next),
                Node::Template(call) => {
                    if let Some(pipe) = &call.pipe {
                        self.pipe(pipe, next);
                    }
                    if (call.at..next).contains(&self.offset)
                        && let Some(pipe) = &call.pipe
                        && !self.enclosing.iter().any(|known| std::ptr::eq(*known, pipe))
                    {
                        self.enclosing.push(pipe);
                    }
                }
                Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                    self.pipe(&branch.pipe, next);
                    crate::stack::grow(|| {
                        self.nodes(&branch.body, next);
                        self.nodes(branch.otherwise.as_deref().unwrap_or_default(), next);
                    });
                }
                Node::Text(_) | Node::Break | Node::Continue => {}
            }
        }
    }

    fn pipe(&mut self, pipe: &'t Pipe, next: usize) {
        if !pipe.variables.is_empty() {
            self.assignments.push(pipe);
        }
        if (pipe.at..next).contains(&self.offset) {
            self.enclosing.push(pipe);
        }
    }
}

/// Returns where a node begins; `None` if it has no place of its own.
fn start_of(node: &Node) -> Option<usize> {
    match node {
        Node::Text(range) => Some(range.start),
        Node::Action(pipe) => Some(pipe.at),
        Node::If(branch) | Node::With(branch) | Node::Range(branch) => Some(branch.pipe.at),
        Node::Template(call) => Some(call.at),
        Node::Break | Node::Continue => None,
    }
}

struct Collector<'t> {
    assignments: &'t [&'t Pipe],
    references: Vec<Reference>,
    followed: Vec<&'t [u8]>,
}

impl<'t> Collector<'t> {
    fn pipe(&mut self, pipe: &'t Pipe) {
        let operands = pipe.commands.iter().flat_map(|command| &command.operands);
        crate::stack::grow(|| operands.for_each(|operand| self.operand(&operand.kind, operand)));
    }

    fn operand(&mut self, kind: &'t OperandKind, shown: &dyn std::fmt::Display) {
        match kind {
            OperandKind::Field(_) => self.add(Reference::Field(shown.to_string())),
            OperandKind::Variable(name, fields) => {
                if !fields.is_empty() {
                    self.add(Reference::Field(shown.to_string()));
                }
                self.follow(name);
            }
            OperandKind::Chain(inner, _) => crate::stack::grow(|| self.operand(&inner.kind, inner)),
            OperandKind::Pipe(pipe) => self.pipe(pipe),
            OperandKind::String { text, .. } => self.add(Reference::Text(text.to_text().into_owned())),
            OperandKind::Dot
            | OperandKind::Nil
            | OperandKind::Bool(_)
            | OperandKind::Number(_)
            | OperandKind::Identifier(_) => {}
        }
    }

    /// Adds what the pipelines refer to that set a variable.
    fn follow(&mut self, name: &'t [u8]) {
        if name == b"$" || self.followed.contains(&name) {
            return;
        }
        self.followed.push(name);
        let setting: Vec<&Pipe> = self.assignments.iter().copied().filter(|pipe| sets(pipe, name)).collect();
        setting.into_iter().for_each(|pipe| self.pipe(pipe));
    }

    fn add(&mut self, reference: Reference) {
        if !self.references.contains(&reference) {
            self.references.push(reference);
        }
    }
}

fn sets(pipe: &Pipe, name: &[u8]) -> bool {
    pipe.variables.iter().any(|variable| variable.as_bytes() == name)
}
