//! The tokens of a template.

use crate::strconv::quote;
use crate::text::chars;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    /// All that follow are keywords.
    Keyword,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// A token: its kind, where it begins in the source, and its text there. An error has no text; its message is [`super::lex::Lexer::message`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) at: usize,
    pub(crate) text: &'s [u8],
}

impl<'s> Token<'s> {
    /// The token before the first one.
    pub(crate) fn none() -> Token<'s> {
        Token { kind: TokenKind::Error, at: 0, text: b"" }
    }

    /// Returns how messages show a token that is not an error.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(self.text);
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            kind if kind > TokenKind::Keyword => format!("<{text}>"),
            _ if self.text.len() > 10 => {
                let head: usize = chars(self.text).take(10).map(|(_, length)| length).sum();
                format!("{}...", quote(&self.text[..head]))
            }
            _ => quote(self.text),
        }
    }
}

/// Returns the kind of a keyword.
pub(crate) fn keyword(word: &[u8]) -> Option<TokenKind> {
    Some(match word {
        b"." => TokenKind::Dot,
        b"block" => TokenKind::Block,
        b"break" => TokenKind::Break,
        b"continue" => TokenKind::Continue,
        b"define" => TokenKind::Define,
        b"else" => TokenKind::Else,
        b"end" => TokenKind::End,
        b"if" => TokenKind::If,
        b"range" => TokenKind::Range,
        b"nil" => TokenKind::Nil,
        b"template" => TokenKind::Template,
        b"with" => TokenKind::With,
        _ => return None,
    })
}
