//! Katalon's points in time and durations, and which of them can be true.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A point in time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrittenTime {
    /// With a zone (10.2.3 and later write UTC).
    Zoned(Timestamp),
    /// Without: the clock on the wall of the machine that ran the tests.
    Local(DateTime),
}

/// Years between the Buddhist calendar and ours; Thai settings make Katalon write the former.
const BUDDHIST_YEARS: i16 = 543;

impl WrittenTime {
    /// Reads `2021-01-25 08:26:11` (up to 9.0), `27-03-2025T11:28:34` (day first, 9.1 to 10.2.2)
    /// and `2025-07-10T12:36:40.911Z` (since 10.2.3).
    pub(crate) fn parse(text: &str) -> Option<WrittenTime> {
        let text = text.trim();
        let (date, time) = text.split_once(['T', ' '])?;
        let date = parse_date(date)?;
        let local = |time: &str| Some(date.to_datetime(time.parse::<Time>().ok()?));
        if let Some(time) = time.strip_suffix(['Z', 'z']) {
            let moment = TimeZone::UTC.to_timestamp(local(time)?).ok()?;
            return Some(WrittenTime::Zoned(moment));
        }
        if time.contains(['+', '-']) {
            return text.parse().ok().map(WrittenTime::Zoned);
        }
        local(time).map(WrittenTime::Local)
    }

    /// The moment, read in this machine's zone where none is written; `None` where it cannot be
    /// true.
    pub(crate) fn moment(self) -> Option<Timestamp> {
        let moment = match self {
            WrittenTime::Zoned(moment) => moment,
            WrittenTime::Local(local) => TimeZone::system().to_timestamp(local).ok()?,
        };
        plausible(moment)
    }

    /// Seconds between this and `moment` that no zone explains: zones are whole quarter hours,
    /// and a year of the Buddhist calendar is taken for what it means. Where the zone is written,
    /// nothing is left to explain: the run of an hour before is another one. `None` if they are
    /// further apart than any zone: the nightly run of the day before began at the same time of day.
    pub(crate) fn seconds_off(self, moment: Timestamp) -> Option<i64> {
        // A minute for the seconds that are the answer.
        const SLACK: i64 = 60;
        let (west, east) = self.zones();
        self.seconds_ahead(moment)
            .filter(|off| (west - SLACK..=east + SLACK).contains(off))
            .map(|off| {
                let past = second_of_quarter(off);
                past.min(QUARTER - past)
            })
            .min()
    }

    /// Epoch seconds of this if it is read as UTC; of a written zone the right ones.
    pub(crate) fn as_utc(self) -> Option<i64> {
        let moment = match self {
            WrittenTime::Zoned(moment) => moment,
            WrittenTime::Local(local) => TimeZone::UTC.to_timestamp(local).ok()?,
        };
        Some(moment.as_second())
    }

    /// The zones that this may have been written in, in seconds from the one that it is read in.
    fn zones(self) -> (i64, i64) {
        match self {
            WrittenTime::Zoned(_) => (0, 0),
            WrittenTime::Local(_) => (WEST, EAST),
        }
    }

    /// Whether something that began then and took so long can have been under way at `moment`,
    /// in whatever zone the time was written.
    pub(crate) fn may_span(self, length: Duration, moment: Timestamp) -> bool {
        // Clocks of two writers, and what is done before the first and behind the last test.
        const SLACK: i64 = 10 * 60;
        let length = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        let (west, east) = self.zones();
        self.seconds_ahead(moment)
            .any(|ahead| ahead <= east + SLACK && ahead.saturating_add(length) >= west - SLACK)
    }

    /// Seconds that this is ahead of `moment` if it is read as UTC; twice if the year may be one of
    /// the Buddhist calendar.
    fn seconds_ahead(self, moment: Timestamp) -> impl Iterator<Item = i64> {
        let written = match self {
            WrittenTime::Zoned(moment) => TimeZone::UTC.to_datetime(moment),
            WrittenTime::Local(local) => local,
        };
        let of_our_calendar = |buddhist: DateTime| {
            let year = buddhist.year() - BUDDHIST_YEARS;
            buddhist.with().year(year).build().ok()
        };
        let candidates = [
            Some(written),
            Some(written)
                .filter(|time| time.year() > 2400)
                .and_then(of_our_calendar),
        ];
        candidates
            .into_iter()
            .flatten()
            .filter_map(|time| TimeZone::UTC.to_timestamp(time).ok())
            .map(move |time| time.as_second() - moment.as_second())
    }
}

/// Zones are whole quarters of an hour.
const QUARTER: i64 = 15 * 60;

/// Which second of a quarter of an hour it is: the same in every zone, and in every year of the
/// Buddhist calendar.
pub(crate) fn second_of_quarter(second: i64) -> i64 {
    second.rem_euclid(QUARTER)
}

/// The zones that there are, in seconds from UTC: -12:00 to +14:00.
const WEST: i64 = -12 * 3600;
const EAST: i64 = 14 * 3600;

fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    // The year has four digits; it tells which end is which.
    let (year, day) = if first.len() == 4 {
        (first, last)
    } else {
        (last, first)
    };
    if year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// A moment from epoch milliseconds, if it can be true.
pub(crate) fn from_millis(millis: i64) -> Option<Timestamp> {
    Timestamp::from_millisecond(millis).ok().and_then(plausible)
}

/// Nothing was tested with Katalon before it existed, nor centuries from now: a clock that was
/// never set, or a year of the Buddhist calendar.
fn plausible(moment: Timestamp) -> Option<Timestamp> {
    const YEAR_2000: i64 = 946_684_800;
    const YEAR_2300: i64 = 10_413_792_000;
    (YEAR_2000..YEAR_2300)
        .contains(&moment.as_second())
        .then_some(moment)
}

/// The longest duration that is believed: longer ones come from a clock that was set.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The time from one to the other; `None` if the clock was set back or far ahead in between.
pub(crate) fn between(start: Timestamp, end: Timestamp) -> Option<Duration> {
    Duration::try_from(end.duration_since(start))
        .ok()
        .filter(|duration| *duration <= LONGEST)
}

/// Seconds as JUnit writes them: `68`, `68.261`.
pub(crate) fn parse_seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    // Katalon counts milliseconds; what lies below is noise of the binary fraction.
    let millis = duration.as_nanos().saturating_add(500_000) / 1_000_000;
    let duration = Duration::from_millis(u64::try_from(millis).ok()?);
    (duration <= LONGEST).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn all_formats_of_all_versions_are_read() {
        let local = |text: &str| Some(WrittenTime::Local(text.parse().unwrap()));
        let zoned = |text: &str| Some(WrittenTime::Zoned(at(text)));
        for (written, expected) in [
            ("2021-01-25 08:26:11", local("2021-01-25T08:26:11")),
            ("02-01-2024T21:43:22", local("2024-01-02T21:43:22")),
            (
                "2025-07-10T12:36:40.911Z",
                zoned("2025-07-10T12:36:40.911Z"),
            ),
            ("2025-07-10T12:36:40+02:00", zoned("2025-07-10T10:36:40Z")),
            ("2025-07-10T12:36:40", local("2025-07-10T12:36:40")),
            ("10.07.2025 12:36", None),
            ("2025-13-10 12:36:40", None),
            ("", None),
        ] {
            assert_eq!(WrittenTime::parse(written), expected, "{written}");
        }
    }

    #[test]
    fn zones_and_buddhist_years_explain_a_difference_and_nothing_else_does() {
        let start = at("2018-03-31T13:20:20Z");
        for (written, off) in [
            ("2018-03-31 20:20:20", Some(0)),
            ("2018-03-31 18:50:21", Some(1)),
            ("2561-03-31 20:20:20", Some(0)),
            ("2018-03-31 20:27:20", Some(420)),
            ("2018-03-31 20:20:18", Some(2)),
            ("2018-04-01 13:20:20", None),
            ("2018-03-30 13:20:20", None),
            ("2018-03-31T13:20:21.900Z", Some(1)),
            ("2561-03-31T13:20:20.000Z", Some(0)),
            ("2018-03-31T12:20:20.000Z", None),
        ] {
            let written = WrittenTime::parse(written).unwrap();
            assert_eq!(written.seconds_off(start), off, "{written:?}");
        }
    }

    #[test]
    fn what_began_the_day_before_cannot_have_been_under_way() {
        let moment = at("2025-08-11T08:55:00Z");
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        for (written, length, possible) in [
            ("2025-08-11 10:55:00", minutes(1), true),
            ("2025-08-11 22:50:00", minutes(1), true),
            ("2025-08-10 10:55:00", minutes(1), false),
            ("2025-08-10 10:55:00", minutes(12 * 60), true),
            ("2025-08-12 10:55:00", minutes(1), false),
            ("2568-08-11 10:55:00", minutes(1), true),
            ("2025-08-11T08:54:30.000Z", minutes(1), true),
            ("2025-08-11T07:55:00.000Z", minutes(1), false),
        ] {
            let written = WrittenTime::parse(written).unwrap();
            assert_eq!(written.may_span(length, moment), possible, "{written:?}");
        }
    }

    #[test]
    fn impossible_times_are_unknown() {
        let buddhist = WrittenTime::parse("2561-03-31 20:20:20").unwrap();
        assert_eq!(buddhist.moment(), None);
        assert_eq!(from_millis(0), None);
        assert!(from_millis(1_644_393_801_292).is_some());
        let (early, late) = (at("2024-01-01T00:00:00Z"), at("2024-01-01T00:00:01Z"));
        assert_eq!(between(early, late), Some(Duration::from_secs(1)));
        assert_eq!(between(late, early), None);
        assert_eq!(between(early, at("2567-01-01T00:00:00Z")), None);
    }

    #[test]
    fn seconds_are_read_to_the_millisecond() {
        assert_eq!(parse_seconds("68.261"), Some(Duration::from_millis(68_261)));
        assert_eq!(parse_seconds("243"), Some(Duration::from_secs(243)));
        for wrong in ["1,204", "-1", "NaN", "inf", "1e300", "", "17136000000"] {
            assert_eq!(parse_seconds(wrong), None, "{wrong}");
        }
    }
}
