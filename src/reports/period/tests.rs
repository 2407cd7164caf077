#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn both_sets_of_every_kind() {
    let cases = [
        ("2022", "2021-12-15/2022-12-14", "2022-01-01/2022-12-31"),
        ("2022H1", "2021-12-15/2022-06-14", "2022-01-01/2022-06-30"),
        ("2022H2", "2022-06-15/2022-12-14", "2022-07-01/2022-12-31"),
        ("2022Q1", "2021-12-15/2022-03-14", "2022-01-01/2022-03-31"),
        ("2022Q2", "2022-03-15/2022-06-14", "2022-04-01/2022-06-30"),
        ("2022Q4", "2022-09-15/2022-12-14", "2022-10-01/2022-12-31"),
        ("2022-9M", "2021-12-15/2022-09-14", "2022-01-01/2022-09-30"),
        ("2022-01", "2021-12-15/2022-01-14", "2022-01-01/2022-01-31"),
        ("2022-04", "2022-03-15/2022-04-14", "2022-04-01/2022-04-30"),
        ("2024-02", "2024-01-15/2024-02-14", "2024-02-01/2024-02-29"),
        ("2022-12", "2022-11-15/2022-12-14", "2022-12-01/2022-12-31"),
    ];
    for (code, administrative, calendar) in cases {
        let period = Period::parse(code).unwrap();
        assert_eq!(period.days(PeriodSet::Administrative).to_string(), administrative, "{code}");
        assert_eq!(period.days(PeriodSet::Calendar).to_string(), calendar, "{code}");
    }
}

#[test]
fn months_follow_each_other_over_the_years() {
    let june = Period::month("2022-06").unwrap();
    let cases = [(0, "2022-06"), (1, "2022-07"), (6, "2022-12"), (7, "2023-01"), (-5, "2022-01"), (-6, "2021-12"), (-18, "2020-12")];
    for (months, code) in cases {
        assert_eq!(june.month_after(months), Period::parse(code).unwrap(), "{months}");
    }
    for code in ["2022", "2022Q2", "2022H1", "2022-9M", "2022-13"] {
        assert_eq!(Period::month(code), None, "{code}");
    }
}

#[test]
fn nothing_else_is_a_period() {
    let wrong = [
        "",
        "22",
        "2022Q0",
        "2022Q5",
        "2022H3",
        "2022-00",
        "2022-13",
        "2022-4",
        "2022-6M",
        "2022q1",
        "2022 ",
        "+202",
        "1900",
        "2201",
        "9999",
        "2022-04-01",
        "năm 2022",
        "2022١",
    ];
    for code in wrong {
        assert_eq!(Period::parse(code), None, "{code}");
    }
}

#[test]
fn every_period_has_one_before_it_and_one_a_year_before() {
    let cases = [
        ("2022", "2021", "2021"),
        ("2022H1", "2021H2", "2021H1"),
        ("2022H2", "2022H1", "2021H2"),
        ("2022Q1", "2021Q4", "2021Q1"),
        ("2022Q3", "2022Q2", "2021Q3"),
        ("2022-9M", "2021-9M", "2021-9M"),
        ("2022-01", "2021-12", "2021-01"),
        ("2022-12", "2022-11", "2021-12"),
    ];
    for (code, before, year_before) in cases {
        let period = Period::parse(code).unwrap();
        assert_eq!(period.before(), Period::parse(before), "{code}");
        assert_eq!(period.year_before(), Period::parse(year_before), "{code}");
        for set in [PeriodSet::Administrative, PeriodSet::Calendar] {
            let span = Span::of(&period, set);
            assert_eq!(span.before().unwrap().name, before);
            assert_eq!(span.year_before().unwrap().name, year_before);
            if !code.ends_with("9M") {
                assert_eq!(span.before().unwrap().days.to + Days::new(1), span.days.from, "{code}");
            }
        }
    }
    assert_eq!(Period::parse("1901").unwrap().before(), None);
    let days = |from: &str, to: &str| Span::between(from.parse().unwrap(), to.parse().unwrap(), PeriodSet::Calendar);
    assert_eq!(days("2024-02-29", "2024-03-04").before().unwrap().name, "2024-02-24/2024-02-28");
    assert_eq!(days("2024-02-29", "2024-03-04").year_before().unwrap().name, "2023-02-28/2023-03-04");
    assert_eq!(days("2022-06-01", "2022-06-01").before().unwrap().name, "2022-05-31/2022-05-31");
}

#[test]
fn words_are_what_they_are_today() {
    use PeriodSet::{Administrative, Calendar};
    let cases = [
        ("this_month", "2022-06-14", Calendar, "2022-06"),
        ("this_month", "2022-06-14", Administrative, "2022-06"),
        ("this_month", "2022-06-15", Administrative, "2022-07"),
        ("last_month", "2022-01-03", Calendar, "2021-12"),
        ("this_quarter", "2022-06-30", Calendar, "2022Q2"),
        ("this_quarter", "2022-06-30", Administrative, "2022Q3"),
        ("last_quarter", "2022-02-10", Calendar, "2021Q4"),
        ("this_half", "2022-07-01", Calendar, "2022H2"),
        ("last_half", "2022-07-01", Calendar, "2022H1"),
        ("this_year", "2022-12-14", Administrative, "2022"),
        ("this_year", "2022-12-15", Administrative, "2023"),
        ("this_month", "2022-12-31", Administrative, "2023-01"),
        ("last_year", "2022-12-31", Calendar, "2021"),
    ];
    for (word, today, set, code) in cases {
        let found = Relative::named(word).unwrap().on(today.parse().unwrap(), set, &[]);
        assert_eq!(found, [Period::parse(code).unwrap()], "{word} on {today}");
        let days = found[0].days(set);
        let running = days.from <= today.parse().unwrap() && today.parse::<NaiveDate>().unwrap() <= days.to;
        assert_eq!(running, word.starts_with("this"), "{word} on {today}");
    }
    let year: Vec<String> =
        Relative::LastTwelveMonths.on("2022-03-10".parse().unwrap(), Calendar, &[]).iter().map(|p| p.code().to_owned()).collect();
    assert_eq!((year.len(), year[0].as_str(), year[11].as_str()), (12, "2021-03", "2022-02"));
    let others = [Period::parse("2022Q2").unwrap(), Period::parse("2022-9M").unwrap()];
    let before = Relative::SameLastYear.on("2022-03-10".parse().unwrap(), Calendar, &others);
    assert_eq!(before.iter().map(Period::code).collect::<Vec<_>>(), ["2021Q2", "2021-9M"]);
    assert_eq!(Relative::named("today"), None);
}

#[test]
fn the_contract_tells_exactly_the_codes_that_are_known() {
    let schema = serde_json::to_value(PeriodCode::schema()).unwrap();
    let told = jsonschema::validator_for(&schema).unwrap();
    for year in 0..=9999 {
        for part in ["", "H1", "H2", "H3", "Q1", "Q4", "Q5", "-00", "-01", "-09", "-10", "-12", "-13", "-9M", "-6M", "X"] {
            let code = format!("{year:04}{part}");
            assert_eq!(told.is_valid(&code.as_str().into()), Period::parse(&code).is_some(), "{code}");
        }
    }
}

#[test]
fn the_months_of_a_year_cover_it_without_gap_or_overlap() {
    for set in [PeriodSet::Administrative, PeriodSet::Calendar] {
        let year = Period::parse("2022").unwrap().days(set);
        let months: Vec<Range> = Period::months(2022).iter().map(|month| month.days(set)).collect();
        assert_eq!((months[0].from, months[11].to), (year.from, year.to));
        assert!(months.windows(2).all(|pair| pair[0].to + Days::new(1) == pair[1].from));
        assert_eq!(months.iter().map(|m| m.length()).sum::<i64>(), year.length());
        assert!(months.iter().all(|m| year.holds(*m)));
    }
}
