//! What is found in a plan, and how it is told.

use super::*;
use crate::azure_devops::TestPointId;

fn suites() -> Suites {
    let suite = |id, name: &str, parent: Option<u64>| StoredTestSuite {
        id: TestSuiteId(id),
        name: name.to_owned(),
        parent: parent.map(TestSuiteId),
    };
    Suites::new(vec![
        suite(1, "Release 4", None),
        suite(2, "Web", Some(1)),
        suite(3, "Login", Some(2)),
        suite(4, "SSO / SAML", Some(3)),
        suite(5, "Api", Some(1)),
        suite(6, "Login", Some(5)),
        suite(7, "2024", Some(1)),
    ])
}

fn found(text: &str) -> Result<u64, NoSuite> {
    let found = suites().find(&IdOrName::new(text))?;
    Ok(found.0)
}

#[test]
fn suites_stand_in_the_order_of_the_plan_and_circles_end() {
    let suite = |id, parent: Option<u64>| StoredTestSuite {
        id: TestSuiteId(id),
        name: id.to_string(),
        parent: parent.map(TestSuiteId),
    };
    // The service tells them in the order of the plan, which is not that of ids.
    let listed = [
        (1, None),
        (9, Some(1)),
        (2, Some(1)),
        (4, Some(9)),
        (7, Some(8)),
        (8, Some(7)),
    ];
    let suites = Suites::new(listed.map(|(id, parent)| suite(id, parent)).to_vec());
    let order: Vec<(u64, usize)> = suites
        .in_order()
        .into_iter()
        .map(|(suite, level)| (suite.id.0, level))
        .collect();
    assert_eq!(order, [(1, 0), (9, 1), (4, 2), (2, 1), (7, 0), (8, 1)]);
}

#[test]
fn a_suite_is_named_by_id_name_or_path() {
    for (text, id) in [
        ("3", 3),
        ("Web", 2),
        ("Web/Login", 3),
        ("Release 4/Web/Login", 3),
        ("Release 4", 1),
        ("SSO / SAML", 4),
        ("Web/Login/SSO / SAML", 4),
        ("2024", 7),
    ] {
        assert_eq!(found(text), Ok(id), "{text}");
    }
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    assert_eq!(found("Mobile"), Err(NoSuite::Unknown));
    assert_eq!(found("99"), Err(NoSuite::Unknown));
    let words = |text: &str| found(text).unwrap_err().words();
    assert_eq!(
        words("Web/Logn/SSO"),
        "'Web' is there, but not 'Logn' below it; below it lie 'Login'"
    );
    assert_eq!(
        words("Release 4/Api/Login/X"),
        "'Api/Login' is there, but no suite lies below it, so no 'X'"
    );
    assert_eq!(
        words("Login"),
        "several test suites have that name: 'Web/Login' (3), 'Api/Login' (6)"
    );
}

#[test]
fn the_suites_below_belong_to_a_suite() {
    let chosen = suites().with_those_below(&[TestSuiteId(2), TestSuiteId(7)]);
    let mut ids: Vec<u64> = chosen.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [2, 3, 4, 7]);
}

#[test]
fn suites_that_lie_inside_each_other_end_nothing() {
    let suite = |id, parent| StoredTestSuite {
        id: TestSuiteId(id),
        name: id.to_string(),
        parent: Some(TestSuiteId(parent)),
    };
    let circle = Suites::new(vec![suite(1, 2), suite(2, 1)]);
    assert!(circle.path(TestSuiteId(1)).is_some());
    assert_eq!(circle.with_those_below(&[TestSuiteId(1)]).len(), 2);
}

#[test]
fn a_configuration_is_named_by_id_or_name() {
    let one = |id, name: &str| StoredTestConfiguration {
        id: TestConfigurationId(id),
        name: name.to_owned(),
        is_active: id != 3,
        is_default: false,
    };
    let all = Configurations(vec![
        one(1, "Windows 10"),
        one(2, "12"),
        one(3, "Old"),
        one(4, "Old"),
    ]);
    let found = |text: &str| all.find(&IdOrName::new(text)).map(|one| one.id.0);
    assert_eq!(found("1"), Ok(1));
    assert_eq!(found("12"), Ok(2));
    assert_eq!(found("Windows 10"), Ok(1));
    assert!(found("Old").unwrap_err().ends_with("IDs 3, 4"));
    assert_eq!(
        found("Mac").unwrap_err(),
        "there is no such test configuration; there are 'Windows 10', '12', 'Old', 'Old'"
    );
    assert!(all.is_retired(TestConfigurationId(3)) && !all.is_retired(TestConfigurationId(9)));
}

fn point(id: u64, plan: u64) -> StoredTestPoint {
    StoredTestPoint {
        id: TestPointId(id),
        test_case: TestCaseId(41),
        title: "Log in".to_owned(),
        plan: TestPlanId(plan),
        plan_name: String::new(),
        suite: Some(TestSuiteId(3)),
        configuration: TestConfigurationId(7),
        configuration_name: String::new(),
        tester: String::new(),
        outcome: None,
        last_run: None,
        is_automated: None,
        is_active: None,
    }
}

fn plan(points: Vec<StoredTestPoint>) -> Plan {
    let stored = StoredTestPlan {
        id: TestPlanId(5),
        name: "Release 4".to_owned(),
        root_suite: None,
        is_active: true,
        synchronises_outcomes: false,
    };
    Plan::new(&stored, points)
}

#[test]
fn points_that_came_twice_or_of_another_plan_are_none_of_a_plan() {
    let plan = plan(vec![point(1, 5), point(2, 6), point(3, 5), point(1, 5)]);
    let ids = |points: &[&StoredTestPoint]| -> Vec<u64> {
        points.iter().map(|point| point.id.0).collect()
    };
    assert_eq!(ids(&plan.points().iter().collect::<Vec<_>>()), [1, 3]);
    assert_eq!(
        ids(&plan.points_of(TestCaseId(41)).collect::<Vec<_>>()),
        [1, 3]
    );
    assert_eq!(plan.points_of(TestCaseId(42)).count(), 0);
}

#[test]
fn where_suites_are_chosen_a_point_of_no_known_suite_is_not_among_them() {
    let mut plan = plan(Vec::new());
    assert!(plan.is_chosen(Some(TestSuiteId(3))) && plan.is_chosen(None));
    plan.chosen = Some([TestSuiteId(3)].into());
    assert!(plan.is_chosen(Some(TestSuiteId(3))));
    assert!(!plan.is_chosen(Some(TestSuiteId(4))) && !plan.is_chosen(None));
}

#[test]
fn a_point_is_described_with_names_and_without_them() {
    let mut plan = plan(Vec::new());
    let mut one = point(9, 5);
    assert_eq!(
        plan.describe(&one),
        "point 9 (suite 3, configuration '7', no tester)"
    );
    plan.suites = suites();
    one.configuration_name = "Linux".to_owned();
    one.tester = "Ann".to_owned();
    assert_eq!(
        plan.describe(&one),
        "point 9 (suite 'Web/Login', configuration 'Linux', tester 'Ann')"
    );
}

#[test]
fn a_suite_that_came_twice_counts_once_and_a_plan_may_hold_one_of_its_own_name() {
    let suite = |id, name: &str, parent: Option<u64>| StoredTestSuite {
        id: TestSuiteId(id),
        name: name.to_owned(),
        parent: parent.map(TestSuiteId),
    };
    let login = suite(3, "Login", Some(2));
    let suites = Suites::new(vec![
        suite(1, "Web", None),
        suite(2, "Web", Some(1)),
        login.clone(),
        login,
    ]);
    let find = |text: &str| suites.find(&IdOrName::new(text));
    assert_eq!(find("Web/Web"), Ok(TestSuiteId(2)));
    assert_eq!(
        find("Web/Pay").unwrap_err().words(),
        "'Web' is there, but not 'Pay' below it; below it lie 'Login'"
    );
}

#[test]
fn a_long_list_ends_with_the_number_of_the_others() {
    let names = |number: u64| (1..=number).map(|n| n.to_string()).collect::<Vec<_>>();
    assert!(listed(&names(10)).ends_with("'9', '10'"));
    assert!(listed(&names(12)).ends_with("'9', '10' and 2 more"));
}

#[test]
fn blanks_around_the_name_of_a_configuration_are_no_part_of_it() {
    let all = Configurations(vec![StoredTestConfiguration {
        id: TestConfigurationId(1),
        name: " Windows 11 ".to_owned(),
        is_active: true,
        is_default: true,
    }]);
    let found = all.find(&IdOrName::new("Windows 11"));
    assert_eq!(found.map(|one| one.id), Ok(TestConfigurationId(1)));
}
