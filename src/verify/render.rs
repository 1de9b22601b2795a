//! All text that people read: what was expected, what came, where, and what to do.
//!
//! It lays out data and judges nothing. Nothing in it depends on addresses, hashes, threads or
//! time.

use std::fmt::{self, Write as _};

use super::assertion::{Assertion, Failure, Reason};
use super::report::{FrameExtent, Line};
use super::{
    Argument, Blocked, Described, Details, Interaction, Outcome, Report, SessionLabel, Stage,
    StepLabel, Transcript, UnusedSession, UnusedStep, ViolationKind,
};
use super::{bytes, message};
use crate::protocol::Protocol;
use crate::script::{Wanted, WebSocket, common_prefix};

/// How many interactions a failure shows before what it is about.
const MOST_BEFORE: usize = 20;
/// How many steps that were left it shows of a session.
const MOST_LEFT: usize = 20;

/// The whole verdict.
pub(super) fn report(f: &mut fmt::Formatter<'_>, report: &Report) -> fmt::Result {
    let mut sections = Vec::new();
    if report.deadline {
        sections.push(
            "the test ran into the deadline of its verifier\n\n  \
             fix: see below for what it waited for; if it needs longer, give the verifier a later \
             one with `.deadline(..)`\n"
                .to_owned(),
        );
    }
    for (index, reported) in report.violations.iter().enumerate() {
        let violation = &*reported.violation.0;
        let mut text = format!("{}\n", headline(violation));
        body(&mut text, violation)?;
        if !reported.conversation.is_empty() {
            text.push_str("\n  the conversation so far\n");
            conversation(&mut text, &reported.conversation)?;
        }
        if report.refused_connects > 0 && matches!(violation.kind, ViolationKind::NoSession { .. })
        {
            let times = plural(report.refused_connects, "more connect was", "more connects were");
            writeln!(text, "\n  {times} refused after it")?;
        }
        match &violation.kind {
            ViolationKind::NoSession { held, .. } if index > 0 && held.is_empty() => {
                text.push_str(
                    "\n  fix: this may follow from the above: mend that first, before you queue a \
                     session for it\n",
                );
            }
            _ => fix(&mut text, violation)?,
        }
        sections.push(text);
    }
    if !report.unasserted.is_empty() {
        sections.push(unasserted(&report.unasserted)?);
    }
    if !report.unused.is_empty() {
        sections.push(unused(&report.unused)?);
    }
    f.write_str(sections.join("\n").trim_end())
}

/// One violation by itself, as a client sees it in its error.
pub(super) fn violation(f: &mut fmt::Formatter<'_>, violation: &Details) -> fmt::Result {
    let mut text = format!("{}\n", headline(violation));
    body(&mut text, violation)?;
    fix(&mut text, violation)?;
    f.write_str(text.trim_end())
}

/// A whole conversation, over all sessions.
pub(super) fn transcript(f: &mut fmt::Formatter<'_>, transcript: &Transcript) -> fmt::Result {
    let interactions = &transcript.interactions;
    let width = interactions.len().to_string().len();
    for (index, one) in interactions.iter().enumerate() {
        if index > 0 {
            f.write_char('\n')?;
        }
        let number = one.sequence + 1;
        write!(f, "{number:>width$}  {}  {}", session(&one.session), interaction(one))?;
    }
    Ok(())
}

/// One interaction on a line.
pub(super) fn interaction(one: &Interaction) -> String {
    let mut text = described(&one.operation);
    match one.outcome {
        Outcome::Complete => {}
        Outcome::Partial { amount, of } => {
            text.push_str("  <- ");
            text.push_str(&progress(amount, of));
        }
        Outcome::Raised(fault) => {
            text.push_str("  -> ");
            let _ = write!(text, "{fault}");
        }
    }
    text
}

/// An assertion that did not hold.
pub(super) fn failure(f: &mut fmt::Formatter<'_>, failure: &Failure) -> fmt::Result {
    let Failure { assertion, reason } = failure;
    let asserted = asserted(assertion);
    match reason {
        Reason::NothingHappened => write!(
            f,
            "the assertion is about something that did not happen\n\n  \
             asserted  {asserted}\n  \
             happened  nothing: no step has been used yet\n\n  \
             fix: assert after the client has run; if it has, see whether it uses this connector"
        ),
        Reason::NothingLeft => write!(
            f,
            "the assertion is about something that did not happen\n\n  \
             asserted  {asserted}\n  \
             happened  nothing more: everything before is asserted, or was passed over\n\n  \
             fix: take the assertion away, or put it where it belongs in the order"
        ),
        Reason::Wild(happened) => {
            write!(
                f,
                "the assertion says nothing: all of its arguments are `any()`\n\n  \
                 asserted  {asserted}\n"
            )?;
            match happened {
                Some(one) => write!(
                    f,
                    "  happened  {}\n\n  fix: assert what happened\n         {}",
                    interaction(one),
                    assertion_code(one)
                ),
                None => f.write_str("\n  fix: state at least one of them"),
            }
        }
        Reason::OtherOperation { happened, .. } => write!(
            f,
            "the assertion is about another operation than the one that happened\n\n  \
             asserted  {asserted}\n  \
             happened  {}\n\n  in {}\n\n  \
             fix: if the client is right, assert\n         {}",
            interaction(happened),
            place(&happened.session, Some(happened.step)),
            assertion_code(happened),
        ),
        Reason::OtherFields { happened, is_closest } => {
            let title = if *is_closest {
                "nothing that happened matches the assertion; this comes closest"
            } else {
                "the assertion does not match what happened"
            };
            write!(f, "{title}\n\n")?;
            f.write_str(&field_difference(assertion, happened))?;
            write!(
                f,
                "\n  in {}\n\n  fix: if the client is right, assert\n         {}",
                place(&happened.session, Some(happened.step)),
                assertion_code(happened),
            )
        }
    }
}

/// What a violation is, in a line.
fn headline(violation: &Details) -> &'static str {
    match &violation.kind {
        ViolationKind::VerifierGone => "the verifier is gone, and this transport outlived it",
        ViolationKind::InvalidState { .. } => {
            "the client did what the state of its connection does not allow"
        }
        ViolationKind::NoSession { others, .. } if !others.is_empty() => {
            match violation.got.as_ref().map(|got| &got.argument) {
                Some(Argument::Request(_)) => {
                    "the client connected, and no session is queued for that request"
                }
                _ => "the client connected, and no session is queued for that endpoint",
            }
        }
        ViolationKind::NoSession { .. } => "the client connected, and no session is queued",
        ViolationKind::NeverConnected => {
            "the client connected, and its script does not begin with a connect"
        }
        ViolationKind::ScriptExhausted => "the client went on where the script has ended",
        ViolationKind::OutOfOrder { .. } | ViolationKind::Mismatch { .. } => {
            "the client strayed from the script"
        }
        ViolationKind::Malformed { .. } => "the client sent what is no frame",
        ViolationKind::Breach { .. } => "the client did what RFC 6455 forbids",
        ViolationKind::EndIgnored { .. } => "the client ignores that its connection has ended",
        ViolationKind::Stalled { .. } => "the client waits for what will not come",
        ViolationKind::MatcherPanicked { .. } => "a matcher of the script panicked",
        ViolationKind::ReplyFailed { message: Some(_) } => "a reply of the script panicked",
        ViolationKind::ReplyFailed { message: None } => "a reply of the script is empty",
    }
}

/// Where it is, what was expected and what came.
fn body(text: &mut String, violation: &Details) -> fmt::Result {
    match (&violation.session, is_past_the_end(&violation.kind)) {
        (Some(label), true) => match violation.step {
            Some(step) => {
                writeln!(text, "\n  {}, behind {}", session(label), step_place(step))?;
            }
            None => writeln!(text, "\n  {}", place(label, None))?,
        },
        (Some(label), false) => writeln!(text, "\n  {}", place(label, violation.step))?,
        (None, _) => text.push('\n'),
    }
    match &violation.kind {
        ViolationKind::VerifierGone => writeln!(text, "    got       {}", violation.operation),
        ViolationKind::InvalidState { state, valid } => {
            let valid = if valid.is_empty() { "nothing".to_owned() } else { valid.join(", ") };
            writeln!(text, "    state     {state}")?;
            writeln!(text, "    valid     {valid}")?;
            got(text, violation)
        }
        ViolationKind::NoSession { held, others } => {
            got(text, violation)?;
            for other in others.iter().take(MOST_LEFT) {
                writeln!(text, "    queued    {}", described(other))?;
            }
            for at in held {
                writeln!(
                    text,
                    "    note      the builder made at {at} is still held: its script has not landed"
                )?;
            }
            Ok(())
        }
        ViolationKind::NeverConnected => got(text, violation),
        ViolationKind::ScriptExhausted => {
            writeln!(text, "    expected  nothing more")?;
            got(text, violation)
        }
        ViolationKind::OutOfOrder { begun } => {
            expected(text, violation, *begun)?;
            got(text, violation)
        }
        ViolationKind::Mismatch { at } => mismatch(text, violation, *at),
        ViolationKind::Breach { rule } => {
            writeln!(text, "    rule      {rule}")?;
            got(text, violation)
        }
        ViolationKind::Malformed { problem } => {
            expected(text, violation, None)?;
            got(text, violation)?;
            writeln!(text, "              {problem}")
        }
        ViolationKind::Stalled { blocked, begun, is_deadline, unflushed, .. } => {
            writeln!(text, "    the client waits in   {}", violation.operation)?;
            if *unflushed > 0 {
                writeln!(text, "    and has not flushed   {}", queued(*unflushed))?;
            }
            let wanted = violation.expected.as_ref().map(described).unwrap_or_default();
            match blocked {
                Blocked::NotHeard | Blocked::RunWithoutEnd | Blocked::RunToTheEnd => {
                    let begun = so_far(*begun);
                    writeln!(text, "    the script waits for  {wanted}{begun}")?;
                }
                Blocked::NotListened => {
                    writeln!(text, "    the script waits for  {wanted}  <- to be received first")?;
                }
                Blocked::PeerSilent => {
                    writeln!(
                        text,
                        "    the script waits for  nothing: the peer has said all it says"
                    )?;
                }
                Blocked::NothingMore => {
                    writeln!(
                        text,
                        "    the script waits for  nothing: it has ended, and nobody wrote more"
                    )?;
                }
                Blocked::Never => writeln!(text, "    the script has        {wanted}  <- never()")?,
                Blocked::Delayed => {
                    writeln!(text, "    the script has        {wanted}  <- after(..)")?;
                }
            }
            if *is_deadline {
                writeln!(text, "    it was ended by       the deadline of the verifier")?;
            }
            Ok(())
        }
        ViolationKind::EndIgnored { state, times } => {
            writeln!(text, "    state     {state}")?;
            writeln!(text, "    got       {}  <- {times} times in a row", violation.operation)
        }
        ViolationKind::MatcherPanicked { label, message } => {
            writeln!(text, "    matcher   {label}")?;
            writeln!(text, "    panicked  {}", message.replace('\n', "\n              "))
        }
        ViolationKind::ReplyFailed { message } => {
            expected(text, violation, None)?;
            match message {
                Some(message) => {
                    writeln!(text, "    panicked  {}", message.replace('\n', "\n              "))
                }
                None => writeln!(text, "    got       a reply of no bytes"),
            }
        }
    }
}

fn expected(text: &mut String, violation: &Details, begun: Option<usize>) -> fmt::Result {
    if let Some(expected) = &violation.expected {
        writeln!(text, "    expected  {}{}", described(expected), so_far(begun))?;
    }
    Ok(())
}

fn got(text: &mut String, violation: &Details) -> fmt::Result {
    if let Some(got) = &violation.got {
        writeln!(text, "    got       {}", described(got))?;
    }
    Ok(())
}

fn mismatch(text: &mut String, violation: &Details, at: usize) -> fmt::Result {
    let (Some(expected), Some(got)) = (&violation.expected, &violation.got) else {
        return Ok(());
    };
    let (before_expected, before_got) = ("    expected  ", "    got       ");
    if let (Argument::Parts(parts), Argument::Bytes(bytes)) = (&expected.argument, &got.argument) {
        writeln!(text, "{before_expected}{}", described(expected))?;
        let (_, shown, column) = bytes::difference(bytes, bytes, at.min(bytes.len()));
        writeln!(text, "{before_got}{}{shown}", name(got.name))?;
        let wanted = match parts.wants_after(&bytes[..at.min(bytes.len())]) {
            Wanted::Byte(byte) if bytes.get(at) != Some(&byte) => bytes::byte(byte),
            Wanted::End if at < bytes.len() => "the end".to_owned(),
            Wanted::Anything if at == bytes.len() => "more".to_owned(),
            Wanted::Byte(_) | Wanted::End | Wanted::Anything => {
                text.push_str("              the predicate says no\n");
                return Ok(());
            }
        };
        let column = before_got.len() + name(got.name).len() + column;
        let byte = byte_at(bytes, at);
        return writeln!(text, "{:column$}^ byte {at}: expected {wanted}, got {byte}", "");
    }
    text.push_str(&difference(before_expected, expected, before_got, got, Some(at)));
    if let (Argument::Request(expected), Argument::Request(got)) =
        (&expected.argument, &got.argument)
    {
        for line in message::request_differences(expected, got) {
            writeln!(text, "              {line}")?;
        }
    }
    if let Argument::Matching(_) = expected.argument {
        text.push_str("              the predicate says no\n");
    }
    Ok(())
}

fn byte_at(bytes: &[u8], at: usize) -> String {
    bytes.get(at).map_or_else(|| "the end".to_owned(), |byte| bytes::byte(*byte))
}

/// Two operations under one another, with the first byte marked in which they differ.
fn difference(
    before_expected: &str,
    expected: &Described,
    before_got: &str,
    got: &Described,
    at: Option<usize>,
) -> String {
    if let (Argument::Message(a), Argument::Message(b)) = (&expected.argument, &got.argument) {
        let at = at.unwrap_or_else(|| common_prefix(a.payload(), b.payload()));
        if let Some((shown_a, shown_b, column)) = message::difference(a, b, at) {
            let column = before_got.len() + name(got.name).len() + column;
            return format!(
                "{before_expected}{}{shown_a}\n{before_got}{}{shown_b}\n{:column$}^ byte {at}\n",
                name(expected.name),
                name(got.name),
                "",
            );
        }
    }
    let (Argument::Bytes(a), Argument::Bytes(b)) = (&expected.argument, &got.argument) else {
        return format!(
            "{before_expected}{}\n{before_got}{}\n",
            described(expected),
            described(got)
        );
    };
    let at = at.unwrap_or_else(|| common_prefix(a, b));
    let (shown_a, shown_b, column) = bytes::difference(a, b, at.min(b.len()));
    let column = before_got.len() + name(got.name).len() + column;
    format!(
        "{before_expected}{}{shown_a}\n{before_got}{}{shown_b}\n{:column$}^ byte {at}: expected {}, got {}\n",
        name(expected.name),
        name(got.name),
        "",
        byte_at(a, at),
        byte_at(b, at),
    )
}

fn conversation(text: &mut String, lines: &[Line]) -> fmt::Result {
    /// Where notes stand behind lines of a usual length.
    const NOTES: usize = 36;
    let numbered = lines.iter().filter(|line| !matches!(line, Line::NotReached(_))).count();
    let width = numbered.to_string().len();
    let shown = |line: &Line| match line {
        Line::Happened(one) => (interaction(one), ""),
        Line::Here(got) => (described(got), "<- here"),
        Line::NotReached(step) => (described(step), "not reached"),
    };
    let lengths = lines.iter().map(shown).filter(|(_, note)| !note.is_empty());
    let column = lengths.map(|(line, _)| line.len()).max().unwrap_or(0).min(NOTES);
    let not_reached = lines.len() - numbered;
    let skipped = numbered.saturating_sub(MOST_BEFORE);
    if skipped > 0 {
        writeln!(text, "    ... {} before", plural(skipped, "interaction", "interactions"))?;
    }
    let mut number = skipped;
    for line in lines.iter().skip(skipped).take(numbered.min(MOST_BEFORE) + MOST_LEFT) {
        let label = if let Line::NotReached(_) = line {
            "-".to_owned()
        } else {
            number += 1;
            number.to_string()
        };
        let (line, note) = shown(line);
        let line = format!("    {label:>width$}  {line:<column$}  {note}");
        writeln!(text, "{}", line.trim_end())?;
    }
    if not_reached > MOST_LEFT {
        let more = plural(not_reached - MOST_LEFT, "more step", "more steps");
        writeln!(text, "    ... {more} not reached")?;
    }
    Ok(())
}

/// What is connected, as its users call it.
fn transport(violation: &Details) -> &'static str {
    violation.session.as_ref().map_or("transport", |session| session.transport)
}

fn is_websocket(violation: &Details) -> bool {
    transport(violation) == WebSocket::NAME
}

/// Whether the client asked for what the peer says.
fn is_listening(violation: &Details) -> bool {
    violation.operation == "recv"
}

/// Whether the client ends what it sends where more of that is due: nothing can be sent behind it.
fn ends_sending(violation: &Details) -> bool {
    let is_end = violation.operation == if is_websocket(violation) { "close" } else { "shutdown" };
    is_end && violation.expected.as_ref().is_some_and(|due| due.name.starts_with("send"))
}

/// Whether a ping or pong came where another kind of message is due, or the other way round: that
/// is one message more, not another one.
fn is_unasked(violation: &Details) -> bool {
    let message = |of: &Option<Described>| match of.as_ref().map(|of| &of.argument) {
        Some(Argument::Message(message)) => Some(message::control_kind(message)),
        _ => None,
    };
    match (message(&violation.expected), message(&violation.got)) {
        (Some(expected), Some(got)) => expected != got,
        _ => false,
    }
}

/// Whether a frame was compared with the bytes of the one that the script has.
fn is_frame(violation: &Details) -> bool {
    violation.expected.as_ref().is_some_and(|expected| {
        expected.name == "send_frame" && matches!(expected.argument, Argument::Bytes(_))
    })
}

/// Whether it happened behind the last step.
fn is_past_the_end(kind: &ViolationKind) -> bool {
    matches!(
        kind,
        ViolationKind::ScriptExhausted
            | ViolationKind::EndIgnored { .. }
            | ViolationKind::Stalled { blocked: Blocked::PeerSilent | Blocked::NothingMore, .. }
    )
}

/// What to do about a violation.
fn fix(text: &mut String, violation: &Details) -> fmt::Result {
    let advice = match &violation.kind {
        ViolationKind::VerifierGone => {
            "let the verdict wait for the client: drop its transport, or end the task that uses \
             it, before `finish()`"
                .to_owned()
        }
        ViolationKind::InvalidState { .. } => format!(
            "do not let the client `{}` here; the script cannot allow it, because no real \
             transport does",
            violation.operation
        ),
        ViolationKind::NoSession { held, .. } if !held.is_empty() => {
            "end the statement that writes the script before the client connects".to_owned()
        }
        ViolationKind::NoSession { .. } => {
            let code = violation.got.as_ref().and_then(step_code).unwrap_or_default();
            format!(
                "if the client is right to connect here, queue a session for it\n         \
                 net.new_session(){code}"
            )
        }
        ViolationKind::NeverConnected => {
            let transport = transport(violation);
            format!(
                "begin the script with `.expect_connect(..)`; or, if the client gets its {transport} \
                 from somebody else, end it with `.into_{transport}()`"
            )
        }
        ViolationKind::ScriptExhausted => match violation.got.as_ref().and_then(step_code) {
            Some(code) => {
                format!("if the client is right, add to the end of the script\n         {code}")
            }
            None => "if the client is right, add a step for it to the end of the script".to_owned(),
        },
        ViolationKind::OutOfOrder { .. } if is_listening(violation) => {
            let end = if is_websocket(violation) { "either side closes" } else { "it shuts down" };
            format!(
                "the client can no longer send this: let it do so before {end}, or take the step away"
            )
        }
        ViolationKind::OutOfOrder { begun } if ends_sending(violation) => {
            let does = if is_websocket(violation) { "closes" } else { "shuts down" };
            let (what, how) = match begun {
                Some(_) => ("all of this", "state what it sends, and write instead of the rest"),
                None => ("this", "write instead of this step"),
            };
            let code = violation.got.as_ref().and_then(step_code).unwrap_or_default();
            format!(
                "the client {does} before it has sent {what}; if it is right, {how}, and of \
                 the sends behind it\n         {code}"
            )
        }
        ViolationKind::OutOfOrder { .. } => match violation.got.as_ref().and_then(step_code) {
            Some(code) => {
                format!("if the client is right, write before this step\n         {code}")
            }
            None => "if the client is right, write a step for it before this one".to_owned(),
        },
        ViolationKind::Mismatch { .. } if violation.step.is_some_and(|step| step.is_standing) => {
            if is_websocket(violation) {
                "if the client is right, change the message of the rule, or write a step for this one"
            } else {
                "if the client is right, change the bytes of the rule, or write a step for these"
            }
            .to_owned()
        }
        ViolationKind::Mismatch { .. } if is_frame(violation) => {
            "if the client is right, change the payload of the step; shown is the whole frame"
                .to_owned()
        }
        ViolationKind::Mismatch { .. } if is_unasked(violation) => {
            let code = violation.got.as_ref().and_then(step_code).unwrap_or_default();
            format!(
                "if the client is right, write before this step; or, if it comes unasked, allow it \
                 with `.allows_sent(..)`\n         {code}"
            )
        }
        ViolationKind::Mismatch { .. } => match violation.got.as_ref().and_then(step_code) {
            Some(code) => format!("if the client is right, write the step as\n         {code}"),
            None if is_websocket(violation) => {
                "if the client is right, change the message of the step".to_owned()
            }
            None => "if the client is right, change the bytes of the step".to_owned(),
        },
        ViolationKind::EndIgnored { .. } if is_websocket(violation) => {
            "let the client stop where the stream is at its end or a send fails".to_owned()
        }
        ViolationKind::EndIgnored { .. } => {
            "let the client stop where a read returns `Ok(0)` or an operation fails".to_owned()
        }
        ViolationKind::Breach { .. } => "let the client keep the rule; transports do not see to \
                                         it, and other servers may"
            .to_owned(),
        ViolationKind::Malformed { .. } => {
            "let the client frame what it sends as the script does; if it is right, change the \
             `.framed(..)` of the session, or its limit"
                .to_owned()
        }
        ViolationKind::Stalled { unflushed: 1.., .. } => FLUSH.to_owned(),
        ViolationKind::Stalled { blocked, is_deadline, possible, .. } => match blocked {
            Blocked::NotHeard if is_listening(violation) => {
                "the client has to send this before it listens; if it is right not to, take the \
                 step away or move it behind what the client receives"
                    .to_owned()
            }
            Blocked::NotHeard => {
                "the client has to send this first; if it is right not to, take the step away"
                    .to_owned()
            }
            Blocked::RunWithoutEnd => {
                "flush after the last write, or give the run an end by stating its bytes".to_owned()
            }
            Blocked::RunToTheEnd => {
                "shut the socket down after the last write, or give the run an end of its own"
                    .to_owned()
            }
            Blocked::NotListened => {
                "the client has to receive this before it goes on; if it need not, take \
                 `.lockstep()` away"
                    .to_owned()
            }
            Blocked::NothingMore => {
                "if the client is right, write more of the session with `.then(..)`".to_owned()
            }
            Blocked::PeerSilent if !is_deadline => silence(possible),
            Blocked::PeerSilent | Blocked::Never | Blocked::Delayed => {
                "let the client give up by a timer of its own; or, if it needs longer, give the \
                 verifier a later `.deadline(..)`"
                    .to_owned()
            }
        },
        ViolationKind::MatcherPanicked { .. } => {
            "let the matcher return `false` for what it does not want".to_owned()
        }
        ViolationKind::ReplyFailed { .. } if is_websocket(violation) => {
            "let the reply be made of what was sent before it, and be a message that a peer can say"
                .to_owned()
        }
        ViolationKind::ReplyFailed { .. } => "let the reply be made of what was sent before it, \
                                              and have at least one byte; if the peer closes its \
                                              direction, write `.expect_eof()`"
            .to_owned(),
    };
    writeln!(text, "\n  fix: {advice}")
}

/// What the script may say of a peer that it leaves silent, where this is possible.
fn silence(possible: &[&str]) -> String {
    let is_possible = |name| possible.contains(&name);
    if is_possible("recv_close") && !is_possible("close") {
        return "say how the peer answers the close, and that the connection ends\n         \
                .expect_recv_close(1000, \"\").expect_eof()"
            .to_owned();
    }
    if is_possible("eof") && !is_possible("recv") {
        return "say that the connection ends, as the peer has closed\n         .expect_eof()"
            .to_owned();
    }
    let ends = if is_possible("drop") { "ends the connection" } else { "closes its direction" };
    let steps = [
        ("recv", "expect_recv(..)", "answers"),
        ("recv_close", "expect_recv_close(..)", "closes"),
        ("eof", "expect_eof()", ends),
    ];
    let mut text = "say what the peer does next: ".to_owned();
    for (_, step, does) in steps.into_iter().filter(|(name, ..)| is_possible(name)) {
        let _ = write!(text, "`.{step}` if it {does}, ");
    }
    text + "`.stays_open()` if it stays silent"
}

fn unasserted(interactions: &[Interaction]) -> Result<String, fmt::Error> {
    let mut text = "not asserted: the script leaves open what happened here\n\n".to_owned();
    for one in interactions {
        writeln!(text, "  {}  in {}", interaction(one), place(&one.session, Some(one.step)))?;
    }
    text.push_str("\n  fix: state it in the script, or assert it afterwards\n");
    for one in interactions {
        writeln!(text, "         {}", assertion_code(one))?;
    }
    Ok(text)
}

fn unused(sessions: &[UnusedSession]) -> Result<String, fmt::Error> {
    let mut text = "not used: the script requires what did not happen\n".to_owned();
    for unused in sessions {
        writeln!(text, "\n  {}, {}", session(&unused.session), stage(unused))?;
        if unused.stage == Stage::Held {
            writeln!(text, "    made at {}", unused.session.at)?;
        }
        for one in unused.steps.iter().take(MOST_LEFT) {
            writeln!(text, "    {}", unused_step(one, unused))?;
        }
        if unused.steps.len() > MOST_LEFT {
            writeln!(
                text,
                "    ... {}",
                plural(unused.steps.len() - MOST_LEFT, "more step", "more steps")
            )?;
        }
        if unused.unflushed > 0 {
            writeln!(text, "    the client never flushed {}", queued(unused.unflushed))?;
        }
    }
    text.push_str("\n  fix: ");
    if sessions.iter().any(|unused| unused.unflushed > 0) {
        writeln!(text, "{FLUSH}")?;
        return Ok(text);
    }
    let is_unreachable =
        |unused: &&UnusedSession| unused.stage == Stage::Queued && !unused.begins_with_connect;
    let unreachable = sessions.iter().find(is_unreachable);
    if let Some(SessionLabel { transport, .. }) = unreachable.map(|unused| &unused.session) {
        let are_all = sessions.iter().all(|unused| is_unreachable(&unused));
        let begin = if are_all { "begin the script" } else { "begin a script that has no connect" };
        writeln!(text, "{begin} with `.expect_connect(..)`; or end it with `.into_{transport}()`")?;
        if are_all {
            return Ok(text);
        }
        text.push_str("       ");
    }
    text.push_str(if sessions.iter().all(|unused| unused.stage == Stage::Held) {
        "end the statement that writes the script, or drop its builder, before the verdict\n"
    } else {
        "let the client do it; if it is right not to, take the step away, or write `.optional()` \
         behind it\n"
    });
    Ok(text)
}

/// What a client does about messages that it has queued.
const FLUSH: &str = "flush what is queued: `send` does, `feed` and `start_send` do not";

fn queued(count: usize) -> String {
    plural(count, "message that it queued", "messages that it queued")
}

fn unused_step(unused: &UnusedStep, of: &UnusedSession) -> String {
    let (stage, transport) = (of.stage, of.session.transport);
    let StepLabel { number, of, at, is_standing, .. } = unused.step;
    let place = if is_standing { "a rule".to_owned() } else { format!("step {number} of {of}") };
    let mut text = format!("{place}  {}", described(&unused.operation));
    if unused.times > 0 || unused.least > 1 {
        let _ = write!(text, "  <- {} of {}", unused.times, plural(unused.least, "time", "times"));
    }
    match unused.amount {
        Some(amount) => {
            let _ = write!(text, "  <- {}", progress(amount, unused.of));
            if unused.is_said {
                text.push_str(": the client has not received the rest");
            } else if let Some(FrameExtent { header }) = unused.frame {
                text.push_str(match header {
                    Some((header, _)) if amount < header => ": its header is truncated",
                    Some((header, payload)) if amount < header + payload => {
                        ": its payload is truncated"
                    }
                    _ => ": the frame is truncated",
                });
            } else if unused.of.is_none() {
                text.push_str(": flush, or give the run an end");
            }
        }
        None if unused.is_farewell && stage == Stage::Open => {
            let _ =
                write!(text, "  <- the {transport} is still alive: drop it, or await `finish()`");
        }
        None => {}
    }
    let _ = write!(text, "  written at {at}");
    text
}

fn stage(unused: &UnusedSession) -> String {
    let transport = unused.session.transport;
    match unused.stage {
        Stage::Held => "whose builder is still held, so that its script has not landed",
        Stage::Queued => "to which no client connected",
        Stage::Taken => "which a client took by `connect()` and has not awaited yet",
        Stage::NeverAwaited => "which a client took by `connect()` and never awaited",
        Stage::Connecting => "to which a client is still connecting",
        Stage::Abandoned => "to which a client gave up connecting",
        Stage::Open => return format!("whose {transport} is still open"),
        Stage::Failed => "whose connect failed",
        Stage::Closed => return format!("whose {transport} was dropped"),
    }
    .to_owned()
}

/// "session #1 `control`, step 2 of 4, written at tests/echo.rs:14:10"
fn place(label: &SessionLabel, step: Option<StepLabel>) -> String {
    match step {
        Some(step) => format!("{}, {}", session(label), step_place(step)),
        None => format!("{}, begun at {}", session(label), label.at),
    }
}

fn step_place(StepLabel { number, of, at, is_standing, .. }: StepLabel) -> String {
    if is_standing {
        return format!("a rule written at {at}");
    }
    format!("step {number} of {of}, written at {at}")
}

fn session(label: &SessionLabel) -> String {
    match &label.name {
        Some(name) => format!("session #{} `{name}`", label.number()),
        None => format!("session #{}", label.number()),
    }
}

/// "send_all  b\"PING\""
fn described(described: &Described) -> String {
    let text = format!("{}{}", name(described.name), argument(&described.argument));
    text.trim_end().to_owned()
}

fn name(name: &str) -> String {
    format!("{name:<9} ")
}

fn argument(argument: &Argument) -> String {
    match argument {
        Argument::None => String::new(),
        Argument::Endpoint(endpoint) => on_one_line(&endpoint.to_string()),
        Argument::Request(request) => on_one_line(&message::request(request)),
        Argument::Message(message) => message::shown(message),
        Argument::Close(close) => message::close(close.as_ref()),
        Argument::Bytes(bytes) => bytes::shown(bytes),
        Argument::Error(fault) => fault.to_string(),
        Argument::Any => "any()".to_owned(),
        Argument::Matching(label) => format!("matching({label:?})"),
        Argument::Parts(parts) => format!("{parts:?}"),
        Argument::Reply => "replies_with(..)".to_owned(),
    }
}

/// `text` without what would break the line: a path may hold anything but a NUL.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// An argument as it is written in Rust, if it is not too long for that.
fn code(argument: &Argument) -> Option<String> {
    Some(match argument {
        Argument::None => String::new(),
        Argument::Endpoint(endpoint) => format!("{:?}", endpoint.to_string()),
        Argument::Request(request) => message::request_code(request),
        Argument::Message(message) => message::code(message)?,
        Argument::Close(close) => message::close_code(close.as_ref()),
        Argument::Bytes(bytes) => bytes::code(bytes)?,
        Argument::Error(fault) => fault.code(),
        Argument::Any => "any()".to_owned(),
        Argument::Matching(_) | Argument::Parts(_) | Argument::Reply => return None,
    })
}

/// ".expect_send_all(b\"PING\")", of what a client did.
fn step_code(described: &Described) -> Option<String> {
    let modifiers = match &described.argument {
        Argument::Request(request) => message::request_modifiers(request),
        _ => String::new(),
    };
    Some(format!(".expect_{}({}){modifiers}", described.name, code(&described.argument)?))
}

fn assertion_code(one: &Interaction) -> String {
    let raised = match one.outcome {
        Outcome::Raised(fault) => format!(".raised({})", fault.code()),
        Outcome::Complete | Outcome::Partial { .. } => String::new(),
    };
    let size = match (one.operation.name, one.size) {
        ("recv", Some(size)) => format!("{size}, "),
        _ => String::new(),
    };
    let argument = match &one.operation.argument {
        Argument::Request(request) => message::request_value(request),
        argument => code(argument).unwrap_or_else(|| "..".to_owned()),
    };
    format!("net{raised}.assert_{}({size}{argument});", one.operation.name)
}

fn asserted(assertion: &Assertion) -> String {
    let mut text = described(&assertion.described());
    if let Some(size) = assertion.size_text() {
        let _ = write!(text, "  in a buffer of {size}");
    }
    if let Some(fault) = assertion.raised {
        let _ = write!(text, "  -> {fault}");
    }
    text
}

fn field_difference(assertion: &Assertion, happened: &Interaction) -> String {
    let wanted = assertion.described();
    let mut text = String::new();
    if wanted.argument == happened.operation.argument || assertion.argument_is_met(happened) {
        let _ = writeln!(text, "  asserted  {}", asserted(assertion));
        let _ = writeln!(text, "  happened  {}", interaction(happened));
    } else {
        text = difference("  asserted  ", &wanted, "  happened  ", &happened.operation, None);
    }
    if let (Some(size), false) = (assertion.size_text(), assertion.size_is_met(happened)) {
        let got = happened.size.map_or_else(|| "none".to_owned(), |size| size.to_string());
        let _ = writeln!(text, "  buffer    expected {size}, got {got}");
    }
    if !assertion.outcome_is_met(happened) {
        let wanted =
            assertion.raised.map_or_else(|| "no error".to_owned(), |fault| fault.to_string());
        let got = match happened.outcome {
            Outcome::Complete => "no error".to_owned(),
            Outcome::Raised(fault) => fault.to_string(),
            Outcome::Partial { amount, of } => progress(amount, of),
        };
        let _ = writeln!(text, "  outcome   expected {wanted}, got {got}");
    }
    text
}

/// How much had come of a step that had begun.
fn so_far(begun: Option<usize>) -> String {
    begun.map(|amount| format!("  <- {}", progress(amount, None))).unwrap_or_default()
}

fn progress(amount: usize, of: Option<usize>) -> String {
    match of {
        Some(of) => format!("{amount} of {}", plural(of, "byte", "bytes")),
        None => format!("{} so far", plural(amount, "byte", "bytes")),
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("{count} {one}") } else { format!("{count} {many}") }
}
