#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// Figures by code; `none` was not measured, `zero` is 0.
fn figure(code: &str) -> Result<Exact, NoValue> {
    match code {
        "none" => Err(NoValue::NoMeasurement),
        "zero" => Ok(Exact::of_count(0)),
        "third" => Ok(Exact::per_cent(1, 3).unwrap()),
        "a" => Ok(Exact::of_count(2)),
        "b.c_1" => Ok(Exact::of_count(3)),
        "e-office.rate" => Ok(Exact::of_count(50)),
        "2022-x" => Ok(Exact::of_count(7)),
        "huge" => Ok(Exact::of_count(i64::MAX)),
        _ => Ok(Exact::of_count(1)),
    }
}

fn value(text: &str) -> Result<f64, NoValue> {
    Expression::parse(text).unwrap().evaluate(&mut figure).map(Exact::rounded)
}

#[test]
fn what_can_be_said_is_computed_exactly() {
    let cases = [
        ("a", 2.0),
        ("a + b.c_1 * 2", 8.0),
        ("(a + b.c_1) * 2", 10.0),
        ("10 - a - b.c_1", 5.0),
        ("12 / a / b.c_1", 2.0),
        ("12 / (a * b.c_1)", 2.0),
        ("-a + 5", 3.0),
        ("5--a", 7.0),
        ("a-1", 1.0),
        ("[e-office.rate]-a", 48.0),
        ("[2022-x] * 1.5", 10.5),
        ("min(a, b.c_1, 2.5)", 2.0),
        ("max(a, b.c_1 , 2.5)", 3.0),
        ("[min]", 1.0),
        ("third + third + third", 100.0),
        ("third", 33.33),
        ("(2*a + 3*[e-office.rate]) / (2+3)", 30.8),
        ("\u{a0} a\n*\ta ", 4.0),
        ("a - 99", -97.0),
        ("0.000001 * a * 1000000", 2.0),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_has_no_figure_says_why() {
    let cases = [
        ("a / zero", NoValue::ZeroDenominator),
        ("a / (b.c_1 - 3)", NoValue::ZeroDenominator),
        ("zero / zero", NoValue::ZeroDenominator),
        ("zero * none", NoValue::NoMeasurement),
        ("min(none, 1)", NoValue::NoMeasurement),
        ("none / zero", NoValue::NoMeasurement),
        ("huge * huge * huge", NoValue::OutOfRange),
    ];
    for (text, reason) in cases {
        assert_eq!(value(text), Err(reason), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let cases = [
        ("", 1, Why::OperandExpected),
        ("   ", 4, Why::OperandExpected),
        ("1 + 2", 1, Why::NoName),
        ("a +", 4, Why::OperandExpected),
        ("a b", 3, Why::OperatorExpected),
        ("a * (b", 7, Why::ClosingExpected),
        ("a)", 2, Why::OperatorExpected),
        ("a * / b", 5, Why::OperandExpected),
        ("a + 0,5", 6, Why::OperatorExpected),
        ("a + 0.1234567", 5, Why::BadNumber),
        ("a + 7.", 5, Why::BadNumber),
        ("a + 2x", 5, Why::BadNumber),
        ("a + 1e9", 5, Why::BadNumber),
        ("a + 1000000000", 5, Why::BadNumber),
        ("[a", 1, Why::BadCode),
        ("[]", 1, Why::BadCode),
        ("[-a]", 1, Why::BadCode),
        ("[a b]", 1, Why::BadCode),
        ("min + 1", 5, Why::OperandExpected),
        ("max()", 5, Why::OperandExpected),
        ("max(a;b)", 6, Why::OperatorExpected),
        ("a ^ 2", 3, Why::OperatorExpected),
        ("chỉ_số", 3, Why::OperatorExpected),
        ("a; drop", 2, Why::OperatorExpected),
    ];
    for (text, at, why) in cases {
        assert_eq!(Expression::parse(text), Err(Unreadable { at, why }), "{text}");
    }
    let long = format!("a{}", " + a".repeat(250));
    assert_eq!(Expression::parse(&long), Err(Unreadable { at: 1001, why: Why::TooLong }));
    assert!(Expression::parse(&long[..997]).is_ok());
    let deep = |n: usize| format!("{}a{}", "(".repeat(n), ")".repeat(n));
    assert!(Expression::parse(&deep(20)).is_ok());
    assert_eq!(Expression::parse(&deep(21)), Err(Unreadable { at: 22, why: Why::TooDeep }));
    assert_eq!(Expression::parse(&format!("{}a", "-".repeat(21))).unwrap_err().why, Why::TooDeep);
    assert_eq!(Expression::parse(&"a".repeat(65)).unwrap_err().why, Why::BadCode);
    let text = Expression::parse("a +").unwrap_err().text();
    assert_eq!(text.vi, "Vị trí 4: cần một số, một mã chỉ tiêu hoặc dấu “(”.");
    assert_eq!(text.en, "At character 4: a number, a code of an indicator or “(” is expected.");
}

#[test]
fn names_come_once_and_in_order() {
    let read = Expression::parse("b + a * b - max([x-y], a, 2) / min(z)").unwrap();
    assert_eq!(read.names(), ["b", "a", "x-y", "z"]);
}

/// A tree as a text in which every part stands in brackets, and its figure by plain floating point.
fn tree() -> impl Strategy<Value = (String, f64)> {
    let leaf = prop_oneof![
        (1u32..100).prop_map(|n| (n.to_string(), f64::from(n))),
        (1u32..100).prop_map(|n| (format!("{n}.25"), f64::from(n) + 0.25)),
        Just(("a".to_owned(), 2.0)),
        Just(("[e-office.rate]".to_owned(), 50.0)),
        Just(("third".to_owned(), 100.0 / 3.0)),
    ];
    leaf.prop_recursive(3, 16, 2, |inner| {
        (inner.clone(), inner, 0..7usize).prop_map(|((a, x), (b, y), kind)| match kind {
            0 => (format!("({a} + {b})"), x + y),
            1 => (format!("({a}-{b})"), x - y),
            2 => (format!("{a} * {b}"), x * y),
            // Nothing below is ever near zero.
            3 => (format!("({a} / max(7, {b}))"), x / y.max(7.0)),
            4 => (format!("min({a},{b})"), x.min(y)),
            5 => (format!("max({a}, {b})"), x.max(y)),
            _ => (format!("(-{a})"), -x),
        })
    })
}

proptest! {
    #[test]
    fn a_figure_is_that_of_arithmetic((text, about) in tree()) {
        let read = Expression::parse(&format!("{text} + 0 * a")).unwrap();
        match read.evaluate(&mut figure) {
            Ok(exact) => prop_assert!((exact.rounded() - about).abs() <= 0.006 + about.abs() * 1e-9, "{text}: {} {about}", exact.rounded()),
            Err(reason) => prop_assert!(reason == NoValue::OutOfRange && text.len() > 60, "{text}"),
        }
    }

    #[test]
    fn whatever_is_sent_is_read_or_refused(text in "[ab0-9.+*/(),\\[\\] _minax-]{0,60}") {
        if let Ok(read) = Expression::parse(&text) {
            prop_assert!(!read.names().is_empty());
            let _ = read.evaluate(&mut figure);
        } else if let Err(refused) = Expression::parse(&text) {
            prop_assert!(refused.at >= 1 && refused.at <= text.chars().count() + 1, "{text}");
        }
    }

    #[test]
    fn any_text_at_all_is_no_reason_to_stop(text in "\\PC{0,80}") {
        let _ = Expression::parse(&text);
    }
}
