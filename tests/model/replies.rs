//! What replies are made of, and what a reply comes to.

use std::io::ErrorKind;

use super::facts::{Fact, Heard};
use super::frames::Frame;
use super::model::Model;
use super::parts;
use super::script::{Ingredient, Value};
use super::text::{Answer, Violation};

/// What a client has sent, as far as a reply may be made of it.
#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    /// The last ones, in the order in which the names came.
    captures: Vec<(&'static str, Vec<u8>)>,
}

impl Model {
    /// What the step says; or, where it fails, the words of its panic, if it was one.
    pub(super) fn reply(
        &self,
        step: usize,
        reply: &[Ingredient],
    ) -> Result<Vec<u8>, Option<String>> {
        let sent = self.sent_before(step);
        let mut made = Vec::new();
        for ingredient in reply {
            match ingredient {
                Ingredient::Literal(literal) => made.extend(*literal),
                Ingredient::Bytes => made.extend(&sent.bytes),
                Ingredient::Capture(name) => {
                    match sent.captures.iter().find(|(known, _)| known == name) {
                        Some((_, bytes)) => made.extend(bytes),
                        None => {
                            let names: Vec<_> =
                                sent.captures.iter().map(|(name, _)| name).collect();
                            return Err(Some(format!(
                                "nothing was captured as `{name}`; what was captured so far: \
                                 {names:?}"
                            )));
                        }
                    }
                }
            }
        }
        if made.is_empty() { Err(None) } else { Ok(made) }
    }

    /// What the peer had heard when it came to say the step. A step answers the steps before it,
    /// however far the client has gone on; a rule answers what it heard, and what came before.
    fn sent_before(&self, step: usize) -> Sent {
        let answers = self.all_owed().first().map(|(_, place)| *place);
        let answers = answers.filter(|_| self.is_standing(step));
        let mut sent = Sent::default();
        for (place, fact) in self.facts.iter().enumerate() {
            let Fact::Heard { step: Some(heard), heard: Heard::Bytes { data, .. } } = fact else {
                continue;
            };
            let is_rule = self.is_standing(*heard);
            if !is_rule && answers.is_none() && *heard > step {
                break;
            }
            // What a rule captured is for its own reply.
            if is_rule && answers != Some(place) {
                continue;
            }
            let written = &self.steps[*heard];
            let payload = match written.framing.as_ref().map(|framing| framing.decode(data)) {
                Some(Frame::Whole(_, payload)) => payload,
                _ => data.clone(),
            };
            if let Some(Value::Parts(run)) = written.what.sent() {
                for (part, bytes) in parts::split(run, &payload).unwrap_or_default() {
                    let Some(name) = part.capture else { continue };
                    match sent.captures.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => *known = bytes.to_vec(),
                        None => sent.captures.push((name, bytes.to_vec())),
                    }
                }
            }
            sent.bytes = payload;
            if answers == Some(place) {
                break;
            }
        }
        sent
    }

    pub(super) fn reply_failed(&mut self, step: usize, message: Option<String>) -> Answer {
        self.violate(Violation {
            kind: format!("ReplyFailed {message:?}"),
            step: Some(self.numbers(step)),
            operation: "recv".to_owned(),
            expected: Some(self.steps[step].describe()),
            got: None,
            error: Some(ErrorKind::Other),
        })
    }
}
