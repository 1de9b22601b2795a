//! One case on machine and model: the same answers, the same transcript, the same verdict.

use std::fmt::{self, Display, Formatter};
use std::io::ErrorKind;

use wirescript::{Endpoint, Verifier};

use super::build::{self, Progress};
use super::model::Model;
use super::play::{self, Player};
use super::quiet::caught;
use super::script::{Case, ENDPOINTS, Op, Task};
use super::text::{Answer, Violation};

/// What came of a case on which the two agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// The script cannot be written.
    Refused,
    /// The verdict is for the client, which did something.
    Passed,
    /// It is not.
    Failed,
}

/// A case on which machine and model agree.
#[derive(Debug)]
pub(crate) struct Agreement {
    pub(crate) agreed: Agreed,
    /// What both say.
    pub(crate) told: Vec<String>,
}

/// Where machine and model differ first.
#[derive(Debug)]
pub(crate) struct Difference {
    case: Case,
    /// What both agree on before that.
    before: Vec<String>,
    machine: String,
    model: String,
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "machine and model differ\n\n{}", self.case)?;
        writeln!(f, "what both say")?;
        self.before.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        writeln!(f, "\nmachine  {}\nmodel    {}", self.machine, self.model)
    }
}

/// Plays the case, and compares all that is told.
pub(crate) fn compare(case: &Case) -> Result<Agreement, Box<Difference>> {
    let mut told = Told::default();
    let compared = match caught(|| run(case, &mut told)) {
        Ok(compared) => compared,
        Err(panic) => Err((format!("panicked: {panic:?}"), "no panic".to_owned())),
    };
    match compared {
        Ok(agreed) => Ok(Agreement { agreed, told: told.lines }),
        Err((machine, model)) => {
            let case = case.clone();
            Err(Box::new(Difference { case, before: told.lines, machine, model }))
        }
    }
}

/// What machine and model say, where they do not agree.
type Differ = (String, String);

#[derive(Default)]
struct Told {
    lines: Vec<String>,
}

impl Told {
    fn both(&mut self, machine: String, model: &str) -> Result<(), Differ> {
        if machine != model {
            return Err((machine, model.to_owned()));
        }
        self.lines.push(machine);
        Ok(())
    }

    /// Compares what the verdict would be now; says whether it is for the client.
    fn verdicts(&mut self, verifier: &Verifier, model: &Model) -> Result<bool, Differ> {
        let (machine, model) = (play::verdict(verifier), model.verdict());
        let nothing = "nothing more".to_owned();
        for place in 0..machine.len().max(model.len()) {
            let line = |lines: &[String]| lines.get(place).unwrap_or(&nothing).clone();
            self.both(line(&machine), &line(&model))?;
        }
        let complaints = ["violation", "unasserted", "unused"];
        Ok(!machine.iter().any(|line| complaints.iter().any(|word| line.starts_with(word))))
    }
}

fn run(case: &Case, told: &mut Told) -> Result<Agreed, Differ> {
    let verifier = play::verifier(case.setup);
    let net = verifier.socket();
    let places: Vec<_> = ENDPOINTS[..2].iter().map(|text| endpoint(text)).collect();
    let progress = Progress::default();
    let landed = caught(|| {
        build::land(net.new_session(), &case.script, case.setup.is_handed_out, &progress)
    });
    let model = Model::new(case);
    if landed.is_ok() != model.is_ok() {
        let _ = verifier.try_verify(); // what it would say when it is dropped is of no interest
    }
    let (landed, mut model) = match (landed, model) {
        (Ok(landed), Ok(model)) => (landed, model),
        (Ok(_), Err(at)) => return Err(differ("it can be written", &format!("refused at {at:?}"))),
        (Err(panic), Ok(_)) => {
            return Err(differ(&format!("refused: {}", panic.message), "it can be written"));
        }
        (Err(panic), Err(at)) => {
            panic.check_refusal(&case.script.method(progress.get()));
            told.both(format!("refused at {:?}", progress.get()), &format!("refused at {at:?}"))?;
            return match verifier.try_verify() {
                Ok(()) => Ok(Agreed::Refused),
                Err(report) => Err(differ(&report.to_string(), "nothing is left of it")),
            };
        }
    };
    let mut player = Player::new(&net, &places, landed);
    let played = play_on(case, &verifier, &mut player, &mut model, told);
    let _ = verifier.try_verify(); // what it would say when it is dropped is told already
    drop(verifier);
    let agreed = played?;
    after_the_end(&mut player, told)?;
    Ok(agreed)
}

fn play_on(
    case: &Case,
    verifier: &Verifier,
    player: &mut Player<'_>,
    model: &mut Model,
    told: &mut Told,
) -> Result<Agreed, Differ> {
    let mut parked: [Option<Parked>; 2] = [None, None];
    for op in &case.client {
        let expected = format!("{op}: {}", model.apply(op));
        let answer = player.apply(op);
        told.both(format!("{op}: {answer}"), &expected)?;
        match op {
            Op::Verify => _ = told.verdicts(verifier, model)?,
            Op::Drop => parked = [None, None],
            _ => {}
        }
        if let Some((side, task)) = side(op) {
            let is_parked = answer == Answer::Pending;
            let wakes = player.wakes(task);
            parked[side] = is_parked.then(|| Parked { op: op.clone(), task, wakes });
        }
        check_woken(&mut parked, player, model)?;
    }
    let is_passed = told.verdicts(verifier, model)?;
    Ok(if is_passed { Agreed::Passed } else { Agreed::Failed })
}

/// Whoever still uses a socket whose verifier is gone is told so (S4).
fn after_the_end(player: &mut Player<'_>, told: &mut Told) -> Result<(), Differ> {
    if player.socket.is_none() {
        return Ok(());
    }
    let expected = Answer::Refused(Box::new(Violation {
        kind: "VerifierGone".to_owned(),
        step: None,
        operation: "recv".to_owned(),
        expected: None,
        got: None,
        error: Some(ErrorKind::Other),
    }));
    told.both(player.apply(&Op::Read(Task::A, 1)).to_string(), &expected.to_string())
}

/// An operation that waits, and how often its task had been woken then.
struct Parked {
    op: Op,
    task: Task,
    wakes: usize,
}

/// Which of the two wakers the operation registers (C6), and whose task that is.
fn side(op: &Op) -> Option<(usize, Task)> {
    match op {
        Op::Connect { is_polled: true, .. } => Some((0, Task::A)),
        Op::Write(task, _) | Op::WriteVectored(task, _) | Op::Shutdown(task) => Some((0, *task)),
        Op::Read(task, _) => Some((1, *task)),
        _ => None,
    }
}

/// W1: whoever would no longer wait has been woken.
fn check_woken(
    parked: &mut [Option<Parked>; 2],
    player: &Player<'_>,
    model: &Model,
) -> Result<(), Differ> {
    for slot in parked {
        let Some(Parked { op, task, wakes }) = slot else { continue };
        if player.wakes(*task) > *wakes {
            *slot = None;
            continue;
        }
        let answer = model.clone().apply(op);
        if !matches!(answer, Answer::Pending | Answer::Impossible) {
            return Err(differ(
                &format!("nobody woke {task:?} from {op}"),
                &format!("which would now be: {answer}"),
            ));
        }
    }
    Ok(())
}

fn endpoint(text: &str) -> Endpoint {
    text.parse().expect("it is an endpoint")
}

fn differ(machine: &str, model: &str) -> Differ {
    (machine.to_owned(), model.to_owned())
}
