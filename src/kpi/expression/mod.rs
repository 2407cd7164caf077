//! Expressions over indicators. Pure: a text is read into a tree of a few kinds of nodes and evaluated exactly; nothing else can be said in
//! it, and nothing in it is ever run.
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = signed { ("*" | "/") signed }
//! signed  = "-" signed | atom
//! atom    = number | code | ("min" | "max") "(" sum { "," sum } ")" | "(" sum ")"
//! number  = digits [ "." digits ]                   at most six decimals
//! code    = letter { letter | digit | "_" | "." }   or any code in brackets: "[e-office.rate]"
//! ```
//!
//! A figure stands for itself in its own unit, unrounded: 64.705882… for 11 of 17 in per cent. A weighted index is
//! `(2 * access + 3 * [service-by-officials]) / (2 + 3)`.

mod parser;

use std::cmp::Ordering;

use super::decimal::{Decimal, Exact};
use super::wire::NoValue;
use crate::text::Text;

/// Characters that an expression may have.
pub const LONGEST: usize = 1000;

/// Brackets and signs inside one another.
pub const DEEPEST: usize = 20;

/// A text that was read. It has at least one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    root: Node,
    names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Number(Decimal),
    Name(String),
    Negative(Box<Node>),
    /// The first, and what is added to it, or taken away where the sign says so.
    Sum(Box<Node>, Vec<(Sign, Node)>),
    /// The first, and what it is multiplied with, or divided by where the sign says so.
    Product(Box<Node>, Vec<(Sign, Node)>),
    Least(Vec<Node>),
    Greatest(Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// `+` or `*`.
    With,
    /// `-` or `/`.
    Against,
}

/// Why a text is no expression, and where: the number of a character, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub at: usize,
    pub why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    TooLong,
    TooDeep,
    /// Something else should stand here: a number, a code or a bracket.
    OperandExpected,
    /// Something else should stand here: an operator, or the end.
    OperatorExpected,
    ClosingExpected,
    BadNumber,
    BadCode,
    /// No indicator is named at all.
    NoName,
}

impl Unreadable {
    pub fn text(&self) -> Text {
        let (vi, en) = match self.why {
            Why::TooLong => ("biểu thức dài quá 1000 ký tự", "an expression has at most 1000 characters"),
            Why::TooDeep => ("ngoặc lồng nhau quá 20 lớp", "brackets stand inside one another more than 20 deep"),
            Why::OperandExpected => ("cần một số, một mã chỉ tiêu hoặc dấu “(”", "a number, a code of an indicator or “(” is expected"),
            Why::OperatorExpected => (
                "cần một phép tính + - * / hoặc kết thúc; số thập phân viết bằng dấu chấm",
                "one of + - * / or the end is expected; decimals are written with a point",
            ),
            Why::ClosingExpected => ("thiếu dấu ngoặc đóng", "a closing bracket is missing"),
            Why::BadNumber => (
                "số viết như 12 hoặc 0.25, tối đa sáu chữ số thập phân; mã bắt đầu bằng chữ số đặt trong [ ]",
                "a number is like 12 or 0.25, with at most six decimals; a code that begins with a digit stands in [ ]",
            ),
            Why::BadCode => ("trong [ ] phải là một mã chỉ tiêu", "between [ ] stands the code of an indicator"),
            Why::NoName => ("biểu thức phải dùng ít nhất một chỉ tiêu", "an expression names at least one indicator"),
        };
        Text::new(format!("Vị trí {}: {vi}.", self.at), format!("At character {}: {en}.", self.at))
    }
}

impl Expression {
    /// Reads a text.
    ///
    /// # Errors
    /// The first thing in it that cannot be read.
    pub fn parse(text: &str) -> Result<Expression, Unreadable> {
        parser::parse(text)
    }

    /// Codes of the indicators in it, each once, as they come.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its exact figure from those of the indicators in it.
    ///
    /// # Errors
    /// The reason of the first figure that is missing; `zero_denominator` where it divides by zero; `out_of_range` where a figure in
    /// between cannot be held exactly.
    pub fn evaluate(&self, figure_of: &mut dyn FnMut(&str) -> Result<Exact, NoValue>) -> Result<Exact, NoValue> {
        evaluate(&self.root, figure_of)
    }
}

fn evaluate(node: &Node, figure_of: &mut dyn FnMut(&str) -> Result<Exact, NoValue>) -> Result<Exact, NoValue> {
    let held = |figure: Option<Exact>| figure.ok_or(NoValue::OutOfRange);
    match node {
        Node::Number(number) => Ok(Exact::of(*number)),
        Node::Name(code) => figure_of(code),
        Node::Negative(of) => held(Exact::of_count(0).minus(evaluate(of, figure_of)?)),
        Node::Sum(first, others) => others.iter().try_fold(evaluate(first, figure_of)?, |sum, (sign, node)| {
            let other = evaluate(node, figure_of)?;
            held(if *sign == Sign::With { sum.plus(other) } else { sum.minus(other) })
        }),
        Node::Product(first, others) => others.iter().try_fold(evaluate(first, figure_of)?, |product, (sign, node)| {
            let other = evaluate(node, figure_of)?;
            match sign {
                Sign::With => held(product.times(other)),
                Sign::Against if other.is_zero() => Err(NoValue::ZeroDenominator),
                Sign::Against => held(product.over(other)),
            }
        }),
        Node::Least(of) => chosen(of, Ordering::Less, figure_of),
        Node::Greatest(of) => chosen(of, Ordering::Greater, figure_of),
    }
}

/// The one that stands to every other as wanted.
fn chosen(of: &[Node], wanted: Ordering, figure_of: &mut dyn FnMut(&str) -> Result<Exact, NoValue>) -> Result<Exact, NoValue> {
    let mut best: Option<Exact> = None;
    for node in of {
        let figure = evaluate(node, figure_of)?;
        if best.is_none_or(|best| figure.against(best) == wanted) {
            best = Some(figure);
        }
    }
    best.ok_or(NoValue::OutOfRange)
}

#[cfg(test)]
mod tests;
