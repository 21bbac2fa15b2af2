//! Finds for each row of a list (JUnit's, the plan's) the row of the same test case path that the
//! log has of it.
//!
//! | rows of a path | partner |
//! |---|---|
//! | as many on both sides | by order: first with first |
//! | the log has lost its beginning | by order from the end: last with last |
//! | not as many, and durations tell | the one with the same duration: JUnit takes it from the log |
//! | not as many otherwise | by order |

use std::collections::HashMap;
use std::time::Duration;

/// Which of the things of the same path each thing of a list is paired with, by order alone; the
/// partner may not exist. `others` says how many there are of a path on the other side.
pub(super) fn by_order(
    paths: &[&str],
    from_end: bool,
    others: impl Fn(&str) -> usize,
) -> Vec<Option<usize>> {
    let counts = counts(paths);
    let mut seen: HashMap<&str, isize> = HashMap::new();
    paths
        .iter()
        .map(|path| {
            let ordinal = seen.entry(path).or_default();
            let shift = if from_end {
                let own = counts.get(path).copied().unwrap_or(0);
                others(path).cast_signed() - own.cast_signed()
            } else {
                0
            };
            let partner = *ordinal + shift;
            *ordinal += 1;
            usize::try_from(partner).ok()
        })
        .collect()
}

/// The same where durations are known: of each thing of the list, and of those of a path on the
/// other side.
pub(super) fn by_duration_or_order<'a>(
    list: &[(&'a str, Option<Duration>)],
    from_end: bool,
    others: &HashMap<&'a str, Vec<Option<Duration>>>,
) -> Vec<Option<usize>> {
    let paths: Vec<&str> = list.iter().map(|(path, _)| *path).collect();
    let in_log = |path: &str| others.get(path).map_or(0, Vec::len);
    let mut partners = by_order(&paths, from_end, in_log);
    let mut positions_of: HashMap<&str, Vec<usize>> = HashMap::new();
    for (position, path) in paths.iter().enumerate() {
        positions_of.entry(path).or_default().push(position);
    }
    for (path, positions) in positions_of {
        let logged = others.get(path).map_or(&[][..], Vec::as_slice);
        if positions.len() == logged.len() {
            continue;
        }
        let durations = positions
            .iter()
            .map(|&position| list.get(position).and_then(|(_, duration)| *duration));
        let Some(aligned) = align(durations, logged) else {
            continue;
        };
        for (position, partner) in positions.into_iter().zip(aligned) {
            if let Some(slot) = partners.get_mut(position) {
                *slot = partner;
            }
        }
    }
    partners
}

/// Partners with the same duration, in order; `None` if none has one.
fn align(
    own: impl Iterator<Item = Option<Duration>>,
    logged: &[Option<Duration>],
) -> Option<Vec<Option<usize>>> {
    let mut places: HashMap<Duration, Vec<usize>> = HashMap::new();
    for (at, duration) in logged.iter().enumerate() {
        if let Some(duration) = duration {
            places.entry(*duration).or_default().push(at);
        }
    }
    let mut from = 0;
    let partners: Vec<Option<usize>> = own
        .map(|duration| {
            let places = places.get(&duration?)?;
            let behind = places.partition_point(|&at| at < from);
            let at = *places.get(behind)?;
            from = at + 1;
            Some(at)
        })
        .collect();
    partners.iter().any(Option::is_some).then_some(partners)
}

fn counts<'a>(paths: &[&'a str]) -> HashMap<&'a str, usize> {
    let mut counts = HashMap::new();
    for path in paths {
        *counts.entry(*path).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_paired_from_the_end_where_the_beginning_is_lost() {
        let partners = |paths: &[&str], from_end, others| by_order(paths, from_end, |_| others);
        assert_eq!(
            partners(&["A", "B", "A"], false, 1),
            [Some(0), Some(0), Some(1)]
        );
        assert_eq!(
            partners(&["A", "B", "A"], true, 1),
            [None, Some(0), Some(0)]
        );
        assert_eq!(partners(&["A"], true, 3), [Some(2)]);
    }

    #[test]
    fn where_rows_are_missing_durations_tell_which() {
        let millis = |millis: u64| (millis > 0).then(|| Duration::from_millis(millis));
        let partners = |own: &[u64], logged: &[u64], from_end| {
            let list: Vec<_> = own.iter().map(|&own| ("A", millis(own))).collect();
            let logged = logged.iter().map(|&one| millis(one)).collect();
            by_duration_or_order(&list, from_end, &HashMap::from([("A", logged)]))
        };
        // As many: by order, whatever the durations are.
        assert_eq!(partners(&[1, 2], &[2, 1], false), [Some(0), Some(1)]);
        assert_eq!(
            partners(&[1, 2, 3], &[2, 3], false),
            [None, Some(0), Some(1)]
        );
        assert_eq!(
            partners(&[1, 2, 3], &[1, 3], true),
            [Some(0), None, Some(1)]
        );
        assert_eq!(
            partners(&[5, 5, 3], &[5, 3], false),
            [Some(0), None, Some(1)]
        );
        assert_eq!(partners(&[1, 3], &[1, 2, 3], false), [Some(0), Some(2)]);
        // Nothing agrees, or nothing is known: by order.
        assert_eq!(partners(&[1, 2], &[7], false), [Some(0), Some(1)]);
        assert_eq!(partners(&[0, 0], &[0], true), [None, Some(0)]);
    }
}
