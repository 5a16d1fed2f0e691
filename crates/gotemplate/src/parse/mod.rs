//! The parser: tokens to trees.

mod lex;
mod names;
mod number;
mod operand;
mod token;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::ast::{Branch, Call, Command, Node, Operand, Source, Tree};
use crate::error::ParseError;
use crate::functions::Functions;
use crate::strconv::{plain_literal, unquote};
use crate::text::{Str, chars};
use lex::Lexer;
use names::Names;
use token::{Token, TokenKind};

/// How deep parentheses may be nested, as in Go.
const PARENTHESES: usize = 10_000;

type Parsed<T> = Result<T, ParseError>;

/// Parses a text: its own tree comes last, definitions before it in the order of their ends.
pub(crate) fn parse(
    name: &str,
    text: Str,
    delimiters: (&str, &str),
    functions: &Functions,
) -> Result<Vec<Arc<Tree>>, ParseError> {
    let source = Arc::new(Source { name: name.to_owned(), text, root: Str::from("$") });
    let mut shared = Shared {
        lexer: Lexer::new(
            &source.text,
            (delimiters.0.as_bytes(), delimiters.1.as_bytes()),
            !functions.contains("break"),
            !functions.contains("continue"),
        ),
        names: Names::new(functions, &source.root),
        source: source.clone(),
        trees: Vec::new(),
        places: FxHashMap::default(),
        unfinished: Unfinished::default(),
    };
    let mut parser = Parser::new(&mut shared, name.to_owned());
    let root = parser.document()?;
    parser.add(root)?;
    Ok(shared.trees)
}

/// Cuts a text into tokens and returns their number, for fuzzing.
#[doc(hidden)]
#[must_use]
pub fn count_tokens(text: &[u8]) -> usize {
    let mut lexer = Lexer::new(text, (b"{{", b"}}"), true, true);
    let mut count = 0;
    while !matches!(lexer.next_token().kind, TokenKind::Eof | TokenKind::Error) {
        count += 1;
    }
    count
}

/// What the parsers of a text and of the definitions in it share.
struct Shared<'p> {
    lexer: Lexer<'p>,
    names: Names<'p>,
    source: Arc<Source>,
    trees: Vec<Arc<Tree>>,
    /// The indexes of the trees by name.
    places: FxHashMap<String, usize>,
    /// What the lists that are being read have so far, each after the list that it is part of.
    unfinished: Unfinished,
}

/// The parts of unfinished lists. A finished list is taken from the end, and its memory has the right size at once.
#[derive(Default)]
struct Unfinished {
    nodes: Vec<Node>,
    commands: Vec<Command>,
    operands: Vec<Operand>,
    fields: Vec<Str>,
}

/// The parser of one template. A definition inside a text has its own, with its own look-ahead and variables.
struct Parser<'a, 'p> {
    shared: &'a mut Shared<'p>,
    name: String,
    /// The look-ahead: the last of `peeked` tokens comes next. The first one is the newest, whose line errors show.
    tokens: [Token<'p>; 3],
    peeked: usize,
    variables: Vec<Str>,
    /// Where the action that is being read begins.
    action_at: Option<usize>,
    range_depth: usize,
    parentheses: usize,
}

/// What ends a list of nodes.
enum ListEnd {
    End,
    Else,
}

/// A node, or what ends the list.
enum Item {
    Node(Node),
    End(ListEnd),
}

impl<'a, 'p> Parser<'a, 'p> {
    fn new(shared: &'a mut Shared<'p>, name: String) -> Parser<'a, 'p> {
        let variables = vec![shared.source.root.clone()];
        Parser {
            shared,
            name,
            tokens: [Token::none(), Token::none(), Token::none()],
            peeked: 0,
            variables,
            action_at: None,
            range_depth: 0,
            parentheses: 0,
        }
    }

    fn next(&mut self) -> Token<'p> {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.shared.lexer.next_token();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    /// Puts a token back before the one that was peeked last.
    fn backup_two(&mut self, first: Token<'p>) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    fn backup_three(&mut self, first: Token<'p>, second: Token<'p>) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token<'p> {
        if self.peeked == 0 {
            self.peeked = 1;
            self.tokens[0] = self.shared.lexer.next_token();
        }
        self.tokens[self.peeked - 1]
    }

    fn next_non_space(&mut self) -> Token<'p> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'p> {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn error<T>(&self, message: impl Into<String>) -> Parsed<T> {
        let line = self.shared.lexer.line_of(self.tokens[0].at);
        Err(ParseError { name: self.shared.source.name.clone(), line, message: message.into() })
    }

    fn unexpected<T>(&self, token: &Token<'p>, context: &str) -> Parsed<T> {
        if token.kind != TokenKind::Error {
            return self.error(format!("unexpected {} in {context}", token.shown()));
        }
        let lexer = &self.shared.lexer;
        let mut message = lexer.message().to_owned();
        let started = self.action_at.map(|at| lexer.line_of(at));
        if let Some(line) = started.filter(|line| *line != lexer.line_of(token.at)) {
            let place = format!("{}:{line}", self.shared.source.name);
            message += if message.ends_with(" action") { " started at " } else { " in action started at " };
            message += &place;
        }
        self.error(message)
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parsed<Token<'p>> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    /// Reads the whole text.
    fn document(&mut self) -> Parsed<Box<[Node]>> {
        let start = self.shared.unfinished.nodes.len();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delimiter = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    Parser::new(self.shared, "definition".to_owned()).definition()?;
                    continue;
                }
                self.backup_two(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => self.shared.unfinished.nodes.push(node),
                Item::End(ListEnd::End) => return self.error("unexpected {{end}}"),
                Item::End(ListEnd::Else) => return self.error("unexpected {{else}}"),
            }
        }
        Ok(self.nodes_from(start))
    }

    /// Takes the nodes of a finished list.
    fn nodes_from(&mut self, start: usize) -> Box<[Node]> {
        self.shared.unfinished.nodes.drain(start..).collect()
    }

    fn definition(&mut self) -> Parsed<()> {
        let context = "define clause";
        let token = self.next_non_space();
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(&token, context);
        }
        let Some(name) = literal(token.text) else { return self.error("invalid syntax") };
        self.name = String::from_utf8_lossy(&name).into_owned();
        self.expect(TokenKind::RightDelim, context)?;
        let nodes = self.body_of(context)?;
        self.add(nodes)
    }

    /// Reads a body that only `end` may end.
    fn body_of(&mut self, context: &str) -> Parsed<Box<[Node]>> {
        match self.list()? {
            (nodes, ListEnd::End) => Ok(nodes),
            (_, ListEnd::Else) => self.error(format!("unexpected {{{{else}}}} in {context}")),
        }
    }

    /// Adds the finished tree. Of two with one name, an empty one is replaced.
    fn add(&mut self, root: Box<[Node]>) -> Parsed<()> {
        let source = self.shared.source.clone();
        let empty = root.iter().all(|node| is_empty(node, &source));
        let tree = Arc::new(Tree { name: self.name.clone(), source, root, empty });
        let position = self.shared.places.get(&self.name).copied();
        match position {
            None => {
                self.shared.places.insert(self.name.clone(), self.shared.trees.len());
                self.shared.trees.push(tree);
            }
            Some(index) if self.shared.trees[index].empty => self.shared.trees[index] = tree,
            Some(_) if empty => {}
            Some(_) => {
                let name = crate::strconv::quote(self.name.as_bytes());
                return self.error(format!("template: multiple definition of template {name}"));
            }
        }
        Ok(())
    }

    fn list(&mut self) -> Parsed<(Box<[Node]>, ListEnd)> {
        let start = self.shared.unfinished.nodes.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => self.shared.unfinished.nodes.push(node),
                Item::End(end) => return Ok((self.nodes_from(start), end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.at..token.at + token.text.len()))),
            TokenKind::LeftDelim => {
                self.action_at = Some(token.at);
                let item = crate::stack::grow(|| self.action());
                self.action_at = None;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break | TokenKind::Continue => self.loop_control(token.kind)?,
            TokenKind::Else => return self.otherwise(),
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Item::End(ListEnd::End));
            }
            TokenKind::If => Node::If(Box::new(self.branch("if")?)),
            TokenKind::Range => Node::Range(Box::new(self.branch("range")?)),
            TokenKind::Template => self.call()?,
            TokenKind::With => Node::With(Box::new(self.branch("with")?)),
            _ => {
                self.backup();
                Node::Action(self.pipeline("command", TokenKind::RightDelim)?)
            }
        };
        Ok(Item::Node(node))
    }

    fn otherwise(&mut self) -> Parsed<Item> {
        if !matches!(self.peek_non_space().kind, TokenKind::If | TokenKind::With) {
            self.expect(TokenKind::RightDelim, "else")?;
        }
        Ok(Item::End(ListEnd::Else))
    }

    fn loop_control(&mut self, kind: TokenKind) -> Parsed<Node> {
        let (shown, node) = match kind {
            TokenKind::Break => ("{{break}}", Node::Break),
            _ => ("{{continue}}", Node::Continue),
        };
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelim {
            return self.unexpected(&token, shown);
        }
        if self.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn branch(&mut self, context: &str) -> Parsed<Branch> {
        let scope = self.variables.len();
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        if context == "range" {
            self.range_depth += 1;
        }
        let (body, end) = self.list()?;
        if context == "range" {
            self.range_depth -= 1;
        }
        let otherwise = match end {
            ListEnd::End => None,
            ListEnd::Else => Some(self.else_body(context)?),
        };
        self.variables.truncate(scope);
        Ok(Branch { pipe, body, otherwise })
    }

    fn else_body(&mut self, context: &str) -> Parsed<Box<[Node]>> {
        let kind = self.peek().kind;
        if context == "if" && kind == TokenKind::If {
            self.next();
            let branch = crate::stack::grow(|| self.branch("if"))?;
            return Ok(Box::new([Node::If(Box::new(branch))]));
        }
        if context == "with" && kind == TokenKind::With {
            self.next();
            let branch = crate::stack::grow(|| self.branch("with"))?;
            return Ok(Box::new([Node::With(Box::new(branch))]));
        }
        match self.list()? {
            (nodes, ListEnd::End) => Ok(nodes),
            (_, ListEnd::Else) => self.error("expected end; found {{else}}"),
        }
    }

    fn block(&mut self) -> Parsed<Node> {
        let context = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        let mut inner = Parser::new(self.shared, name.to_text().into_owned());
        let nodes = match inner.list()? {
            (nodes, ListEnd::End) => nodes,
            (_, ListEnd::Else) => return self.error(format!("unexpected {{{{else}}}} in {context}")),
        };
        inner.add(nodes)?;
        Ok(Node::Template(Box::new(Call { at: token.at, name, pipe: Some(pipe) })))
    }

    fn call(&mut self) -> Parsed<Node> {
        let context = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, context)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(context, TokenKind::RightDelim)?);
        }
        Ok(Node::Template(Box::new(Call { at: token.at, name, pipe })))
    }

    fn template_name(&self, token: &Token<'p>, context: &str) -> Parsed<Str> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        match literal(token.text) {
            Some(name) => Ok(name),
            None => self.error("invalid syntax"),
        }
    }
}

/// Returns the text of a string literal; `None` if it is invalid.
fn literal(written: &[u8]) -> Option<Str> {
    match plain_literal(written) {
        Some(text) => Some(Str::from(text)),
        None => unquote(written).map(Str::from),
    }
}

fn is_empty(node: &Node, source: &Source) -> bool {
    match node {
        Node::Text(range) => chars(&source.text[range.clone()]).all(|(c, _)| c.is_whitespace()),
        _ => false,
    }
}
