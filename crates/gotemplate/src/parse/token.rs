//! The tokens of a template.

use std::borrow::Cow;

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

/// A token: its kind, where it begins in the source, its text (for an error: the message), and its line.
#[derive(Clone, Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) at: usize,
    pub(crate) text: Cow<'s, [u8]>,
    /// The line, from 1; 0 before the first token.
    pub(crate) line: usize,
}

impl<'s> Token<'s> {
    /// The token before the first one.
    pub(crate) fn none() -> Token<'s> {
        Token { kind: TokenKind::Error, at: 0, text: Cow::Borrowed(b""), line: 0 }
    }

    /// Returns the token's text in the source; nothing for an error.
    pub(crate) fn in_source(&self) -> &'s [u8] {
        match self.text {
            Cow::Borrowed(text) => text,
            Cow::Owned(_) => b"",
        }
    }

    /// Returns how messages show the token.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.text);
        match self.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Error => text.into_owned(),
            kind if kind > TokenKind::Keyword => format!("<{text}>"),
            _ if self.text.len() > 10 => {
                let head: usize = chars(&self.text).take(10).map(|(_, length)| length).sum();
                format!("{}...", quote(&self.text[..head]))
            }
            _ => quote(&self.text),
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
