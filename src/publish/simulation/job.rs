//! A process that publishes, request by request.

use super::dice::Dice;
use super::model::{Handled, Model};
use crate::azure_devops::sent::{Refusal, RefusalKind, Sent, Trouble, TroubleKind};
use crate::publish::desired::Desired;
use crate::publish::fate::Fate;
use crate::publish::seen::{Answer, Place, Seen, Wait};
use crate::publish::step::{self, Step};
use crate::secrets::Clean;

/// No process needs more requests.
const MOST_REQUESTS: usize = 20_000;

/// What may go wrong, in percent.
#[derive(Clone, Copy, Default)]
pub(super) struct Weather {
    /// Requests that fail.
    pub(super) faults: u64,
    /// Requests at which the process is killed.
    pub(super) kills: u64,
    /// Requests that fail may be handled long after.
    pub(super) late: bool,
}

pub(super) const FAIR: Weather = Weather {
    faults: 0,
    kills: 0,
    late: false,
};

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// A request was made.
    Went,
    /// Nothing is missing any more.
    Done,
    /// The process is no more.
    Killed,
}

/// A process.
pub(super) struct Job<'a> {
    /// What it began with.
    pub(super) given: &'a Desired,
    /// What that came to.
    pub(super) desired: Desired,
    pub(super) seen: Seen,
    pub(super) requests: usize,
}

impl<'a> Job<'a> {
    pub(super) fn new(desired: &'a Desired) -> Self {
        Self {
            given: desired,
            desired: desired.clone(),
            seen: Seen::nothing(desired),
            requests: 0,
        }
    }

    /// Until nothing is missing or it is killed; `None` if it was.
    pub(super) fn run(
        mut self,
        model: &mut Model,
        dice: &mut Dice,
        weather: Weather,
    ) -> Option<Self> {
        loop {
            match self.turn(model, dice, weather) {
                Turn::Went => {}
                Turn::Done => return Some(self),
                Turn::Killed => return None,
            }
        }
    }

    /// The next request, if there is one.
    pub(super) fn turn(&mut self, model: &mut Model, dice: &mut Dice, weather: Weather) -> Turn {
        let Some(step::Next { step, wait }) = step::next(&self.desired, &self.seen) else {
            return Turn::Done;
        };
        self.requests += 1;
        assert!(self.requests < MOST_REQUESTS, "no end: {step:?}");
        model.tick();
        // A wait is longer than anything the service may still be at work on, mostly.
        if wait != Wait::No && !dice.percent(30) {
            (0..6).for_each(|_| model.tick());
        }
        if dice.percent(weather.kills) {
            if dice.percent(50) {
                model.handle(&self.desired, &step);
            }
            return Turn::Killed;
        }
        if let Step::Attach {
            run,
            id,
            attachments,
        } = &step
        {
            let answered = self.seen.begin_attaching();
            for &(at, place) in attachments {
                let one = Step::Attach {
                    run: *run,
                    id: *id,
                    attachments: vec![(at, place)],
                };
                let sent = send(&self.desired, &one, model, dice, weather);
                let sent = without_answer(sent);
                let stop = self.seen.learn_attachment(*run, at, &sent, answered);
                assert!(stop.is_none());
            }
            return Turn::Went;
        }
        let sent = send(&self.desired, &step, model, dice, weather);
        assert!(self.seen.learn(&self.desired, &step, sent).is_none());
        self.seen.adapt(&mut self.desired);
        Turn::Went
    }

    /// Gives up, and ends what is open.
    pub(super) fn give_up(&mut self) {
        self.seen.give_up("enough", &Clean::own("enough"));
    }

    /// Whether everything is in finished runs, as far as it knows.
    pub(super) fn has_published(&self) -> bool {
        self.seen.places.iter().all(|place| {
            matches!(
                place,
                Place::Settled(Fate::Published { .. } | Fate::AlreadyPublished { .. })
            )
        })
    }
}

/// Sends a request in this weather.
fn send(
    desired: &Desired,
    step: &Step,
    model: &mut Model,
    dice: &mut Dice,
    weather: Weather,
) -> Sent<Answer> {
    if !dice.percent(weather.faults) {
        return match model.handle(desired, step) {
            Handled::Answer(answer) => Sent::Answered(answer),
            Handled::Refusal(status) => Sent::Refused(refusal(status)),
            Handled::Says(status, message) => Sent::Refused(Refusal {
                message,
                ..refusal(status)
            }),
            Handled::Breaks => Sent::Unknown(trouble(TroubleKind::Server)),
        };
    }
    let kinds = [
        TroubleKind::Connect,
        TroubleKind::Busy,
        TroubleKind::Cut,
        TroubleKind::Server,
        TroubleKind::Answer,
        TroubleKind::Silent,
    ];
    let kind = kinds[dice.roll(kinds.len() as u64) as usize];
    let never_leaves = kind == TroubleKind::Connect || !step.writes();
    if never_leaves || (kind == TroubleKind::Busy && dice.percent(50)) {
        return Sent::NotSent(trouble(kind));
    }
    // Lost on the way there, lost on the way back, or handled after everybody has gone.
    match dice.roll(3) {
        0 => {}
        1 if weather.late => {
            // Longer than anybody looks, now and then.
            let longest = if matches!(step, Step::FillResults { .. }) {
                150
            } else {
                60
            };
            model.handle_late(desired, step, 1 + dice.roll(longest));
        }
        _ => {
            model.handle(desired, step);
        }
    }
    let kind = if weather.late {
        TroubleKind::Silent
    } else {
        kind
    };
    Sent::Unknown(trouble(kind))
}

fn without_answer(sent: Sent<Answer>) -> Sent<()> {
    match sent {
        Sent::Answered(_) => Sent::Answered(()),
        Sent::Refused(refusal) => Sent::Refused(refusal),
        Sent::NotSent(trouble) => Sent::NotSent(trouble),
        Sent::Unknown(trouble) => Sent::Unknown(trouble),
    }
}

pub(super) fn trouble(kind: TroubleKind) -> Trouble {
    Trouble {
        request: String::new(),
        cause: "simulated".to_owned(),
        kind,
        retry_after: None,
    }
}

pub(super) fn refusal(status: u16) -> Refusal {
    Refusal {
        request: String::new(),
        status,
        type_key: String::new(),
        message: "simulated".to_owned(),
        activity_id: String::new(),
        kind: RefusalKind::Status,
    }
}
