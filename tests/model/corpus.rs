//! The corpus of the fuzzer: for everything that a case should come to, the smallest that does.

use std::fs;
use std::path::PathBuf;

use crate::reference::{check, random};
use crate::shrink;

/// What the corpus has: a name, and the parts of a case and of what is told of it that make it so.
const WANTED: &[(&str, &[&str])] = &[
    ("connect", &["connect(\"peer:1\")): done"]),
    ("connect-any", &["expect_connect(any())", "): done", "unasserted: 0: step 1 of"]),
    ("connect-never", &["expect_connect", ".never()", "): pending"]),
    ("connect-raises", &[".raises(", "poll(net.connect(\"peer:1\")): fault"]),
    ("connect-again", &["refused connects: 1"]),
    ("connect-unscripted", &["NeverConnected"]),
    ("connect-abandoned", &["unused, Abandoned"]),
    ("connect-never-awaited", &["unused, NeverAwaited"]),
    ("send-accepts", &[".accepts(", "poll_write(A, b\"help\"): wrote 2"]),
    ("send-raises", &["expect_send(", "poll_write(", ": fault TimedOut"]),
    ("send-matching", &["expect_send(matching", "complete, stated true"]),
    ("send-short", &["poll_write(A, b\"abab\"): wrote 2"]),
    ("send-vectored", &["poll_write_vectored(", ": wrote"]),
    ("send-of-two-candidates", &["OutOfOrder, begun Some", "poll_write"]),
    ("run-in-pieces", &["expect_send_all(b\"hello\")", ": wrote 3", ": wrote 2", "complete"]),
    ("run-begun", &["unused, Closed", "Some(2) of Some(5) bytes"]),
    ("run-without-an-end", &["expect_send_all(any())", "poll_flush(A): done", "unasserted"]),
    ("run-that-raises", &["expect_send_all(any()).raises(", "poll_flush(A): fault"]),
    ("run-turned-to-reading", &["expect_send_all(any())", "poll_read(A", "received b\"ab\""]),
    ("run-of-another-task", &["Stalled by RunWithoutEnd"]),
    ("run-matching", &["expect_send_all(matching", "Mismatch at 0 in send_all"]),
    ("times", &[".times(2)", "0: step 1 of 2", "1: step 1 of 2", "2: step 2 of 2"]),
    ("times-without-end", &[".expect_recv(", "..)", ".expect_send", "1: step 1", "2: step 2"]),
    ("optional-left-out", &[".optional()", "0: step 2 of 2", "complete"]),
    ("recv-in-pieces", &["received b\"he\"", "received b\"l\""]),
    ("recv-in-chunks", &[".in_chunks(", "received b\"h\"", "received b\"elp\""]),
    ("recv-bytewise", &["Chunks::Bytewise", "received b\"b\"", "complete"]),
    ("recv-after", &[".after(Duration::ZERO)", "received b\"ab\""]),
    ("recv-never", &["expect_recv", ".never()", "pending"]),
    ("recv-half", &["0: step 1 of 1, recv b\"hello\"", "unused, Closed"]),
    ("recv-error", &["poll_read(A", ": fault TimedOut"]),
    ("reset-of-a-read", &["expect_reset()", "poll_read(A", ": fault ConnectionReset"]),
    ("reset-of-a-write", &["expect_reset()", "poll_write(A", ": fault ConnectionReset"]),
    ("reset-and-after", &[": fault ConnectionReset", ": fault BrokenPipe", "received b\"\""]),
    ("eof", &["expect_eof()", "received b\"\"", "eof, size"]),
    ("shutdown", &["expect_shutdown()", "poll_close(A): done", "recv", "received b\"ab\""]),
    ("shutdown-unmentioned", &["poll_close(A): done", "step 1 of 1, close"]),
    ("shutdown-early", &["OutOfOrder, begun None in shutdown"]),
    ("write-after-shutdown", &["InvalidState ShutDown"]),
    ("write-after-eof", &["ScriptExhausted", "as BrokenPipe"]),
    ("close", &["expect_close()", "drop(socket): done", "close, size None, complete"]),
    ("mismatch", &["Mismatch at 1 in send_all"]),
    ("mismatch-own-write", &["Mismatch at 2 in send,"]),
    ("exhausted", &["ScriptExhausted"]),
    ("matcher-panicked", &["MatcherPanicked"]),
    ("lockstep", &[".lockstep()", "poll_write", ": pending", ": wrote"]),
    ("stalled-not-heard", &["Stalled by NotHeard"]),
    ("stalled-not-listened", &["Stalled by NotListened"]),
    ("stalled-silent", &["Stalled by PeerSilent"]),
    ("stalled-nothing-more", &["Stalled by NothingMore"]),
    ("stays-open", &["Duration::ZERO)", ".stays_open()", "poll_read(A", ": pending"]),
    ("then", &["session.then(|script| script\n", ": done", "2: step 3 of 3"]),
    ("then-for-who-waits", &[".open_ended()", "poll_write", ": pending", ": wrote"]),
    ("then-refused", &[": impossible", "session.then(|script| script\n"]),
    ("verdict-between", &["verifier.try_verify(): done", "of Some(4) bytes", "complete"]),
    ("explicit", &[".explicit()", "unasserted: 0: step 1 of 1, recv"]),
    ("parts", &["expect_send_all((b\"", "any().len(", ": wrote", "complete, stated false"]),
    ("parts-captured", &["until(", ".capture(\"x\")", "complete, stated true"]),
    ("parts-in-pieces", &["until(b\"abab\")", ": wrote 1", "complete"]),
    ("parts-of-a-write", &["expect_send((b\"", "Mismatch at 3 in send,"]),
    ("parts-judged", &["until(", ".matching(\"an even length\"", "Mismatch at 0 in send_all"]),
    ("parts-to-the-end", &["to_end()", "poll_close(A): done", "0: step 1 of 1, send_all"]),
    ("parts-to-a-pause", &[", any()))", "poll_flush(A): done", "0: step 1 of 1, send_all"]),
    ("parts-that-stall", &["Stalled by RunToTheEnd"]),
    ("parts-refused", &["to_end()", "refused at (1, 0)"]),
    ("reply", &["|sent| [sent.bytes()]", "0: step 1 of 2, send", "1: step 2 of 2, recv b\""]),
    ("reply-of-a-capture", &["sent.capture(\"x\")", "step 2 of 2, recv b\"", "complete"]),
    ("reply-in-chunks", &["replies_with(", ".in_chunks(1)", "bytes", "recv b\"", "complete"]),
    ("reply-that-panics", &["ReplyFailed Some("]),
    ("reply-of-nothing", &["ReplyFailed None"]),
    ("rule", &["a rule behind step 0 of 0, send_all", "a rule behind step 0 of 0, recv"]),
    ("rule-among-steps", &["a rule behind step 1 of 2, send_all", "1: step 2 of 2, send"]),
    ("rule-half-heard", &["unused, Closed: a rule behind"]),
    ("rule-in-a-write", &["poll_write(A, b\"helppq", "a rule behind", "complete"]),
    ("rule-after", &[".replies(", ".after(Duration::ZERO)", "a rule behind step 1 of 1, recv"]),
    ("rule-of-a-capture", &["whenever_sent((", "sent.capture(", "a rule behind step 0 of 1, recv"]),
    ("rule-under-lockstep", &[".lockstep()", ": pending", "a rule behind", "complete"]),
    ("rule-refused", &["_sent(", "refused at (1, 0)"]),
    ("frame", &["expect_send_frame(b\"ab\")", "send_frame b\"ab\"", "complete"]),
    ("frame-said", &["expect_recv_frame(", "recv_frame b\"", "complete"]),
    ("frame-of-any", &["expect_send_frame(any())", "send_frame b\"", "unasserted"]),
    ("frame-of-parts", &["expect_send_frame((", "complete, stated true"]),
    ("frame-half", &["expect_send_frame(any())", "unused, Closed", "Some(1) of None"]),
    ("frame-in-pieces", &["expect_send_frame(", "wrote 1", "send_frame b\"ab\"", "complete"]),
    ("frames", &["expect_send_frame(", ".times(", "0: step 1 of 1", "1: step 1 of 1"]),
    ("frame-over-the-limit", &["Malformed, a payload of"]),
    ("frame-of-no-length", &["Malformed, a varint"]),
    ("frame-mismatch", &["Mismatch at 0 in send_frame"]),
    ("frame-refused", &["expect_send_frame(", "refused at (0, 0)"]),
    ("error-again", &["expect_recv_error(", ").times(2)", ": fault", "recv_error", "1: step 1 of"]),
    ("refused", &["refused at (1, 0)"]),
    ("refused-modifier", &["refused at (1, 1)"]),
];

/// How many random cases are looked at for each.
const TRIES: u64 = 400_000;

pub(crate) fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fuzz", "corpus", "scripts"].iter().collect()
}

/// What the corpus should have and `seeds` do not.
pub(crate) fn missing(seeds: &[Vec<u8>]) -> Vec<&'static str> {
    let texts: Vec<_> = seeds.iter().map(|seed| text(seed)).collect();
    let is_missing = |wanted: &&(&str, &[&str])| !texts.iter().any(|text| has(text, wanted.1));
    WANTED.iter().filter(is_missing).map(|wanted| wanted.0).collect()
}

/// Writes the corpus anew, from the cases that `random` gives. Needed where bytes mean something
/// else than before: `WIRESCRIPT_CORPUS=write cargo test --release --test model corpus`.
pub(crate) fn write(random: impl Fn(u64) -> Vec<u8>) {
    let folder = folder();
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut written: Vec<Vec<u8>> = Vec::new();
    let mut found: Vec<Option<Vec<u8>>> = vec![None; WANTED.len()];
    for case in 0..TRIES {
        let bytes = random(case);
        let text = text(&bytes);
        for (found, wanted) in found.iter_mut().zip(WANTED) {
            if found.is_none() && has(&text, wanted.1) {
                *found = Some(bytes.clone());
            }
        }
    }
    let is_missing = |(found, _): &(&Option<Vec<u8>>, &(&'static str, &[&str]))| found.is_none();
    let missing: Vec<_> = found.iter().zip(WANTED).filter(is_missing).map(|(_, w)| w.0).collect();
    assert_eq!(missing, <[&str; 0]>::default(), "no random case is any of these");
    for (bytes, (name, parts)) in found.into_iter().flatten().zip(WANTED) {
        let small = shrink::shrink(&bytes, |bytes| has(&text(bytes), parts));
        if !written.contains(&small) {
            fs::write(folder.join(name), &small).unwrap();
            written.push(small);
        }
    }
}

/// The case and all that is told of it.
fn text(bytes: &[u8]) -> String {
    match check(bytes) {
        Ok(agreement) => format!("{}{}\n", random::case(bytes), agreement.told.join("\n")),
        Err(difference) => difference.to_string(),
    }
}

fn has(text: &str, parts: &[&str]) -> bool {
    parts.iter().all(|part| text.contains(part))
}
