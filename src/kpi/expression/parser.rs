//! Reads an expression, character by character.

use super::{DEEPEST, Expression, LONGEST, Node, Sign, Unreadable, Why};

/// Characters that a code may have, and how many of them.
const LONGEST_CODE: usize = 64;

pub fn parse(text: &str) -> Result<Expression, Unreadable> {
    let mut reader = Reader { text: text.chars().collect(), at: 0, depth: 0, names: Vec::new() };
    if reader.text.len() > LONGEST {
        return Err(Unreadable { at: LONGEST + 1, why: Why::TooLong });
    }
    let root = reader.sum()?;
    if reader.peek().is_some() {
        return reader.fail(Why::OperatorExpected);
    }
    if reader.names.is_empty() {
        return Err(Unreadable { at: 1, why: Why::NoName });
    }
    Ok(Expression { root, names: reader.names })
}

struct Reader {
    text: Vec<char>,
    /// The next character to read.
    at: usize,
    depth: usize,
    names: Vec<String>,
}

impl Reader {
    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        while self.here().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.here()
    }

    /// The very next character.
    fn here(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn fail<T>(&mut self, why: Why) -> Result<T, Unreadable> {
        Err(Unreadable { at: self.at + 1, why })
    }

    /// Everything from here on that is like this.
    fn run(&mut self, like: impl Fn(char) -> bool) -> String {
        let run: String = self.text[self.at..].iter().take_while(|c| like(**c)).collect();
        self.at += run.chars().count();
        run
    }

    fn sum(&mut self) -> Result<Node, Unreadable> {
        self.chain('+', '-', Reader::product, Node::Sum)
    }

    fn product(&mut self) -> Result<Node, Unreadable> {
        self.chain('*', '/', Reader::signed, Node::Product)
    }

    fn chain(
        &mut self,
        with: char,
        against: char,
        part: impl Fn(&mut Reader) -> Result<Node, Unreadable>,
        whole: impl Fn(Box<Node>, Vec<(Sign, Node)>) -> Node,
    ) -> Result<Node, Unreadable> {
        let first = part(self)?;
        let mut others = Vec::new();
        loop {
            let sign = match self.peek() {
                Some(c) if c == with => Sign::With,
                Some(c) if c == against => Sign::Against,
                _ if others.is_empty() => return Ok(first),
                _ => return Ok(whole(Box::new(first), others)),
            };
            self.at += 1;
            others.push((sign, part(self)?));
        }
    }

    /// What stands inside brackets, or behind a sign.
    fn inside(&mut self, read: impl Fn(&mut Reader) -> Result<Node, Unreadable>) -> Result<Node, Unreadable> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.fail(Why::TooDeep);
        }
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn signed(&mut self) -> Result<Node, Unreadable> {
        if self.take('-') { self.inside(Reader::signed).map(|node| Node::Negative(Box::new(node))) } else { self.atom() }
    }

    fn atom(&mut self) -> Result<Node, Unreadable> {
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let node = self.inside(Reader::sum)?;
                self.close()?;
                Ok(node)
            }
            Some('[') => self.bracketed(),
            Some(c) if c.is_ascii_digit() => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.word(),
            _ => self.fail(Why::OperandExpected),
        }
    }

    fn close(&mut self) -> Result<(), Unreadable> {
        match self.peek() {
            _ if self.take(')') => Ok(()),
            None => self.fail(Why::ClosingExpected),
            Some(_) => self.fail(Why::OperatorExpected),
        }
    }

    fn number(&mut self) -> Result<Node, Unreadable> {
        let start = self.at;
        let run = self.run(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
        let bad = Unreadable { at: start + 1, why: Why::BadNumber };
        if run.ends_with('.') { Err(bad) } else { run.parse().map(Node::Number).map_err(|_| bad) }
    }

    /// A code, or a function with what it is of.
    fn word(&mut self) -> Result<Node, Unreadable> {
        let start = self.at;
        let word = self.run(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_');
        match word.as_str() {
            "min" => Ok(Node::Least(self.list()?)),
            "max" => Ok(Node::Greatest(self.list()?)),
            _ => self.name(word, start),
        }
    }

    fn list(&mut self) -> Result<Vec<Node>, Unreadable> {
        if !self.take('(') {
            return self.fail(Why::OperandExpected);
        }
        let mut of = vec![self.inside(Reader::sum)?];
        while self.take(',') {
            of.push(self.inside(Reader::sum)?);
        }
        self.close()?;
        Ok(of)
    }

    fn bracketed(&mut self) -> Result<Node, Unreadable> {
        let start = self.at;
        self.at += 1;
        let code = self.run(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if self.here() != Some(']') {
            return Err(Unreadable { at: start + 1, why: Why::BadCode });
        }
        self.at += 1;
        self.name(code, start)
    }

    fn name(&mut self, code: String, start: usize) -> Result<Node, Unreadable> {
        if !code.starts_with(|c: char| c.is_ascii_alphanumeric()) || code.len() > LONGEST_CODE {
            return Err(Unreadable { at: start + 1, why: Why::BadCode });
        }
        if !self.names.contains(&code) {
            self.names.push(code.clone());
        }
        Ok(Node::Name(code))
    }
}
