//! The automation fields of test cases.

use ado_stand_in::{Rule, StandIn, WorkItem};

use crate::support::holdings::{asked, meanwhile};
use crate::support::plan::{add_case, add_plan, katalon_project, on_points, test_case};
use crate::support::{Case, Reports, TaskRun, assert_swagger, service};

const STATUS: &str = "Microsoft.VSTS.TCM.AutomationStatus";
const NAME: &str = "Microsoft.VSTS.TCM.AutomatedTestName";
const STORAGE: &str = "Microsoft.VSTS.TCM.AutomatedTestStorage";
const KIND: &str = "Microsoft.VSTS.TCM.AutomatedTestType";

fn planned() -> StandIn {
    let service = service();
    add_plan(&service);
    add_case(&service, 41, "Log in");
    add_case(&service, 42, "Pay by card");
    service
}

fn reports() -> Reports {
    let reports = Reports::new().with_suite("Smoke", &[Case::passed("Login"), Case::passed("Pay")]);
    katalon_project(&reports);
    test_case(&reports, "Login", "41", "");
    test_case(&reports, "Pay", "42", "");
    reports
}

fn publish(service: &StandIn, reports: &Reports, how: &str) -> TaskRun {
    TaskRun::new(service, reports.path())
        .input("testPlan", "510")
        .input("whenAlreadyPublished", "publish")
        .input("automationFields", how)
}

/// Status, name, storage and type of a test case.
fn fields(service: &StandIn, id: u64) -> [String; 4] {
    let item = service.work_item(id).unwrap();
    [STATUS, NAME, STORAGE, KIND].map(|name| {
        let value = item.fields.get(name);
        value.map_or(String::new(), |value| value.as_str().unwrap().to_owned())
    })
}

#[test]
fn fields_are_kept_filled_or_overridden_as_asked_before_the_run_is_made() {
    let service = planned();
    let by_hand = WorkItem::test_case(42, "Pay by card").field(STORAGE, "Other");
    service.add_work_item(by_hand);
    let reports = reports();
    assert_eq!(publish(&service, &reports, "keep").run().code, 0);
    assert_eq!(service.work_item(41).unwrap().revision, 1);
    assert!(asked(&service, "PATCH", "$batch").is_empty());
    let run = publish(&service, &reports, "fill").run();
    assert_eq!(run.code, 0, "{}", run.everything());
    run.says("Automation fields of 2 test cases set");
    assert_eq!(
        fields(&service, 41),
        ["Automated", "Test Cases/Login", "Shop tests", "Katalon"]
    );
    assert_eq!(
        fields(&service, 42),
        ["Automated", "Test Cases/Pay", "Other", "Katalon"]
    );
    let run = publish(&service, &reports, "override").run();
    run.says("Automation fields of 1 test case set");
    assert_eq!(fields(&service, 42)[2], "Shop tests");
    assert_eq!(service.work_item(41).unwrap().revision, 2);
    // What is so already is not written.
    publish(&service, &reports, "override").run();
    assert_eq!(asked(&service, "PATCH", "$batch").len(), 2);
    assert_eq!(service.work_item(42).unwrap().revision, 3);
    let requests = service.requests();
    let place = |method: &str, ending: &str| {
        let found = requests
            .iter()
            .position(|one| one.method == method && one.path.ends_with(ending));
        found.unwrap()
    };
    let creations: Vec<usize> = (0..requests.len())
        .filter(|&at| requests[at].method == "POST" && requests[at].path.ends_with("/test/runs"))
        .collect();
    let batch = place("PATCH", "$batch");
    assert!(
        creations[0] < batch && batch < creations[1],
        "{creations:?} {batch}"
    );
    assert_swagger(&service);
}

#[test]
fn a_dry_run_touches_no_work_item() {
    let service = planned();
    let reports = reports();
    let run = publish(&service, &reports, "override").input("dryRun", "true");
    assert_eq!(run.run().code, 0);
    assert!(asked(&service, "PATCH", "$batch").is_empty());
}

#[test]
fn a_test_case_that_somebody_changes_meanwhile_is_read_again_once() {
    let service = planned();
    let reports = reports();
    service.script(meanwhile("PATCH", "$batch", |service| {
        service.edit_work_item(41, |item| item.title = "Sign in".to_owned());
    }));
    let run = publish(&service, &reports, "fill").run();
    assert_eq!(run.issues("warning"), [""; 0], "{}", run.everything());
    assert_eq!(fields(&service, 41)[0], "Automated");
    assert_eq!(service.work_item(41).unwrap().title, "Sign in");
    // And whoever changes it each time wins.
    let service = planned();
    let always: Rule = meanwhile("PATCH", "$batch", |service| {
        service.edit_work_item(41, |item| item.title.push('!'));
    });
    service.script(always.times(None));
    let run = publish(&service, &reports, "fill").run();
    assert_eq!(run.code, 0);
    assert_eq!(run.issues("warning"), ["KADO062"]);
    assert_eq!(fields(&service, 42)[0], "Automated");
    assert_eq!(on_points(&service).len(), 2);
}

#[test]
fn a_missing_permission_is_one_message_and_the_results_are_published() {
    let service = planned();
    service.configure(|settings| {
        settings.denied.push("Edit work items in this node".into());
    });
    let reports = reports();
    let run = publish(&service, &reports, "fill").run();
    assert_eq!(run.code, 0, "{}", run.everything());
    assert_eq!(run.issues("warning"), ["KADO062"]);
    run.says("automation fields of 2 test cases could not be set: test case 41: 403: TF237111");
    run.says("'Shop Build Service (contoso)' needs the permission");
    assert_eq!(on_points(&service).len(), 2);
}
