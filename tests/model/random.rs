//! Cases made of decisions: scripts that can mostly be written, and clients that mostly conform.

use std::io::ErrorKind;

use super::dice::Dice;
use super::model::Model;
use super::rules::{Rule, rule};
use super::script::{
    Batch, Case, Chunks, Count, Delay, Flag, Modifier, Op, Setup, Step, Task, Test, Value, What,
};

/// So many steps in a batch, and so many operations of a client, are enough to meet any others.
const STEPS: usize = 9;
const OPERATIONS: usize = 28;

/// What is sent and said: few words, of which some begin alike, so that many scripts collide.
const WORDS: [&[u8]; 10] =
    [b"ab", b"help", b"hello", b"b", b"hex", b"he", b"c", b"abb", b"ba", b"bbbb"];

/// Words that begin alike, of which only the last is the beginning of another.
const FORKS: [&[u8]; 5] = [b"help", b"hello", b"hex", b"heb", b"he"];

const SIZES: [usize; 6] = [64, 1, 2, 3, 5, 0];

const KINDS: [ErrorKind; 7] = [
    ErrorKind::TimedOut,
    ErrorKind::ConnectionReset,
    ErrorKind::BrokenPipe,
    ErrorKind::ConnectionAborted,
    ErrorKind::UnexpectedEof,
    ErrorKind::WouldBlock,
    ErrorKind::Interrupted,
];

/// The case that the bytes make.
pub(crate) fn case(bytes: &[u8]) -> Case {
    let mut dice = Dice::new(bytes);
    let setup = Setup {
        is_handed_out: dice.below(2) == 0,
        has_no_patience: dice.one_in(4),
        is_explicit: dice.one_in(8),
        is_bytewise: dice.one_in(6),
    };
    let mut script = batch(&mut dice, &[], setup.is_handed_out);
    // `then` and a client that goes on need a script that is not at its end.
    if dice.one_in(4) {
        script.flags.push(Flag::OpenEnded);
    }
    let mut case = Case { setup, script, client: Vec::new() };
    if let Ok(model) = Model::new(&case) {
        case.client = client(&mut dice, model);
    }
    case
}

fn batch(dice: &mut Dice<'_>, before: &[Rule], is_handed_out: bool) -> Batch {
    let mut batch = Batch::default();
    let mut rules = before.to_vec();
    if before.is_empty() && is_handed_out == dice.one_in(24) {
        let to = value(dice, |dice| if dice.one_in(12) { dice.below(3) } else { 0 });
        add(dice, What::Connect(to), &mut rules, &mut batch);
    }
    while !dice.is_spent() && batch.steps.len() < STEPS && !dice.one_in(10) {
        let goes_on = match dice.one_in(10) {
            true => fork(dice, &mut rules, &mut batch),
            false => {
                let what = what(dice);
                add(dice, what, &mut rules, &mut batch)
            }
        };
        if !goes_on {
            break;
        }
    }
    for flag in [Flag::Lockstep, Flag::StaysOpen] {
        if dice.one_in(6) {
            batch.flags.push(flag);
        }
    }
    batch
}

/// Adds a step, or seldom one that cannot be written; says whether anything can follow.
fn add(dice: &mut Dice<'_>, what: What, rules: &mut Vec<Rule>, batch: &mut Batch) -> bool {
    let mut step = Step { what, modifiers: Vec::new() };
    while step.modifiers.len() < 3 && dice.below(5) > 2 {
        step.modifiers.extend(modifier(dice, &step.what));
    }
    push(dice, step, rules, batch)
}

/// Adds the step if it can be written, and seldom if it cannot; says whether anything can follow.
fn push(dice: &mut Dice<'_>, step: Step, rules: &mut Vec<Rule>, batch: &mut Batch) -> bool {
    match rule(&step, rules) {
        Ok(rule) => rules.push(rule),
        Err(_) if dice.one_in(24) => {
            batch.steps.push(step);
            return false;
        }
        Err(_) => return true,
    }
    batch.steps.push(step);
    true
}

/// Adds two steps that begin alike, of which the first may be left out or come again.
fn fork(dice: &mut Dice<'_>, rules: &mut Vec<Rule>, batch: &mut Batch) -> bool {
    let modifiers = [
        Modifier::Optional,
        Modifier::Times(Count::UpTo(2)),
        Modifier::Times(Count::From(1)),
        Modifier::Times(Count::Between(1, 2)),
    ];
    for modifier in [Some(dice.pick(&modifiers)), None] {
        let what = What::SendAll(Value::Is(dice.pick(&FORKS).to_vec()));
        let step = Step { what, modifiers: modifier.into_iter().collect() };
        if !push(dice, step, rules, batch) {
            return false;
        }
        if dice.one_in(3) && !add(dice, What::Recv(b"ab".to_vec()), rules, batch) {
            return false;
        }
    }
    true
}

fn what(dice: &mut Dice<'_>) -> What {
    match dice.below(24) {
        0..=5 => What::SendAll(value(dice, word)),
        6..=9 => What::Send(value(dice, word)),
        10..=15 => What::Recv(word(dice)),
        16 => What::RecvError(kind(dice)),
        17 | 18 => What::Reset,
        19 => What::Eof,
        20 | 21 => What::Shutdown,
        22 => What::Close,
        _ => What::Connect(Value::Any),
    }
}

fn value<T>(dice: &mut Dice<'_>, literal: impl Fn(&mut Dice<'_>) -> T) -> Value<T> {
    match dice.below(12) {
        0..=7 => Value::Is(literal(dice)),
        8 | 9 => Value::Any,
        10 => Value::Matching(Test::EvenLength),
        _ => {
            let others = [Test::BeginsWithA, Test::EvenLength, Test::Nothing, Test::Panics];
            Value::Matching(dice.pick(&others))
        }
    }
}

fn word(dice: &mut Dice<'_>) -> Vec<u8> {
    if dice.one_in(64) {
        return Vec::new();
    }
    dice.pick(&WORDS).to_vec()
}

fn kind(dice: &mut Dice<'_>) -> ErrorKind {
    let known = if dice.one_in(16) { &KINDS[..] } else { &KINDS[..5] };
    dice.pick(known)
}

/// A modifier that the builder has behind such a step.
fn modifier(dice: &mut Dice<'_>, what: &What) -> Option<Modifier> {
    let has_times = matches!(what, What::Send(_) | What::SendAll(_) | What::Recv(_));
    let has_raises = what.is_heard() && *what != What::Close;
    let has_after = !what.is_heard() || matches!(what, What::Connect(_));
    let has_never = matches!(what, What::Connect(_) | What::Recv(_));
    match dice.below(9) {
        0..=2 => Some(Modifier::Optional),
        3 | 4 if has_times => Some(Modifier::Times(count(dice))),
        5 if has_raises => Some(Modifier::Raises(kind(dice))),
        6 if has_after => Some(Modifier::After(dice.pick(&[Delay::Zero, Delay::Hour]))),
        7 if has_never => Some(Modifier::Never),
        8 => match what {
            What::Send(_) => Some(Modifier::Accepts(1 + dice.below(3))),
            What::Recv(bytes) => Some(Modifier::InChunks(chunks(dice, bytes.len()))),
            _ => None,
        },
        _ => None,
    }
}

fn count(dice: &mut Dice<'_>) -> Count {
    let few = dice.below(3);
    match dice.below(6) {
        0 | 1 => Count::Exactly(2),
        2 => Count::From(few),
        3 => Count::Between(few, few + 1),
        4 => Count::UpTo(few),
        _ => Count::Between(few, dice.below(3)),
    }
}

fn chunks(dice: &mut Dice<'_>, len: usize) -> Chunks {
    match dice.below(4) {
        0 => Chunks::Each(1 + dice.below(3)),
        1 => Chunks::Each(dice.below(3)),
        2 if len > 1 => Chunks::List(vec![1, len - 1]),
        _ => Chunks::List(vec![1 + dice.below(2), 1]),
    }
}

/// What the client does: what the script invites it to, but for a part that a first decision sets.
fn client(dice: &mut Dice<'_>, mut model: Model) -> Vec<Op> {
    let mut ops = Vec::new();
    if !model.setup.is_handed_out {
        let to = usize::from(dice.one_in(16));
        ops.push(Op::Connect { to, is_polled: !dice.one_in(16) });
        model.apply(&ops[0]);
    }
    let strays_once_in = dice.pick(&[256, 16, 4, 1]);
    while !dice.is_spent() && ops.len() < OPERATIONS {
        let op = match dice.one_in(strays_once_in) {
            true => any_op(dice, &model),
            false => invited_op(dice, &model),
        };
        model.apply(&op);
        ops.push(op);
    }
    ops
}

fn any_op(dice: &mut Dice<'_>, model: &Model) -> Op {
    let task = task(dice);
    match dice.below(20) {
        0..=5 => Op::Write(task, word(dice)),
        6..=9 => Op::Read(task, dice.pick(&SIZES)),
        10 | 11 => Op::Flush(task),
        12 => Op::WriteVectored(task, vec![word(dice), Vec::new(), word(dice)]),
        13 | 14 => Op::Shutdown(task),
        15 => Op::Verify,
        16 => Op::Connect { to: dice.below(2), is_polled: !dice.one_in(4) },
        17 | 18 if !model.setup.is_handed_out => Op::Then(batch(dice, &model.rules, false)),
        _ => Op::Drop,
    }
}

/// Something that a client does which follows the script.
fn invited_op(dice: &mut Dice<'_>, model: &Model) -> Op {
    let task = task(dice);
    if dice.one_in(12) {
        return match dice.below(6) {
            0 => Op::Flush(task),
            1 => Op::Shutdown(task),
            2 => Op::Verify,
            3 => Op::Drop,
            _ if model.setup.is_handed_out => Op::Flush(task),
            _ => Op::Then(batch(dice, &model.rules, false)),
        };
    }
    let (invited, begun) = model.invited();
    let is_to_read = model.said_next().is_some() && dice.below(2) == 0;
    if is_to_read || invited.is_empty() {
        return Op::Read(task, dice.pick(&SIZES[..5]));
    }
    let step = dice.pick(&invited);
    let mut data = match &model.rules[step].what {
        What::Connect(_) => return Op::Connect { to: 0, is_polled: true },
        What::Shutdown => return Op::Shutdown(task),
        What::Close => return Op::Drop,
        What::SendAll(Value::Is(literal)) => literal[begun.len()..].to_vec(),
        What::Send(Value::Is(literal)) => literal.clone(),
        _ => word(dice),
    };
    // What follows may come in the same write, and what does not fit in the next.
    if matches!(model.rules[step].what, What::SendAll(_)) {
        let literals = model.rules[step + 1..].iter().filter_map(|rule| match rule.what.sent() {
            Some(Value::Is(literal)) => Some(literal),
            _ => None,
        });
        for literal in literals {
            if dice.below(3) == 0 {
                break;
            }
            data.extend(literal);
        }
        if dice.below(3) == 2 {
            data.truncate(1 + dice.below(data.len().max(1)));
        }
    }
    if dice.one_in(8) {
        let (first, second) = data.split_at(dice.below(data.len() + 1));
        return Op::WriteVectored(task, vec![first.to_vec(), second.to_vec()]);
    }
    Op::Write(task, data)
}

fn task(dice: &mut Dice<'_>) -> Task {
    if dice.one_in(4) { Task::B } else { Task::A }
}
