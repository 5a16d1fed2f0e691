//! A reader of Rust's tokens: enough to find paths, signatures and string literals. Comments are left out.

/// A token, or a group of tokens in brackets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// An identifier, a keyword, a number or a lifetime.
    Word(String),
    /// The value of a string literal.
    Text(String),
    /// Any other character.
    Punct(char),
    /// Tokens between `(`, `[` or `{`, which is kept, and its counterpart.
    Group(char, Vec<Token>),
}

impl Token {
    /// Whether this is the word.
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Token::Word(own) if own == word)
    }

    /// Whether this is the character.
    pub(crate) fn is_punct(&self, character: char) -> bool {
        matches!(self, Token::Punct(own) if *own == character)
    }

    /// The tokens of a group that begins with the bracket.
    pub(crate) fn group(&self, bracket: char) -> Option<&[Token]> {
        match self {
            Token::Group(own, tokens) if *own == bracket => Some(tokens),
            _ => None,
        }
    }
}

/// Returns the tokens of a file.
pub(crate) fn read(text: &str) -> Vec<Token> {
    let characters: Vec<char> = text.chars().collect();
    let mut reader = Reader { rest: &characters };
    let mut open: Vec<(char, Vec<Token>)> = vec![(' ', Vec::new())];
    while let Some(token) = reader.next() {
        match token {
            Token::Punct(bracket @ ('(' | '[' | '{')) => open.push((bracket, Vec::new())),
            Token::Punct(')' | ']' | '}') => {
                let (bracket, tokens) = open.pop().expect("brackets are balanced");
                open.last_mut().expect("brackets are balanced").1.push(Token::Group(bracket, tokens));
            }
            token => open.last_mut().expect("brackets are balanced").1.push(token),
        }
    }
    assert_eq!(open.len(), 1, "brackets are balanced");
    open.pop().map(|(_, tokens)| tokens).unwrap_or_default()
}

struct Reader<'a> {
    rest: &'a [char],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Token> {
        loop {
            match self.rest {
                [] => return None,
                ['/', '/', ..] => self.skip_line(),
                ['/', '*', ..] => self.skip_comment(),
                [blank, ..] if blank.is_whitespace() => self.rest = &self.rest[1..],
                ['"', ..] => return Some(self.string(1)),
                ['b' | 'c', '"', ..] => return Some(self.string(2)),
                ['r', '"' | '#', ..] if self.raw(1) => return Some(self.raw_string(1)),
                ['b', 'r', '"' | '#', ..] if self.raw(2) => return Some(self.raw_string(2)),
                ['b', '\'', ..] => return Some(self.character(1)),
                ['\'', '\\', ..] | ['\'', _, '\'', ..] => return Some(self.character(0)),
                ['\'', ..] => return Some(self.word(1)),
                [first, ..] if first.is_alphanumeric() || *first == '_' => return Some(self.word(0)),
                [first, ..] => {
                    let token = Token::Punct(*first);
                    self.rest = &self.rest[1..];
                    return Some(token);
                }
            }
        }
    }

    fn skip_line(&mut self) {
        let end = self.rest.iter().position(|one| *one == '\n').unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
    }

    fn skip_comment(&mut self) {
        let mut depth = 0;
        loop {
            let step = match self.rest {
                ['/', '*', ..] => {
                    depth += 1;
                    2
                }
                ['*', '/', ..] => {
                    depth -= 1;
                    2
                }
                [] => return,
                _ => 1,
            };
            self.rest = &self.rest[step..];
            if depth == 0 {
                return;
            }
        }
    }

    fn word(&mut self, prefix: usize) -> Token {
        let end = self.rest[prefix..].iter().position(|one| !one.is_alphanumeric() && *one != '_');
        let end = end.map_or(self.rest.len(), |end| end + prefix);
        let word: String = self.rest[..end].iter().collect();
        self.rest = &self.rest[end..];
        Token::Word(word)
    }

    /// A character literal, whose value never matters.
    fn character(&mut self, prefix: usize) -> Token {
        let mut at = prefix + 1;
        while self.rest[at] != '\'' {
            at += if self.rest[at] == '\\' { 2 } else { 1 };
        }
        self.rest = &self.rest[at + 1..];
        Token::Word("''".to_owned())
    }

    /// A string literal whose text begins after `prefix`. Escapes other than of quotes and line breaks are kept as they are written.
    fn string(&mut self, prefix: usize) -> Token {
        let (mut at, mut value) = (prefix, String::new());
        loop {
            match self.rest[at..] {
                ['"', ..] => break,
                ['\\', '\n', ..] => {
                    at += 2;
                    while self.rest[at].is_whitespace() {
                        at += 1;
                    }
                }
                ['\\', escaped, ..] => {
                    match escaped {
                        'n' => value.push('\n'),
                        '"' | '\\' | '\'' => value.push(escaped),
                        other => value.extend(['\\', other]),
                    }
                    at += 2;
                }
                [character, ..] => {
                    value.push(character);
                    at += 1;
                }
                [] => panic!("a string literal ends"),
            }
        }
        self.rest = &self.rest[at + 1..];
        Token::Text(value)
    }

    /// Whether a raw string begins after the prefix, and not a raw identifier.
    fn raw(&self, prefix: usize) -> bool {
        self.rest[prefix..].iter().find(|one| **one != '#') == Some(&'"')
    }

    fn raw_string(&mut self, prefix: usize) -> Token {
        let hashes = self.rest[prefix..].iter().take_while(|one| **one == '#').count();
        let start = prefix + hashes + 1;
        let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        let length = self.rest[start..].windows(end.len()).position(|one| one == end).expect("a raw string ends");
        let value = self.rest[start..start + length].iter().collect();
        self.rest = &self.rest[start + length + end.len()..];
        Token::Text(value)
    }
}
