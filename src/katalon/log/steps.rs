//! Follows the steps of a test case: which are open, and which of them failed.
//!
//! A log may have millions of steps, so nothing is kept of those that are over, except of the one
//! that explains the failure. A failure climbs: the innermost step says it first, then each step
//! around it, then the test case. A script may also catch one and go on. So two are kept, the first
//! and the last that climbed by itself, and the verdict on the test case tells which of them counts.

use std::rc::Rc;

use super::super::times::{between, from_millis};
use super::super::{Step, failure};

/// Steps inside each other that are followed; deeper ones are damage or made to break us.
const DEEPEST: usize = 256;

/// Levels of a step's number that are told; it stands beside each picture.
const LONGEST_NUMBER: usize = 16;

/// Letters of a message that have to agree with the verdict.
const COMPARED: usize = 60;

/// Something that began inside a test case and has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Inner {
    CalledTestCase(Rc<str>),
    Step(OpenStep),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OpenStep {
    /// Shared, because a failure notes the names of all steps around it, and a loop may fail
    /// thousands of times.
    name: Rc<str>,
    /// Whether it calls a test case.
    calls: bool,
    /// Position among the steps around it, as the script has it.
    index: Option<u32>,
    line: Option<u32>,
    started: Option<i64>,
}

/// The steps around a failure, each with its number.
type Place = Vec<(Option<u32>, Rc<str>)>;

/// A failure, and how far it has climbed.
#[derive(Clone, Debug, Default)]
struct Climbing {
    /// The step without its place.
    innermost: Step,
    place: Place,
    /// Which step that is; each that begins has a higher number.
    began_at: u64,
    /// Which step said it last.
    came_to: u64,
    /// How many steps had begun by then: if more did, the script went on.
    begun: u64,
}

/// The steps of the test case that is under way.
#[derive(Debug, Default)]
pub(super) struct Steps {
    open: Vec<(Inner, u64)>,
    /// Begun and not followed, because they are too deep.
    too_deep: usize,
    begun: u64,
    /// How many had begun when the verdict came; what follows cleans up.
    begun_at_verdict: Option<u64>,
    first: Option<Climbing>,
    last: Option<Climbing>,
}

impl Steps {
    /// Whether a message now is one of the test case itself.
    pub(super) fn none_open(&self) -> bool {
        self.open.is_empty() && self.too_deep == 0
    }

    /// Whether a test case that was called is under way, of which that is true.
    pub(super) fn calls(&self, is: impl Fn(&str) -> bool) -> bool {
        self.open.iter().any(|(inner, _)| match inner {
            Inner::CalledTestCase(name) => is(name),
            Inner::Step(_) => false,
        })
    }

    /// A step begins: `Start action : click(a)`.
    pub(super) fn begin(
        &mut self,
        message: &str,
        index: Option<u32>,
        line: Option<u32>,
        started: Option<i64>,
    ) {
        let name = message.strip_prefix("Start ").unwrap_or(message);
        let name: Rc<str> = match name.split_once(" : ") {
            Some(("action", name)) => name.into(),
            // `listener action : afterTestCase`, `tear down : closeAll`.
            Some((kind, name)) => format!("{kind} {name}").into(),
            None => name.into(),
        };
        self.push(Inner::Step(OpenStep {
            calls: name.contains("callTestCase"),
            name,
            index,
            line,
            started,
        }));
    }

    /// A step ends: `End action : click(a)`.
    pub(super) fn end(&mut self, message: &str) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return;
        }
        let ended = message.split_once(" : ").map_or("", |(_, name)| name);
        let in_reach = self.open.iter().rev().map_while(|(inner, _)| match inner {
            Inner::Step(step) => Some(step),
            Inner::CalledTestCase(_) => None,
        });
        // Where the end of a step was lost, that of the one around it ends both.
        let of_that_name = in_reach
            .clone()
            .position(|step| !ended.is_empty() && step.name.ends_with(ended));
        let count = of_that_name.map_or(1, |at| at + 1).min(in_reach.count());
        self.open.truncate(self.open.len() - count);
    }

    /// A test case is called.
    pub(super) fn call(&mut self, name: &str) {
        self.push(Inner::CalledTestCase(name.into()));
    }

    /// A test case that was called has ended, and the steps with it that it left open.
    pub(super) fn end_call(&mut self) {
        self.too_deep = 0;
        while let Some((inner, _)) = self.open.pop() {
            if matches!(inner, Inner::CalledTestCase(_)) {
                break;
            }
        }
    }

    fn push(&mut self, inner: Inner) {
        if self.open.len() >= DEEPEST {
            self.too_deep += 1;
            return;
        }
        self.begun += 1;
        self.open.push((inner, self.begun));
    }

    /// The number of the innermost step, `3.2`; empty outside of all steps that have one.
    pub(super) fn number(&self) -> String {
        let indices = self.open.iter().filter_map(|(inner, _)| match inner {
            Inner::Step(step) => step.index,
            Inner::CalledTestCase(_) => None,
        });
        let indices = indices.take(LONGEST_NUMBER);
        let indices: Vec<String> = indices.map(|index| index.to_string()).collect();
        indices.join(".")
    }

    /// The innermost step that is open, and which one that is.
    fn innermost_open(&self) -> Option<(&OpenStep, u64)> {
        self.open
            .iter()
            .rev()
            .find_map(|(inner, serial)| match inner {
                Inner::Step(step) => Some((step, *serial)),
                Inner::CalledTestCase(_) => None,
            })
    }

    /// The innermost step that is open, as it stands at that time.
    pub(super) fn innermost(&self, now: Option<i64>) -> Option<Step> {
        let (step, _) = self.innermost_open()?;
        Some(Step {
            place: told(&self.place()),
            ..step.at(now)
        })
    }

    /// The innermost step that is open says that it failed.
    pub(super) fn failed(&mut self, message: &str, now: Option<i64>) {
        let Some((step, serial)) = self.innermost_open() else {
            return;
        };
        let step = step.at(now);
        if let Some(last) = &mut self.last
            // An older step is one around it.
            && serial <= last.came_to
        {
            last.came_to = serial;
            last.begun = self.begun;
            // It may say more than once what is wrong; the last is what the verdict repeats.
            if serial == last.began_at {
                message.clone_into(&mut last.innermost.message);
            }
            return;
        }
        let climbing = Climbing {
            innermost: Step {
                message: message.to_owned(),
                ..step
            },
            place: self.place(),
            began_at: serial,
            came_to: serial,
            begun: self.begun,
        };
        if let Some(last) = self.last.replace(climbing) {
            self.first.get_or_insert(last);
        }
    }

    /// The verdict on the test case has come.
    pub(super) fn judged(&mut self) {
        self.begun_at_verdict.get_or_insert(self.begun);
    }

    fn place(&self) -> Place {
        let mut place = Place::new();
        let mut caller = None;
        for (inner, _) in &self.open {
            match inner {
                Inner::Step(step) => {
                    place.push((step.index, Rc::clone(&step.name)));
                    caller = step.calls.then_some(step.index);
                }
                Inner::CalledTestCase(name) => {
                    let index = caller.take().flatten();
                    if index.is_some() {
                        place.pop();
                    }
                    place.push((index, Rc::clone(name)));
                }
            }
        }
        place
    }

    /// The step whose failure the verdict on the test case tells of: with its words, or because the
    /// script went no further. `None` if there is none.
    pub(super) fn explains(&mut self, verdict: &str, test_case: &str) -> Option<Step> {
        let (first, last) = (self.first.take(), self.last.take());
        let verdict = failure::split(verdict, test_case).message;
        let is_told = |step: &Climbing| {
            let message = failure::reason_of(&step.innermost.message);
            let line = message.lines().next().unwrap_or_default().trim();
            let begin: String = line.chars().take(COMPARED).collect();
            !begin.is_empty() && verdict.contains(&begin)
        };
        let begun = self.begun_at_verdict.unwrap_or(self.begun);
        let last = last.filter(|last| is_told(last) || last.begun == begun);
        // With failures that let the script go on the first is the reason, else what came last.
        let first = first.filter(is_told);
        first.or(last).map(|climbing| Step {
            place: told(&climbing.place),
            ..climbing.innermost
        })
    }
}

impl OpenStep {
    /// The step as it stands at that time, without its place.
    fn at(&self, now: Option<i64>) -> Step {
        let started = self.started.and_then(from_millis);
        let now = now.and_then(from_millis);
        Step {
            place: Vec::new(),
            line: self.line,
            message: String::new(),
            duration: started
                .zip(now)
                .and_then(|(started, now)| between(started, now)),
        }
    }
}

fn told(place: &Place) -> Vec<String> {
    let numbered = |(index, name): &(Option<u32>, Rc<str>)| match index {
        Some(index) => format!("{index}. {name}"),
        None => name.to_string(),
    };
    place.iter().map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "Test Cases/A";

    /// Follows a script: `>` begins a step, `<` ends it, `!` says that it failed.
    fn place_after(script: &[&str], verdict: &str) -> Option<String> {
        let mut steps = Steps::default();
        let mut index = 0;
        for line in script {
            let (what, text) = line.split_at(1);
            match what {
                ">" => {
                    index += 1;
                    steps.begin(
                        &format!("Start action : {text}"),
                        Some(index),
                        Some(9),
                        None,
                    );
                }
                "<" => steps.end(&format!("End action : {text}")),
                "(" => steps.call(text),
                ")" => steps.end_call(),
                _ => steps.failed(text, None),
            }
        }
        let verdict =
            format!("{CASE} FAILED.\nReason:\nx.StepFailedException: {verdict}\n\tat a.b");
        steps
            .explains(&verdict, CASE)
            .map(|step| step.place.join(" > "))
    }

    #[test]
    fn a_failure_is_that_of_the_innermost_step_that_it_climbed_from() {
        for (script, verdict, place) in [
            (&[">click", "<click"][..], "no button", None),
            (
                &[">click", "!no button", "<click"],
                "no button",
                Some("1. click"),
            ),
            (
                &[">if", ">click", "!no button", "<click", "!no button", "<if"],
                "no button",
                Some("1. if > 2. click"),
            ),
            // Caught, and something else went wrong later.
            (
                &[
                    ">try",
                    ">verify",
                    "!no alert",
                    "<verify",
                    "<try",
                    ">click",
                    "!no button",
                ],
                "no button",
                Some("3. click"),
            ),
            // The script went on, and the first failure is the reason.
            (
                &[
                    ">verify",
                    "!no alert",
                    "<verify",
                    ">click",
                    "!no button",
                    "<click",
                ],
                "no alert",
                Some("1. verify"),
            ),
            (
                &[
                    ">verify",
                    "!no alert",
                    "<verify",
                    ">click",
                    "!no button",
                    "<click",
                ],
                "something else",
                Some("2. click"),
            ),
            // Caught, and nothing tells what went wrong later.
            (
                &[">verify", "!no alert", "<verify", ">click", "<click"],
                "else",
                None,
            ),
            // Nobody said it but the verdict, while the step was open.
            (
                &[">if", ">assert x", "!Test Cases/A FAILED.\nReason:\nx"],
                "x",
                Some("1. if > 2. assert x"),
            ),
            (
                &[
                    ">callTestCase(B)",
                    "(Test Cases/B",
                    ">click",
                    "!no button",
                    ")",
                    "!cannot call",
                ],
                "cannot call",
                Some("1. Test Cases/B > 2. click"),
            ),
            (
                &[
                    ">runFeatureFile(f)",
                    "(SCENARIO s",
                    ">User clicks",
                    "!no button",
                ],
                "no button",
                Some("1. runFeatureFile(f) > SCENARIO s > 2. User clicks"),
            ),
        ] {
            assert_eq!(place_after(script, verdict).as_deref(), place, "{script:?}");
        }
    }

    #[test]
    fn ends_that_were_lost_end_with_the_step_around_them() {
        let mut steps = Steps::default();
        for name in ["if", "click", "type"] {
            steps.begin(&format!("Start action : {name}"), Some(1), None, None);
        }
        steps.end("End action : if");
        assert!(steps.none_open());
        steps.call("Test Cases/B");
        steps.begin("Start action : click", Some(1), None, None);
        // That of a step whose beginning was lost ends one, and no call.
        steps.end("End action : other");
        steps.end("End action : if");
        assert!(steps.calls(|name| name == "Test Cases/B"));
        steps.end_call();
        assert!(steps.none_open());
    }

    #[test]
    fn steps_in_steps_without_end_are_not_kept() {
        let mut steps = Steps::default();
        for _ in 0..100_000 {
            steps.begin("Start action : again", Some(1), None, None);
        }
        assert_eq!(steps.open.len(), DEEPEST);
        for _ in 0..100_000 {
            steps.end("End action : again");
        }
        assert!(steps.none_open());
    }

    #[test]
    fn a_step_has_its_number_line_and_duration() {
        let mut steps = Steps::default();
        steps.begin("Start action : if", Some(3), None, None);
        let began = Some(1_754_902_500_000);
        steps.begin("Start action : click", Some(2), Some(21), began);
        assert_eq!(steps.number(), "3.2");
        let step = steps.innermost(began.map(|began| began + 1500)).unwrap();
        assert_eq!(
            (step.line, step.duration.unwrap().as_millis()),
            (Some(21), 1500)
        );
        let mut steps = Steps::default();
        steps.begin("Start listener action : afterTestCase", None, None, None);
        assert_eq!(steps.number(), "");
        let step = steps.innermost(began).unwrap();
        assert_eq!(step.place, ["listener action afterTestCase"]);
        assert_eq!((step.line, step.duration), (None, None));
    }
}
