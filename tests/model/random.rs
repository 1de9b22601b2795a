//! Cases made of decisions: scripts that can mostly be written, and clients that mostly conform.

use std::io::ErrorKind;

use super::dice::Dice;
use super::frames::Frame;
use super::model::Model;
use super::script::{
    Batch, Case, Chunks, Count, Delay, Extent, Flag, Form, Framing, Ingredient, Modifier, Op, Part,
    Setup, Step, Task, Test, Value, What,
};
use super::written::{Script, Written};

/// So many steps in a batch, and so many operations of a client, are enough to meet any others.
const STEPS: usize = 9;
const OPERATIONS: usize = 28;

/// What is sent and said: few words, of which some begin alike, so that many scripts collide.
const WORDS: [&[u8]; 10] =
    [b"ab", b"help", b"hello", b"b", b"hex", b"he", b"c", b"abb", b"ba", b"bbbb"];

/// Words that begin alike, of which only the last is the beginning of another.
const FORKS: [&[u8]; 5] = [b"help", b"hello", b"hex", b"heb", b"he"];

/// What rules hear: some begin as steps do, and most can be told from them.
const RULES: [&[u8]; 6] = [b"p", b"hey", b"helm", b"pq", b"bc", b"ac"];

/// What ends parts: found at once, or behind what begins like it.
const DELIMITERS: [&[u8]; 6] = [b"b", b"ab", b"c", b"bb", b"aab", b"abab"];

/// What comes before a delimiter, or where nothing is said.
const NOISE: [&[u8]; 8] = [b"a", b"", b"ab", b"aba", b"aa", b"hello", b"abaab", b"\r"];

/// What is no frame, or only the beginning of one.
const JUNK: [&[u8]; 8] =
    [&[0xff; 9], &[0xff], &[0x80; 12], b"\r", b"\n", &[0, 0, 0], b"-", b"\x04abcdef"];

const NAMES: [&str; 2] = ["x", "y"];

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
    let mut script = batch(&mut dice, Script::default(), setup.is_handed_out);
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

fn batch(dice: &mut Dice<'_>, mut script: Script, is_handed_out: bool) -> Batch {
    let mut batch = Batch::default();
    if script.steps.is_empty() && is_handed_out == dice.one_in(24) {
        if dice.one_in(16) {
            let rule = rule(dice);
            add(dice, rule, &mut script, &mut batch);
        }
        let to = value(dice, |dice| if dice.one_in(12) { dice.below(3) } else { 0 });
        add(dice, What::Connect(to), &mut script, &mut batch);
    }
    while !dice.is_spent() && batch.steps.len() < STEPS && !dice.one_in(10) {
        let goes_on = match dice.one_in(10) {
            true => fork(dice, &mut script, &mut batch),
            false => {
                let what = what(dice, &script);
                add(dice, what, &mut script, &mut batch)
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
fn add(dice: &mut Dice<'_>, what: What, script: &mut Script, batch: &mut Batch) -> bool {
    let mut step = Step { what, modifiers: Vec::new() };
    while step.modifiers.len() < 3 && dice.below(5) > 2 {
        step.modifiers.extend(modifier(dice, &step.what));
    }
    push(dice, step, script, batch)
}

/// Adds the step if it can be written, and seldom if it cannot; says whether anything can follow.
fn push(dice: &mut Dice<'_>, step: Step, script: &mut Script, batch: &mut Batch) -> bool {
    let is_refused = script.add(&step).is_err();
    if is_refused && !dice.one_in(24) {
        return true;
    }
    batch.steps.push(step);
    !is_refused
}

/// Adds two steps that begin alike, of which the first may be left out or come again.
fn fork(dice: &mut Dice<'_>, script: &mut Script, batch: &mut Batch) -> bool {
    let modifiers = [
        Modifier::Optional,
        Modifier::Times(Count::UpTo(2)),
        Modifier::Times(Count::From(1)),
        Modifier::Times(Count::Between(1, 2)),
    ];
    for modifier in [Some(dice.pick(&modifiers)), None] {
        let what = What::SendAll(Value::Is(dice.pick(&FORKS).to_vec()));
        let step = Step { what, modifiers: modifier.into_iter().collect() };
        if !push(dice, step, script, batch) {
            return false;
        }
        if dice.one_in(3) && !add(dice, What::Recv(b"ab".to_vec()), script, batch) {
            return false;
        }
    }
    true
}

fn what(dice: &mut Dice<'_>, script: &Script) -> What {
    // Who speaks in frames does so mostly.
    if script.framing.is_some() && dice.one_in(3) {
        return match dice.below(6) {
            0 => What::SendFrame(sent(dice)),
            1 | 2 => What::SendFrame(Value::Any),
            3 => What::SendFrame(run(dice)),
            _ => What::RecvFrame(payload(dice)),
        };
    }
    match dice.below(33) {
        0..=5 => What::SendAll(sent(dice)),
        6..=8 => What::Send(sent(dice)),
        9..=13 => What::Recv(word(dice)),
        14 => What::RecvError(kind(dice)),
        15 | 16 => What::Reset,
        17 => What::Eof,
        18 | 19 => What::Shutdown,
        20 => What::Close,
        21 => What::Connect(Value::Any),
        22..=24 => What::Reply(reply(dice)),
        25..=28 => match dice.below(12) {
            0..=5 if script.framing.is_some() => What::SendFrame(sent(dice)),
            6..=10 if script.framing.is_some() => What::RecvFrame(payload(dice)),
            11 => What::SendFrame(sent(dice)),
            _ => What::Framed(framing(dice)),
        },
        _ => rule(dice),
    }
}

fn rule(dice: &mut Dice<'_>) -> What {
    let begin = dice.pick(&RULES).to_vec();
    let heard = match dice.below(6) {
        0..=2 => Value::Is(begin),
        3 | 4 => {
            let begin = Part { extent: Extent::Literal(begin), capture: None, test: None };
            Value::Parts([vec![begin], parts(dice)].concat())
        }
        _ => sent(dice),
    };
    match dice.below(5) {
        0 => What::Allows(heard),
        1 | 2 => What::Whenever(heard, Box::new(What::Reply(reply(dice)))),
        _ => What::Whenever(heard, Box::new(What::Recv(word(dice)))),
    }
}

/// Bytes that a step hears.
fn sent(dice: &mut Dice<'_>) -> Value<Vec<u8>> {
    if dice.one_in(3) { run(dice) } else { value(dice, word) }
}

/// Bytes by their parts.
fn run(dice: &mut Dice<'_>) -> Value<Vec<u8>> {
    let run = parts(dice);
    // Neither is a part that could stand alone.
    match &run[..] {
        [Part { extent: Extent::Literal(_), .. }] => value(dice, word),
        [Part { extent: Extent::ToPause, .. }] => Value::Any,
        _ => Value::Parts(run),
    }
}

fn parts(dice: &mut Dice<'_>) -> Vec<Part> {
    if dice.one_in(128) {
        return Vec::new();
    }
    let count = 1 + dice.below(3);
    let mut run = Vec::new();
    while run.len() < count {
        let is_last = run.len() + 1 == count;
        let extent = match dice.below(12) {
            0..=2 => Extent::Literal(word(dice)),
            3..=5 => Extent::Len(if dice.one_in(32) { 0 } else { 1 + dice.below(3) }),
            6..=8 if dice.one_in(96) => Extent::Until(Vec::new()),
            9 if is_last || dice.one_in(48) => Extent::ToPause,
            10 if is_last || dice.one_in(48) => Extent::ToEnd,
            _ => Extent::Until(dice.pick(&DELIMITERS).to_vec()),
        };
        let is_plain = matches!(extent, Extent::Literal(_) | Extent::ToPause);
        let capture = Some(dice.pick(&NAMES)).filter(|_| !is_plain && dice.below(5) < 3);
        let tests =
            [Test::EvenLength, Test::BeginsWithA, Test::EvenLength, Test::Nothing, Test::Panics];
        let test = Some(dice.pick(&tests)).filter(|_| !is_plain && dice.one_in(5));
        run.push(Part { extent, capture, test });
    }
    run
}

fn reply(dice: &mut Dice<'_>) -> Vec<Ingredient> {
    let count = if dice.one_in(24) { 0 } else { 1 + dice.below(2) };
    let ingredient = |dice: &mut Dice<'_>| match dice.below(5) {
        0 => Ingredient::Literal(b"+"),
        1 | 2 => Ingredient::Bytes,
        _ => Ingredient::Capture(dice.pick(&NAMES)),
    };
    (0..count).map(|_| ingredient(dice)).collect()
}

fn framing(dice: &mut Dice<'_>) -> Framing {
    let form = match dice.below(8) {
        0 | 1 => Form::U8,
        2 => Form::U16,
        3 => Form::Varint,
        4 => Form::Lf,
        5 => Form::CrLf,
        _ if dice.one_in(32) => Form::Delimited(Vec::new()),
        _ => Form::Delimited(dice.pick(&[&b"--"[..], b"c", b"-=-", b"aab"]).to_vec()),
    };
    Framing { form, limit: dice.pick(&[None, Some(5), Some(3), Some(130), Some(1)]) }
}

/// What a frame has in it: a word, or nothing, or what is long.
fn payload(dice: &mut Dice<'_>) -> Vec<u8> {
    match dice.below(8) {
        6 => Vec::new(),
        7 => vec![b'a'; 129],
        _ => word(dice),
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
    if let What::Whenever(..) = what {
        return Some(Modifier::After(dice.pick(&[Delay::Zero, Delay::Hour])));
    }
    if matches!(what, What::Allows(_) | What::Framed(_)) {
        return None;
    }
    let is_bytes_said = what.is_bytes_said();
    let has_times = what.sent().is_some() || is_bytes_said || matches!(what, What::RecvError(_));
    let has_raises = what.is_heard() && *what != What::Close;
    let has_after = !what.is_heard() || matches!(what, What::Connect(_));
    let has_never = matches!(what, What::Connect(_)) || is_bytes_said;
    match dice.below(9) {
        0..=2 => Some(Modifier::Optional),
        3 | 4 if has_times => Some(Modifier::Times(count(dice))),
        5 if has_raises => Some(Modifier::Raises(kind(dice))),
        6 if has_after => Some(Modifier::After(dice.pick(&[Delay::Zero, Delay::Hour]))),
        7 if has_never => Some(Modifier::Never),
        8 => match what {
            What::Send(_) => Some(Modifier::Accepts(1 + dice.below(3))),
            What::Recv(bytes) | What::RecvFrame(bytes) => {
                Some(Modifier::InChunks(chunks(dice, bytes.len())))
            }
            What::Reply(_) => Some(Modifier::InChunks(chunks(dice, 3))),
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
        0..=4 => Op::Write(task, word(dice)),
        5 => Op::Write(task, dice.pick(&JUNK).to_vec()),
        6..=9 => Op::Read(task, dice.pick(&SIZES)),
        10 | 11 => Op::Flush(task),
        12 => Op::WriteVectored(task, vec![word(dice), Vec::new(), word(dice)]),
        13 | 14 => Op::Shutdown(task),
        15 => Op::Verify,
        16 => Op::Connect { to: dice.below(2), is_polled: !dice.one_in(4) },
        17 | 18 if !model.setup.is_handed_out => Op::Then(batch(dice, model.script(), false)),
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
            _ => Op::Then(batch(dice, model.script(), false)),
        };
    }
    let (invited, begun) = model.invited();
    let is_anything_said = model.said_next().is_some() || model.owed().is_some();
    let is_to_read = is_anything_said && dice.below(2) == 0;
    if is_to_read || invited.is_empty() {
        return Op::Read(task, dice.pick(&SIZES[..5]));
    }
    let step = dice.pick(&invited);
    let written = &model.steps[step];
    match written.what {
        What::Connect(_) => return Op::Connect { to: 0, is_polled: true },
        What::Shutdown => return Op::Shutdown(task),
        What::Close => return Op::Drop,
        _ => {}
    }
    let mut data = rest(dice, written, begun);
    // What follows may come in the same write, and what does not fit in the next.
    if !matches!(written.what, What::Send(_)) {
        for place in 0..model.steps.len() {
            let next = &model.steps[place];
            if next.what.sent().is_none() || place <= step && !next.is_standing {
                continue;
            }
            match dice.below(4) {
                0 | 1 if next.is_standing => continue,
                0 => break,
                _ => data.extend(rest(dice, next, b"")),
            }
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

/// What such a step still takes behind what has begun.
fn rest(dice: &mut Dice<'_>, written: &Written, begun: &[u8]) -> Vec<u8> {
    let mut rest = Vec::new();
    let run = match written.what.sent() {
        Some(Value::Parts(run)) => run.clone(),
        Some(Value::Is(literal)) => {
            vec![Part { extent: Extent::Literal(literal.clone()), capture: None, test: None }]
        }
        _ => Vec::new(),
    };
    let Some(framing) = &written.framing else {
        if run.is_empty() {
            return word(dice);
        }
        extend(dice, &run, begun, &mut rest);
        return rest;
    };
    extend(dice, &run, b"", &mut rest);
    if run.is_empty() || dice.one_in(16) {
        rest = payload(dice);
    }
    let frame = framing.around(&rest);
    match frame.strip_prefix(begun) {
        Some(rest) => rest.to_vec(),
        None => {
            let is_whole = |more: &Vec<u8>| {
                !matches!(framing.decode(&[begun, &more[..]].concat()), Frame::Begun)
            };
            let more = |count| [&vec![b'a'; count][..], framing.delimiter()].concat();
            (1..8).map(more).find(is_whole).unwrap_or(frame)
        }
    }
}

/// Adds what is missing of these parts behind what has begun.
fn extend(dice: &mut Dice<'_>, run: &[Part], mut begun: &[u8], rest: &mut Vec<u8>) {
    for part in run {
        let bytes = match &part.extent {
            Extent::Literal(literal) => literal.clone(),
            Extent::Len(len) => (0..*len).map(|_| dice.pick(b"ab")).collect(),
            Extent::Until(delimiter) => [dice.pick(&NOISE), &delimiter[..]].concat(),
            Extent::ToPause | Extent::ToEnd => dice.pick(&NOISE).to_vec(),
        };
        let come = match super::parts::fit(std::slice::from_ref(part), begun) {
            super::parts::Fit::Whole(len) => len,
            _ => begun.len(),
        };
        let is_over = come < begun.len() || come == bytes.len() && come > 0;
        let is_until = matches!(part.extent, Extent::Until(_));
        if !is_over {
            rest.extend(&bytes[if is_until { 0 } else { come.min(bytes.len()) }..]);
        }
        begun = &begun[come..];
    }
}

fn task(dice: &mut Dice<'_>) -> Task {
    if dice.one_in(4) { Task::B } else { Task::A }
}
