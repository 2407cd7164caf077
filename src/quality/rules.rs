//! What each component comes to, and the whole. Pure.

use super::scheme::{Component, Group, Measure, Rating, Scheme, Words};
use super::wire::{QualityComponent, QualityGroup, QualityRating, QualityTotal, Status, Unit};
use crate::http::decimal::{Decimal, Exact};
use crate::reports::{QualityCounts, QualityServices};
use crate::text::Text;

/// What dossiers and procedures tell.
pub struct Facts {
    pub counts: QualityCounts,
    pub services: QualityServices,
}

/// A rate with what is missing to it.
struct Rate {
    numerator: i64,
    denominator: i64,
    missing: Option<Text>,
}

fn rate(numerator: i64, denominator: i64) -> Rate {
    Rate { numerator, denominator, missing: None }
}

impl Rate {
    fn without(self, vi: impl Into<String>, en: impl Into<String>) -> Rate {
        Rate { missing: Some(Text::new(vi, en)), ..self }
    }
}

/// The rate of a component, or what it would need.
fn measured(measure: Measure, facts: &Facts) -> Result<Rate, Text> {
    let (c, s) = (&facts.counts, &facts.services);
    let nothing = |vi: &str, en: &str| Err(Text::new(vi, en));
    match measure {
        Measure::OnTime => Ok(rate(c.on_time, c.handled)),
        Measure::MeanTime => Ok(rate(c.days, c.done).without(
            "Tính bằng ngày theo lịch cho mọi thủ tục; đơn vị tính riêng của từng thủ tục chưa được dùng.",
            "Counted in calendar days for all procedures, not in the unit of each procedure's limit.",
        )),
        Measure::OnlineCoverage if s.unknown > 0 => Ok(rate(s.online, s.procedures).without(
            format!("{} thủ tục chưa nêu mức độ trực tuyến, tính là chưa trực tuyến.", s.unknown),
            format!("{} procedures do not state how far they are online and count as offline.", s.unknown),
        )),
        Measure::OnlineCoverage => Ok(rate(s.online, s.procedures)),
        Measure::ServicesUsed => Ok(rate(s.used, s.online)),
        Measure::OnlineChannel => Ok(rate(c.accepted_online, c.accepted).without(
            "Chưa biết hồ sơ nào có kết quả điện tử và tỷ lệ đồng bộ lên Cổng Dịch vụ công quốc gia: đây là mức cao nhất có thể.",
            "Which dossiers have an electronic result and the rate of synchronisation with the national portal are not known: this is the most it can be.",
        )),
        Measure::ElectronicResult => Ok(rate(c.returned_online, c.resolved).without(
            "Chỉ biết hồ sơ trả kết quả trực tuyến, không biết liên kết tới kết quả điện tử và thủ tục nào phải có kết quả: đây là mức thấp nhất.",
            "Only results handed over online are known, not links to electronic results nor which procedures have one: this is the least it can be.",
        )),
        Measure::Digitised => {
            let (vi, en) = (
                "Chỉ biết thành phần hồ sơ được số hóa, không biết kết quả: đây là mức cao nhất có thể.",
                "Only the papers are known to be digitised, not the results: this is the most it can be.",
            );
            let unknown = |vi: &str, en: &str| match c.digitised_unknown {
                0 => (vi.to_owned(), en.to_owned()),
                n => (
                    format!("{vi} {n} hồ sơ không nêu, tính là chưa số hóa."),
                    format!("{en} {n} dossiers do not tell and count as not digitised."),
                ),
            };
            let (vi, en) = unknown(vi, en);
            Ok(rate(c.digitised, c.accepted).without(vi, en))
        }
        Measure::NeitherLateNorDisliked => Ok(rate(c.on_time, c.handled).without(
            "Chưa biết hồ sơ bị phản ánh, không hài lòng, chỉ trừ tỷ lệ quá hạn: đây là mức cao nhất có thể.",
            "Dossiers complained about or disliked are not known, only the late ones are taken off: this is the most it can be.",
        )),
        Measure::PublishedOnTime => nothing("Không có ngày công bố của thủ tục.", "The days on which procedures were published are not recorded."),
        Measure::MadePublicOnTime => {
            nothing("Không có ngày công khai của thủ tục.", "The days on which procedures were made public are not recorded.")
        }
        Measure::CompleteDescription => nothing(
            "Không có nội dung công khai của thủ tục theo từng bộ phận.",
            "What was made public of each part of a procedure is not recorded.",
        ),
        Measure::Synchronised => nothing(
            "Không có số hồ sơ trên Cổng Dịch vụ công quốc gia và trên hệ thống báo cáo.",
            "The counts of the national portal and of the reporting system are not known.",
        ),
        Measure::PayableOnline => nothing(
            "Chưa biết thủ tục nào thanh toán được trực tuyến.",
            "Which procedures can be paid for online is not recorded.",
        ),
        Measure::PaidOnline => nothing("Chưa biết hồ sơ nào thanh toán trực tuyến.", "Which dossiers were paid for online is not recorded."),
        Measure::Reused | Measure::PersonalStore => nothing(
            "Chưa biết hồ sơ nào dùng lại giấy tờ đã số hóa.",
            "Which dossiers reused papers that had been digitised is not recorded.",
        ),
        Measure::PopulationData => nothing(
            "Chưa biết hồ sơ nào khai thác cơ sở dữ liệu dân cư.",
            "Which dossiers used the population register is not recorded.",
        ),
        Measure::FeedbackClassified | Measure::FeedbackOnTime | Measure::FeedbackSatisfied => nothing(
            "Không có phản ánh, kiến nghị và kết quả trả lời.",
            "Feedback and the answers to it are not recorded here.",
        ),
    }
}

fn text(words: &Words) -> Text {
    Text::new(&words.vi, &words.en)
}

fn component(component: &Component, facts: &Facts) -> QualityComponent {
    let full_at = component.full_at.unwrap_or(Decimal::HUNDRED);
    let unit = if component.measure == Measure::MeanTime { Unit::Day } else { Unit::Percent };
    let mut told = QualityComponent {
        number: component.number.clone(),
        measure: component.measure,
        name: text(&component.name),
        formula: text(&component.formula),
        status: Status::NotComputable,
        reason: None,
        numerator: None,
        denominator: None,
        value: None,
        unit,
        points: None,
        max_points: component.max_points,
        max_stated: component.max_stated,
        full_at,
    };
    match measured(component.measure, facts) {
        Err(reason) => told.reason = Some(reason),
        Ok(Rate { numerator, denominator, missing }) => {
            (told.numerator, told.denominator) = (Some(numerator), Some(denominator));
            let value = if unit == Unit::Day { Exact::ratio(numerator, denominator) } else { Exact::per_cent(numerator, denominator) };
            match value {
                None => {
                    told.reason = Some(Text::new(
                        "Không có gì để tính trong kỳ (mẫu số bằng 0).",
                        "There is nothing to count in the period (denominator 0).",
                    ))
                }
                Some(value) => {
                    told.value = Some(value.rounded());
                    told.points = component.max_points.map(|max| value.points(max, full_at));
                    told.status = if missing.is_some() { Status::Partly } else { Status::Computed };
                    told.reason = missing;
                }
            }
        }
    }
    told
}

fn group(group: &Group, facts: &Facts) -> QualityGroup {
    let components: Vec<QualityComponent> = group.components.iter().map(|c| component(c, facts)).collect();
    let sum = |of: fn(&QualityComponent) -> Option<Decimal>| components.iter().filter_map(of).fold(Decimal::ZERO, Decimal::plus);
    QualityGroup {
        code: group.code.clone(),
        name: text(&group.name),
        max_points: group.max_points,
        points: sum(|c| c.points),
        computed_max_points: sum(|c| c.max_points.filter(|_| c.points.is_some())),
        components,
    }
}

fn rated(ratings: &[Rating], points: Decimal) -> Option<QualityRating> {
    let found = ratings.iter().find(|rating| points >= rating.from)?;
    Some(QualityRating { code: found.code.clone(), name: text(&found.name) })
}

/// Every group of a decision, and what they come to. There is a rating only when nothing that gives points is missing.
pub fn index(scheme: &Scheme, facts: &Facts) -> (Vec<QualityGroup>, QualityTotal) {
    let groups: Vec<QualityGroup> = scheme.groups.iter().map(|g| group(g, facts)).collect();
    let sum = |of: fn(&QualityGroup) -> Decimal| groups.iter().map(of).fold(Decimal::ZERO, Decimal::plus);
    let (max_points, points, computed_max_points) = (sum(|g| g.max_points), sum(|g| g.points), sum(|g| g.computed_max_points));
    let components = || groups.iter().flat_map(|g| &g.components).filter(|c| c.max_points.is_some());
    let attainable = components().fold(Decimal::ZERO, |sum, c| sum.plus(c.points.or(c.max_points).unwrap_or(Decimal::ZERO)));
    let whole = components().all(|c| c.status == Status::Computed);
    let total = QualityTotal {
        max_points,
        points,
        computed_max_points,
        share: Exact::per_cent_of(points, computed_max_points).map(Exact::rounded),
        attainable_points: attainable,
        rating: if whole { rated(&scheme.ratings, points) } else { None },
        attainable_rating: rated(&scheme.ratings, attainable),
    };
    (groups, total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::quality::scheme;

    fn facts() -> Facts {
        let counts = QualityCounts {
            handled: 200,
            on_time: 190,
            done: 4,
            days: 30,
            accepted: 100,
            accepted_online: 45,
            digitised: 79,
            digitised_unknown: 3,
            resolved: 90,
            returned_online: 9,
        };
        Facts { counts, services: QualityServices { procedures: 10, online: 8, unknown: 0, used: 6 } }
    }

    fn of(facts: &Facts) -> (Vec<QualityGroup>, QualityTotal) {
        index(scheme::on(crate::http::Day("2022-12-14".parse().unwrap())).unwrap(), facts)
    }

    #[test]
    fn points_follow_from_rates_and_thresholds() {
        let (groups, total) = of(&facts());
        let told = |number: &str| {
            let found = groups.iter().flat_map(|g| &g.components).find(|c| c.number == number).unwrap();
            (found.status, found.value, found.points.map(Decimal::shown))
        };
        for (number, status, value, points) in [
            ("2.1", Status::Computed, Some(95.0), Some(19.0)),
            ("2.2", Status::Partly, Some(7.5), None),
            // 80 % of all procedures give everything.
            ("3.1", Status::Computed, Some(80.0), Some(4.0)),
            ("3.2", Status::Computed, Some(75.0), Some(3.0)),
            // 45 % × 4 ÷ 50 %.
            ("3.3", Status::Partly, Some(45.0), Some(3.6)),
            ("3.6", Status::NotComputable, None, None),
            ("4.1", Status::Partly, Some(10.0), Some(0.44)),
            // 79 % × 4.4 ÷ 80 %.
            ("4.2", Status::Partly, Some(79.0), Some(4.345)),
            ("5.1", Status::NotComputable, None, None),
            // 95 % is above 90 %.
            ("5.4", Status::Partly, Some(95.0), Some(6.0)),
        ] {
            assert_eq!(told(number), (status, value, points), "{number}");
        }
        let missing = groups.iter().flat_map(|g| &g.components).filter(|c| (c.status != Status::Computed) != c.reason.is_some()).count();
        assert_eq!(missing, 0);
        assert_eq!((total.points.shown(), total.computed_max_points.shown()), (40.385, 46.8));
        assert_eq!((total.attainable_points.shown(), total.share), (93.585, Some(86.29)));
        assert_eq!((total.rating.is_none(), total.attainable_rating.unwrap().code), (true, "excellent".to_owned()));
    }

    #[test]
    fn nothing_to_count_is_no_figure() {
        let (groups, total) = of(&Facts { counts: QualityCounts::default(), services: QualityServices::default() });
        assert!(groups.iter().flat_map(|g| &g.components).all(|c| c.value.is_none() && c.points.is_none() && c.reason.is_some()));
        assert_eq!((total.points, total.share), (Decimal::ZERO, None));
    }

    #[test]
    fn a_rating_begins_at_its_figure() {
        let scheme = scheme::on(crate::http::Day("2022-12-14".parse().unwrap())).unwrap();
        for (points, code) in [
            ("100", "excellent"),
            ("90", "excellent"),
            ("89.999999", "good"),
            ("70", "fair"),
            ("50", "average"),
            ("49.99", "weak"),
            ("0", "weak"),
        ] {
            assert_eq!(rated(&scheme.ratings, points.parse().unwrap()).unwrap().code, code, "{points}");
        }
    }
}
