//! Results that are taken out of a run.

use super::*;
use crate::publish::simulation::wanted::planned;

fn points(run: &DesiredRun) -> Vec<u64> {
    run.points.iter().map(|point| point.0).collect()
}

#[test]
fn what_is_taken_out_becomes_a_run_right_behind_with_what_hangs_on_it() {
    let mut desired = planned("0123abcd", &[&[1, 2, 3, 4], &[5]]);
    let second_and_fourth = [1, 3].into();
    let new = desired.take_out(0, &second_and_fourth);
    assert_eq!(new, 2);
    assert_eq!(desired.order(), [0, 2, 1]);
    assert_eq!(points(&desired.runs[0]), [1, 3]);
    assert_eq!(points(&desired.runs[new]), [2, 4]);
    let parts = [desired.part(0), desired.part(new)].map(|part| (part.run, &part.results[..]));
    assert_eq!(parts, [(0, &[0, 2][..]), (0, &[1, 3][..])]);
    for run in [0, new] {
        let run = &desired.runs[run];
        assert_eq!(run.results.len(), 2);
        let targets: Vec<Target> = run.attachments.iter().map(|one| one.target).collect();
        let expected = [
            Target::Result(0),
            Target::Result(1),
            Target::Run,
            Target::Run,
        ];
        assert_eq!(targets, expected);
        assert!(run.is_part);
        assert_eq!(run.run.plan, Some(TestPlanId(17)));
    }
    // Out of what was taken out.
    let last = desired.take_out(new, &[0].into());
    assert_eq!(points(&desired.runs[last]), [2]);
    assert_eq!(
        desired.part(last),
        &Part {
            run: 0,
            results: vec![1]
        }
    );
    assert_eq!(desired.order(), [0, 2, 3, 1]);
}

#[test]
fn runs_of_plans_come_first_in_the_order_in_which_their_reports_ended() {
    let mut runs = planned("0123abcd", &[&[1], &[2], &[3]]).runs;
    let of_build = DesiredRun {
        points: Vec::new(),
        run: NewTestRun {
            plan: None,
            ..runs[0].run.clone()
        },
        ..runs[0].clone()
    };
    runs.reverse();
    runs.insert(0, of_build);
    let desired = Desired::new(Owner::new("0123abcd"), false, LookUp::None, runs);
    let order: Vec<Vec<u64>> = desired
        .order()
        .iter()
        .map(|&at| points(&desired.runs[at]))
        .collect();
    assert_eq!(order, [vec![1], vec![2], vec![3], vec![]]);
}
